// Package attacks tries to get forbidden files and unauthorised uploads past the gate, or to make it fall over: each
// attack of docs/attacks.md, through a real Traefik, before both of Kibana's HTTP stacks.
package attacks

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// attack is one row of docs/attacks.md.
type attack struct {
	// name is the test's name, and the page's.
	name string
	// what is the attack in a few words, and stop what stops it.
	what, stop string
	// policy names the gate that is attacked, out of gates; "" is the plain one.
	policy string
	// want is the refusal's code, or the status of an answer that is none of the gate's.
	want string
	// send attacks, and gives the last answer; nil when the connection ends without one.
	send func(t *testing.T, at place) *harness.Answer
	// seen judges what reached the upstream by POST or PUT. Nil: nothing may have.
	seen func(t *testing.T, posts []harness.Record)
}

// place is what an attack goes against.
type place struct {
	upstream *harness.Upstream
	// host chooses the gate and the upstream behind it.
	host string
}

var (
	traefik *harness.Traefik
	stacks  = map[string]*harness.Upstream{}
)

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node"); err != nil {
			return err
		}
		for _, stack := range harness.Stacks {
			if stacks[stack], err = harness.SharedUpstream(stack); err != nil {
				return err
			}
		}
		traefik, err = harness.SharedTraefik(harness.Options{Dynamic: dynamic(), EntryPoint: map[string]any{
			// The gate must not rely on Traefik cleaning paths. Slow senders are Traefik's to end.
			"http":      map[string]any{"sanitizePath": false},
			"transport": map[string]any{"respondingTimeouts": map[string]any{"readTimeout": slowest.String()}},
		}})
		return err
	})
}

// table is every attack, in the page's order.
func table() []attack {
	var all []attack
	for _, section := range sections {
		all = append(all, section.attacks()...)
	}
	return all
}

// sections are the page's.
var sections = []struct {
	title   string
	attacks func() []attack
}{
	{"Paths and methods", pathAttacks},
	{"Headers and framing of the request", headerAttacks},
	{"The form", formAttacks},
	{"Names", nameAttacks},
	{"Programs, polyglots and pages under harmless names", typeAttacks},
	{"PDF and SVG", activeAttacks},
	{"Archives and Office files", archiveAttacks},
	{"Tokens", tokenAttacks},
	{"Privileges and owners", privilegeAttacks},
	{"State, streaming and report mode", stateAttacks},
	{"Other doors, metrics and configuration", doorAttacks},
}

func TestAttacks(t *testing.T) {
	for _, stack := range harness.Stacks {
		t.Run(stack, func(t *testing.T) {
			for _, one := range table() {
				t.Run(one.name, func(t *testing.T) { run(t, stacks[stack], one) })
			}
		})
	}
	select {
	case <-traefik.Exited():
		t.Fatal("Traefik ended")
	default:
	}
	checkLog(t)
}

func run(t *testing.T, upstream *harness.Upstream, one attack) {
	upstream.Reset(t)
	answer := one.send(t, place{upstream: upstream, host: host(one.policy, upstream.Stack)})
	if answer == nil {
		answer = &harness.Answer{}
	}
	got := answer.Code()
	if got == "" {
		got = strconv.Itoa(answer.Status)
	} else if _, err := answer.Refusal(); err != nil {
		t.Error(err)
	}
	if got != one.want {
		t.Errorf("answered %s, want %s: %s", got, one.want, answer.Body)
	}
	posts := upstream.Posts(t)
	if one.seen != nil {
		one.seen(t, posts)
		return
	}
	for _, post := range posts {
		t.Errorf("the upstream saw %s %s: complete %v, stored %+v", post.Method, post.URL, post.Complete, post.Stored)
	}
}

// nothingStored lets a request reach the upstream that stores nothing there.
func nothingStored(t *testing.T, posts []harness.Record) {
	t.Helper()
	for _, post := range posts {
		if post.Stored != nil {
			t.Errorf("the upstream stored %+v", *post.Stored)
		}
	}
}

// brokenOff lets a request begin that does not come to its end.
func brokenOff(t *testing.T, posts []harness.Record) {
	t.Helper()
	nothingStored(t, posts)
	for _, post := range posts {
		if post.Complete {
			t.Errorf("the upstream read all of %s", post.URL)
		}
	}
}

// stored wants the harmless notes.txt, sent by anna, and nothing else; further judges its headers.
func stored(further func(t *testing.T, record *harness.Record)) func(t *testing.T, posts []harness.Record) {
	return func(t *testing.T, posts []harness.Record) {
		t.Helper()
		harness.CheckStored(t, posts, "notes", notes)
		if user := strings.Join(posts[0].Header("X-Casegate-User"), "|"); user != "anna" {
			t.Errorf("X-Casegate-User: %q", user)
		}
		if further != nil {
			further(t, &posts[0])
		}
	}
}

// without wants the headers to be gone.
func without(names ...string) func(t *testing.T, record *harness.Record) {
	return func(t *testing.T, record *harness.Record) {
		t.Helper()
		for _, name := range names {
			if values := record.Header(name); len(values) > 0 {
				t.Errorf("the upstream got %s: %q", name, values)
			}
		}
		if len(record.Trailers) > 0 {
			t.Errorf("the upstream got the trailers %q", record.Trailers)
		}
	}
}

// checkLog reads every audit event of the run: an attacker may not write lines of their own, and no attack may make the
// gate fail.
func checkLog(t *testing.T) {
	t.Helper()
	events := 0
	for _, line := range strings.Split(traefik.Output(), "\n") {
		if strings.Contains(line, forged) && !strings.HasPrefix(line, "{") {
			t.Errorf("a forged line in the log: %q", line)
		}
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var event struct {
			Event struct{ Module, Outcome string }
			Rule  struct{ Name string }
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Event.Module != "casegate" {
			t.Errorf("a line of the log that is no event of the gate: %v: %q", err, line)
		}
		if event.Rule.Name == "internal" {
			t.Errorf("the gate failed: %s", line)
		}
		events++
	}
	if least := len(table()); events < least {
		t.Errorf("%d events for %d attacks on two stacks", events, least)
	}
}
