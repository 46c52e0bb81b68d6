// Package scanner holds what the gate does with a real clamd behind a real Traefik: with its verdicts, and when it dies.
package scanner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	traefik *harness.Traefik
	daemon  *clamd
	stacks  = map[string]*harness.Upstream{}
	events  string
)

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node", "clamav"); err != nil {
			return err
		}
		for _, stack := range harness.Stacks {
			if stacks[stack], err = harness.SharedUpstream(stack); err != nil {
				return err
			}
		}
		if traefik, err = harness.SharedTraefik(harness.Options{}); err != nil {
			return err
		}
		// Traefik's folder is cleaned away at the end, and with it what the scanner and the gate write.
		events = filepath.Join(traefik.Folder, "audit.log")
		if daemon, err = newClamd(traefik.Folder); err != nil {
			return err
		}
		return traefik.Reload(dynamic())
	})
}

// host chooses a gate, by what it does when there is no verdict, and the stack behind it.
func host(onError, stack string) string { return onError + "." + stack + ".example" }

func dynamic() map[string]any {
	routers, middlewares, services := map[string]any{}, map[string]any{}, map[string]any{}
	for _, onError := range []string{"refuse", "allow"} {
		middlewares[onError] = harness.Middleware(harness.Policy(map[string]any{
			"scan":  map[string]any{"clamd": daemon.url(), "onError": onError},
			"audit": map[string]any{"output": events},
		}))
		for stack, upstream := range stacks {
			services[stack] = harness.Service(upstream.URL())
			routers[onError+"-"+stack] = map[string]any{
				"rule": fmt.Sprintf("Host(`%s`)", host(onError, stack)), "service": stack,
				"entryPoints": []string{"web"}, "middlewares": []string{onError},
			}
		}
	}
	return map[string]any{"http": map[string]any{"routers": routers, "middlewares": middlewares, "services": services}}
}

func send(t testing.TB, host, caseID string, file harness.File) *harness.Answer {
	t.Helper()
	request := harness.Upload(t, traefik.Addr, harness.CasePath(caseID), harness.Token(nil), bytes.NewReader(harness.Form(file, "")))
	request.Host = host
	answer, err := harness.Do(request)
	if err != nil {
		t.Error(err)
		return &harness.Answer{}
	}
	return answer
}

func text(content []byte) harness.File {
	return harness.File{Name: "notes.txt", Type: "text/plain", Bytes: content}
}

var clean = text([]byte("nothing to see\n"))

// infected are files that clamd finds its signature in.
func infected() map[string]harness.File {
	return map[string]harness.File{
		"in a text":          text(eicar()),
		"at the end of 2 MB": text(append(bytes.Repeat([]byte("a line of a log\n"), 1<<17), eicar()...)),
		"in a ZIP":           {Name: "bundle.zip", Type: "application/zip", Bytes: harness.Zip(map[string][]byte{"notes.txt": eicar()})},
		"in a gzip stream":   {Name: "notes.txt.gz", Type: "application/gzip", Bytes: harness.Gzip(eicar())},
	}
}

func TestVerdicts(t *testing.T) {
	daemon.start(t)
	t.Cleanup(daemon.kill)
	for stack, upstream := range stacks {
		for _, onError := range []string{"refuse", "allow"} {
			t.Run(stack+" "+onError, func(t *testing.T) {
				upstream.Reset(t)
				if answer := send(t, host(onError, stack), "9", clean); answer.Status != http.StatusOK {
					t.Fatalf("a clean file: status %d: %s", answer.Status, answer.Body)
				}
				harness.CheckStored(t, upstream.Posts(t), "notes", clean)
				for name, file := range infected() {
					t.Run(name, func(t *testing.T) {
						upstream.Reset(t)
						caseID := fmt.Sprintf("found-%s-%s-%d", stack, onError, len(file.Bytes))
						answer := send(t, host(onError, stack), caseID, file)
						harness.CheckRefused(t, answer, "malware_found")
						if answer.Status != http.StatusUnprocessableEntity {
							t.Errorf("status %d", answer.Status)
						}
						if posts := upstream.Posts(t); len(posts) != 0 {
							t.Errorf("the upstream saw %+v", posts)
						}
						checkSecret(t, answer, caseID)
					})
				}
			})
		}
	}
}

// checkSecret wants the signature's name in the audit event, and nowhere in the answer: an attacker should not learn which
// one to avoid.
func checkSecret(t *testing.T, answer *harness.Answer, caseID string) {
	t.Helper()
	whole := fmt.Sprintf("%s %v", answer.Body, answer.Header)
	if strings.Contains(strings.ToLower(whole), "signature") || strings.Contains(whole, "Casegate.Test") {
		t.Errorf("the answer tells what was found: %s", whole)
	}
	var found event
	harness.Eventually(t, "the audit event is written", func() bool {
		var written bool
		found, written = eventOf(caseID)
		return written
	})
	if found.Rule.Name != "malware_found" || found.Event.Outcome != "failure" || !strings.Contains(found.Casegate.Detail, signature) {
		t.Errorf("the audit event says %+v", found)
	}
}

// event is what these tests read of an audit event.
type event struct {
	Event    struct{ Outcome string }
	Rule     struct{ Name string }
	Casegate struct{ Detail string }
	Kibana   struct {
		Object struct{ ID string } `json:"saved_object"`
	}
}

// eventOf finds the event of an upload to a case.
func eventOf(caseID string) (found event, written bool) {
	log, err := os.ReadFile(events)
	if err != nil {
		return found, false
	}
	for _, line := range strings.Split(string(log), "\n") {
		var one event
		if json.Unmarshal([]byte(line), &one) == nil && one.Kibana.Object.ID == caseID {
			return one, true
		}
	}
	return found, false
}

// counts are how often a file was answered with what: a refusal's code, or a status.
type counts struct {
	mutex   sync.Mutex
	answers map[string]int
}

func (c *counts) add(answer *harness.Answer) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	name := answer.Code()
	if name == "" {
		name = fmt.Sprint(answer.Status)
	}
	c.answers[name]++
}

func (c *counts) of(name string) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.answers[name]
}

// uploading sends a file again and again until the test says stop.
func uploading(t *testing.T, group *sync.WaitGroup, stop chan struct{}, host string, file harness.File) *counts {
	seen := &counts{answers: map[string]int{}}
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			seen.add(send(t, host, "9", file))
		}
	})
	return seen
}

// more waits until an answer has come some times more.
func more(t *testing.T, what string, seen *counts, name string) {
	t.Helper()
	before := seen.of(name)
	harness.Eventually(t, what, func() bool { return seen.of(name) >= before+3 })
}

// The scanner is killed and started again twice while uploads go on; Traefik runs all the time.
func TestScannerDiesAndComesBack(t *testing.T) {
	for stack, upstream := range stacks {
		t.Run(stack, func(t *testing.T) {
			upstream.Reset(t)
			daemon.start(t)
			t.Cleanup(daemon.kill)
			var group sync.WaitGroup
			stop := make(chan struct{})
			// Large enough to be under way when the scanner dies.
			large := text(bytes.Repeat([]byte("a line of a log\n"), 1<<17))
			strict := uploading(t, &group, stop, host("refuse", stack), large)
			lenient := uploading(t, &group, stop, host("allow", stack), clean)
			virus := uploading(t, &group, stop, host("refuse", stack), infected()["in a ZIP"])
			t.Cleanup(group.Wait)
			t.Cleanup(sync.OnceFunc(func() { close(stop) }))
			for range 2 {
				more(t, "clean files pass", strict, "200")
				more(t, "clean files pass the lenient gate", lenient, "200")
				more(t, "the virus is found", virus, "malware_found")
				daemon.kill()
				more(t, "clean files are refused without a verdict", strict, "scanner_unavailable")
				more(t, "the virus is refused without a verdict", virus, "scanner_unavailable")
				more(t, "clean files pass the lenient gate without a verdict", lenient, "200")
				daemon.start(t)
			}
			more(t, "clean files pass again", strict, "200")
			more(t, "the virus is found again", virus, "malware_found")
			checkAnswers(t, "a clean file", strict, "200", "scanner_unavailable")
			checkAnswers(t, "a clean file at the lenient gate", lenient, "200")
			checkAnswers(t, "the virus", virus, "malware_found", "scanner_unavailable")
			for _, post := range upstream.Posts(t) {
				if post.Stored != nil && post.Stored.Extension != "txt" {
					t.Errorf("the upstream stored %+v", *post.Stored)
				}
			}
		})
	}
}

// checkAnswers wants no other answers than these to have come.
func checkAnswers(t *testing.T, what string, seen *counts, allowed ...string) {
	t.Helper()
	seen.mutex.Lock()
	defer seen.mutex.Unlock()
	known := map[string]bool{}
	for _, name := range allowed {
		known[name] = true
	}
	for name, times := range seen.answers {
		if !known[name] {
			t.Errorf("%s was answered with %s %d times", what, name, times)
		}
	}
}

// What a refusal without a verdict says, and when to come back.
func TestWithoutScanner(t *testing.T) {
	for stack, upstream := range stacks {
		t.Run(stack, func(t *testing.T) {
			upstream.Reset(t)
			answer := send(t, host("refuse", stack), "9", clean)
			harness.CheckRefused(t, answer, "scanner_unavailable")
			if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || strings.Contains(string(answer.Body), "clamd.ctl") {
				t.Errorf("status %d, Retry-After %q: %s", answer.Status, answer.Header.Get("Retry-After"), answer.Body)
			}
			if posts := upstream.Posts(t); len(posts) != 0 {
				t.Errorf("the upstream saw %+v", posts)
			}
			if answer := send(t, host("allow", stack), "9", clean); answer.Status != http.StatusOK {
				t.Errorf("status %d: %s", answer.Status, answer.Body)
			}
			harness.CheckStored(t, upstream.Posts(t), "notes", clean)
		})
	}
}
