package decision

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/casegate/casegate/middleware/audit"
)

func TestFollowReadsWhatIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.ndjson")
	feed := NewFeed()
	_, next, leave := feed.Subscribe()
	defer leave()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Follow(ctx, path, feed) }()

	// The file appears after Follow has begun, and an event arrives in two pieces.
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, piece := range []string{
		`{"event":{"kind":"event"},"file":{"name":"one.png"}}` + "\nnot an event\n" + `{"event":{"kind":"pipeline_error"}}` + "\n",
		`{"event":{"kind":"event"},"file":{"na`, `me":"two.png"}}` + "\n",
	} {
		if _, err := log.WriteString(piece); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"one.png", "two.png"} {
		if d := receive(t, next); d.File != want {
			t.Errorf("got %q, want %q", d.File, want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Follow ended with %v", err)
	}
}

func TestVerdicts(t *testing.T) {
	picture := &audit.File{Name: "a.png"}
	eve := audit.User{Name: "eve"}
	answered := func(status int) audit.HTTP { return audit.HTTP{Response: audit.Response{Status: status}} }
	cases := []struct {
		name string
		e    audit.Event
		want Decision
		line string
	}{
		{
			"passed",
			audit.Event{User: eve, File: picture, HTTP: answered(200), Casegate: audit.Casegate{KibanaStatus: 200}, Trace: &audit.Trace{ID: "7"}},
			Decision{Caller: "eve", File: "a.png", Verdict: Passed, Status: 200, Trace: "7"},
			"eve       a.png           passed   200",
		},
		{
			"refused",
			audit.Event{User: eve, File: picture, HTTP: answered(415), Rule: &audit.Rule{Name: "executable_content"}, Reason: "it runs"},
			Decision{Caller: "eve", File: "a.png", Verdict: Refused, Status: 415, Code: "executable_content", Message: "it runs"},
			"eve       a.png           refused  415  executable_content: it runs",
		},
		{
			"refused before anything was known",
			audit.Event{HTTP: answered(401), Rule: &audit.Rule{Name: "token_missing"}, Reason: "no token"},
			Decision{Verdict: Refused, Status: 401, Code: "token_missing", Message: "no token"},
			"-         -               refused  401  token_missing: no token",
		},
		{
			"report mode",
			audit.Event{HTTP: answered(200), Casegate: audit.Casegate{KibanaStatus: 200}, Rule: &audit.Rule{Name: "active_content"}, Report: true},
			Decision{Verdict: Reported, Status: 200, Code: "active_content"},
			"-         -               reported 200  active_content",
		},
		{
			"Kibana said no",
			audit.Event{HTTP: answered(400), Casegate: audit.Casegate{KibanaStatus: 400}},
			Decision{Verdict: Failed, Status: 400},
			"-         -               failed   400",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, ok := Parse(audit.Line(&c.e))
			if !ok {
				t.Fatal("the event was not read")
			}
			if _, line, _ := strings.Cut(d.Line(), "  "); line != c.line {
				t.Errorf("line: got %q, want %q", line, c.line)
			}
			d.Time, d.Event = time.Time{}, nil
			if !reflect.DeepEqual(d, c.want) {
				t.Errorf("got %+v, want %+v", d, c.want)
			}
		})
	}
}

func receive(t *testing.T, next <-chan Decision) Decision {
	t.Helper()
	select {
	case d := <-next:
		return d
	case <-time.After(10 * time.Second):
		t.Fatal("no decision came")
		return Decision{}
	}
}

func TestFeedIsBounded(t *testing.T) {
	feed := NewFeed()
	_, slow, leave := feed.Subscribe()
	for number := 0; number < Remembered+5; number++ {
		feed.Publish(Decision{File: fmt.Sprint(number)})
	}
	recent, _, leaveSecond := feed.Subscribe()
	if len(recent) != Remembered || recent[0].File != "5" {
		t.Errorf("remembered %d decisions, the first is %q", len(recent), recent[0].File)
	}
	if len(slow) != waiting {
		t.Errorf("%d decisions wait for a reader that does not read, want %d", len(slow), waiting)
	}
	leave()
	leaveSecond()
	if len(feed.readers) != 0 {
		t.Errorf("%d readers are left", len(feed.readers))
	}
}
