// Package replicas runs two Traefiks with the gate behind one nginx, with one Redis for Traefik's own rate limit.
package replicas

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"gopkg.in/yaml.v3"

	"github.com/casegate/casegate/e2e/harness"
)

var kibana *harness.Upstream

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node", "redis", "nginx"); err != nil {
			return err
		}
		kibana, err = harness.SharedUpstream("hapi")
		return err
	})
}

// start runs a program until the test's end.
func start(t *testing.T, name string, arguments ...string) {
	t.Helper()
	var log bytes.Buffer
	command := exec.Command(name, arguments...)
	command.Stdout, command.Stderr = &log, &log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, log.Bytes())
		}
	})
}

// redis starts a Redis that keeps nothing on disk, and gives its address.
func redis(t *testing.T) string {
	t.Helper()
	address := harness.FreeAddress(t)
	start(t, "redis-server", "--bind", "127.0.0.1", "--port", address[strings.LastIndexByte(address, ':')+1:],
		"--save", "", "--appendonly", "no", "--dir", t.TempDir())
	return address
}

// spec is the section of that name of a resource of examples/kubernetes-replicas.
func spec(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "examples", "kubernetes-replicas", name))
	if err != nil {
		t.Fatal(err)
	}
	var resource struct{ Spec map[string]any }
	if err := yaml.Unmarshal(text, &resource); err != nil {
		t.Fatal(err)
	}
	return resource.Spec
}

// replica starts a Traefik with the gate on all of Kibana, and behind it, on the uploads' own router, the rate limit of
// the example with another rate.
func replica(t *testing.T, redis string, policy map[string]any, average, burst int) *harness.Traefik {
	t.Helper()
	limit := spec(t, "upload-limit.yaml")["rateLimit"].(map[string]any)
	limit["average"], limit["burst"], limit["period"] = average, burst, "1h"
	limit["redis"] = map[string]any{"endpoints": []string{redis}}
	route := spec(t, "ingressroute.yaml")["routes"].([]any)[0].(map[string]any)
	rule, ofHost := strings.CutPrefix(route["match"].(string), "Host(`kibana.example.com`) && ")
	if !ofHost {
		t.Fatalf("the example's rule is %s", route["match"])
	}
	dynamic := harness.Gate(kibana.URL(), harness.Policy(policy))
	http := dynamic["http"].(map[string]any)
	http["routers"].(map[string]any)["uploads"] = map[string]any{
		"rule": rule, "service": "kibana", "entryPoints": []string{"web"}, "middlewares": []string{"gate", "upload-limit"},
	}
	http["middlewares"].(map[string]any)["upload-limit"] = map[string]any{"rateLimit": limit}
	return harness.StartTraefik(t, harness.Options{
		Dynamic: dynamic,
		EntryPoint: map[string]any{"transport": map[string]any{
			"lifeCycle": map[string]any{"requestAcceptGraceTimeout": "1s", "graceTimeOut": "60s"},
		}},
	})
}

func user(name string) string { return harness.Token(jwt.MapClaims{"sub": name}) }

var notes = harness.File{Name: "notes.txt", Type: "text/plain", Bytes: []byte("a note\n")}

func TestLimitsHoldAcrossReplicas(t *testing.T) {
	const burst = 5
	store := redis(t)
	// Without look-ups of owners, which pass the limit too.
	policy := map[string]any{"privileges": map[string]any{"owner": "any"}}
	replicas := []*harness.Traefik{replica(t, store, policy, 1, burst), replica(t, store, policy, 1, burst)}
	front := balance(t, replicas...)
	kibana.Reset(t)
	for _, name := range []string{"anna", "ben"} {
		passed := 0
		for i := 0; i < 2*burst; i++ {
			request := harness.Upload(t, front.addr, harness.CasePath("9"), user(name), bytes.NewReader(harness.Form(notes, "")))
			// A client that names itself otherwise is the same user.
			request.Header.Set("X-Casegate-User", strconv.Itoa(i))
			answer, err := harness.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			switch answer.Status {
			case http.StatusOK:
				passed++
			case http.StatusTooManyRequests:
			default:
				t.Fatalf("status %d: %s", answer.Status, answer.Body)
			}
		}
		if passed != burst {
			t.Errorf("%d uploads of %s passed, want %d", passed, name, burst)
		}
	}
	if stored := len(kibana.Posts(t)); stored != 2*burst {
		t.Errorf("Kibana saw %d uploads, want %d", stored, 2*burst)
	}
	for i := 0; i < 4*burst; i++ {
		request, err := http.NewRequest(http.MethodGet, "http://"+front.addr+"/api/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := harness.Do(request)
		if err != nil || answer.Status == http.StatusTooManyRequests {
			t.Fatalf("what is no upload is limited: %v, %+v", err, answer)
		}
	}
	for i, one := range replicas {
		seen := 0
		entries, err := one.Access()
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if entry["RouterName"] == "uploads@file" {
				seen++
			}
		}
		if seen < burst {
			t.Errorf("replica %d saw %d uploads only", i, seen)
		}
	}
}

// longUpload is an upload whose second half is still to come. It has been accepted: the gate reads its body.
type longUpload struct {
	file   harness.File
	rest   func()
	answer chan *harness.Answer
}

// upload begins an upload at a replica.
func upload(t *testing.T, one *harness.Traefik, caseID string) *longUpload {
	t.Helper()
	file := harness.File{Name: "long.txt", Type: "text/plain", Bytes: bytes.Repeat([]byte("a long line of a long log\n"), 100_000)}
	form := harness.Form(file, "")
	body, sent := io.Pipe()
	request := harness.Upload(t, one.Addr, harness.CasePath(caseID), user("anna"), body)
	request.ContentLength = int64(len(form))
	long := &longUpload{file: file, answer: make(chan *harness.Answer, 1)}
	go func() {
		answer, err := harness.Do(request)
		if err != nil {
			t.Errorf("the accepted upload: %v", err)
		}
		long.answer <- answer
	}()
	half := len(form) / 2
	// A pipe's Write returns when all of it was read: half of the body is more than the sockets between hold.
	if _, err := sent.Write(form[:half]); err != nil {
		t.Fatal(err)
	}
	long.rest = func() {
		if _, err := sent.Write(form[half:]); err != nil {
			t.Error(err)
		}
		_ = sent.Close()
	}
	return long
}

// load uploads through the balancer, without a pause, until it is stopped.
type load struct {
	stopped atomic.Bool
	workers sync.WaitGroup
	sent    atomic.Int64
}

func (l *load) run(t *testing.T, address string, worker int) {
	defer l.workers.Done()
	for i := 0; !l.stopped.Load(); i++ {
		caseID := fmt.Sprintf("load-%d-%d", worker, i)
		request := harness.Upload(t, address, harness.CasePath(caseID), user("ben"), bytes.NewReader(harness.Form(notes, "")))
		answer, err := harness.Do(request)
		if err != nil || answer.Status != http.StatusOK {
			t.Errorf("upload %s: %v, %+v", caseID, err, answer)
			return
		}
		l.sent.Add(1)
	}
}

// Each replica is replaced by a new one while uploads go on: none fails, and none is stored twice or not at all.
func TestRollingRestartUnderLoad(t *testing.T) {
	store := redis(t)
	const unlimited = 1_000_000_000
	begin := func() *harness.Traefik { return replica(t, store, nil, unlimited, unlimited) }
	running := []*harness.Traefik{begin(), begin()}
	front := balance(t, running...)
	kibana.Reset(t)
	var l load
	for worker := 0; worker < 3; worker++ {
		l.workers.Add(1)
		go l.run(t, front.addr, worker)
	}
	for i, old := range running {
		before := l.sent.Load()
		running[i] = begin()
		front.replace(t, running...)
		long := upload(t, old, fmt.Sprintf("long-%d", i))
		if err := syscall.Kill(old.PID, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "the old replica takes no new connections", func() bool {
			connection, err := net.Dial("tcp", old.Addr)
			if err == nil {
				_ = connection.Close()
			}
			return err != nil
		})
		long.rest()
		if answer := <-long.answer; answer == nil || answer.Status != http.StatusOK {
			t.Errorf("the upload that replica %d had accepted: %+v", i, answer)
		}
		<-old.Exited()
		harness.Eventually(t, "uploads went on", func() bool { return l.sent.Load() > before || t.Failed() })
	}
	l.stopped.Store(true)
	l.workers.Wait()
	stored := map[string]int{}
	for _, record := range kibana.Posts(t) {
		if record.Stored == nil || !record.Complete {
			t.Errorf("Kibana stored nothing of %s: status %d", record.URL, record.Status)
			continue
		}
		stored[record.Stored.CaseID]++
	}
	for id, times := range stored {
		if times != 1 {
			t.Errorf("the file of case %s was stored %d times", id, times)
		}
	}
	if want := int(l.sent.Load()) + len(running); len(stored) != want {
		t.Errorf("%d files were stored, %d uploads answered with 200", len(stored), want)
	}
	t.Logf("%d uploads while both replicas were replaced", l.sent.Load())
}
