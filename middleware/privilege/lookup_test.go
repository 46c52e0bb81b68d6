package privilege

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

var aCase = Case{Space: "soc", ID: "c1", Path: "/kibana/s/soc/api/cases/c1"}

// upload is an upload to aCase by the holder of the token.
func upload(token string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/kibana/s/soc/api/cases/c1/files", strings.NewReader("body"))
	req.Header.Set("Authorization", "Bearer "+token)
	return req
}

// answers makes a handler that always answers the same, and counts.
func answers(status int, body string, calls *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	})
}

// must asks for the owner of aCase and fails the test when the answer is another one.
func must(t *testing.T, l *Lookup, req *http.Request, next http.Handler, want string) {
	t.Helper()
	owner, no := l.Owner(req, aCase, next)
	if no != nil {
		t.Fatalf("refused with %s (%s), want owner %s", no.Code, no.Detail, want)
	}
	if owner != want {
		t.Fatalf("owner %q, want %q", owner, want)
	}
}

func TestOwnerIsRememberedUntilItsTimeIsUp(t *testing.T) {
	var calls atomic.Int64
	next := answers(200, `{"owner":"cases"}`, &calls)
	clock := time.Unix(1000, 0)
	l := NewLookup(time.Minute)
	l.now = func() time.Time { return clock }
	must(t, l, upload("a"), next, "cases")
	clock = clock.Add(time.Minute - 1)
	must(t, l, upload("a"), next, "cases")
	must(t, l, upload("b"), next, "cases")
	if calls.Load() != 1 {
		t.Errorf("%d look-ups while the owner is remembered, want 1", calls.Load())
	}
	clock = clock.Add(1)
	must(t, l, upload("a"), next, "cases")
	if calls.Load() != 2 {
		t.Errorf("%d look-ups after the time is up, want 2", calls.Load())
	}
	// The clock was ahead by a second, and is set back.
	clock = clock.Add(-time.Second)
	must(t, l, upload("a"), next, "cases")
	if calls.Load() != 3 {
		t.Errorf("%d look-ups after the clock was set back, want 3", calls.Load())
	}
}

func TestOwnerIsNotRememberedWithoutTime(t *testing.T) {
	var calls atomic.Int64
	next := answers(200, `{"owner":"cases"}`, &calls)
	l := NewLookup(0)
	must(t, l, upload("a"), next, "cases")
	must(t, l, upload("a"), next, "cases")
	if calls.Load() != 2 || len(l.young) != 0 {
		t.Errorf("%d look-ups and %d remembered, want 2 and 0", calls.Load(), len(l.young))
	}
}

func TestForget(t *testing.T) {
	var calls atomic.Int64
	next := answers(200, `{"owner":"cases"}`, &calls)
	l := NewLookup(time.Hour)
	l.half = 1
	must(t, l, upload("a"), next, "cases")
	l.Forget(Case{Space: "soc", ID: "c2"})
	l.Forget(Case{Space: "default", ID: "c1"})
	must(t, l, upload("a"), next, "cases")
	if calls.Load() != 1 {
		t.Errorf("%d look-ups, but another case was forgotten", calls.Load())
	}
	l.Forget(aCase)
	must(t, l, upload("a"), next, "cases")
	if calls.Load() != 2 {
		t.Errorf("%d look-ups, want a second one after Forget", calls.Load())
	}
	// The old generation forgets too.
	if _, no := l.Owner(upload("a"), Case{Space: "soc", ID: "c2", Path: "/kibana/s/soc/api/cases/c2"}, next); no != nil {
		t.Fatal(no.Detail)
	}
	l.Forget(aCase)
	must(t, l, upload("a"), next, "cases")
	if calls.Load() != 4 {
		t.Errorf("%d look-ups, want 4", calls.Load())
	}
}

func TestSpacesAreKeptApart(t *testing.T) {
	var calls atomic.Int64
	l := NewLookup(time.Hour)
	must(t, l, upload("a"), answers(200, `{"owner":"cases"}`, &calls), "cases")
	other := Case{Space: "default", ID: "c1", Path: "/kibana/api/cases/c1"}
	if owner, _ := l.Owner(upload("a"), other, answers(200, `{"owner":"observability"}`, &calls)); owner != "observability" {
		t.Errorf("owner %q was taken from another space", owner)
	}
}

func TestRefusalsAreNeverRemembered(t *testing.T) {
	for _, status := range []int{401, 403, 404, 500} {
		var calls atomic.Int64
		l := NewLookup(time.Hour)
		if _, no := l.Owner(upload("a"), aCase, answers(status, "", &calls)); no == nil {
			t.Fatalf("%d: not refused", status)
		}
		must(t, l, upload("a"), answers(200, `{"owner":"cases"}`, &calls), "cases")
		if calls.Load() != 2 {
			t.Errorf("%d: %d look-ups, want 2", status, calls.Load())
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var calls atomic.Int64
	next := answers(200, `{"owner":"cases"}`, &calls)
	l := NewLookup(time.Hour)
	l.half = 10
	for i := 0; i < 1000; i++ {
		id := strings.Repeat("x", i%100) + string(rune('a'+i%26)) + time.Duration(i).String()
		if _, no := l.Owner(upload("a"), Case{Space: "soc", ID: id, Path: "/api/cases/" + id}, next); no != nil {
			t.Fatal(no.Detail)
		}
		if len(l.young)+len(l.old) > 2*l.half {
			t.Fatalf("%d owners are remembered, want at most %d", len(l.young)+len(l.old), 2*l.half)
		}
	}
	long := Case{Space: "soc", ID: strings.Repeat("x", maxCaseKey), Path: "/api/cases/x"}
	before := calls.Load()
	for i := 0; i < 2; i++ {
		if _, no := l.Owner(upload("a"), long, next); no != nil {
			t.Fatal(no.Detail)
		}
	}
	if calls.Load() != before+2 {
		t.Error("a case with a huge name was remembered")
	}
	if len(l.flights) != 0 {
		t.Errorf("%d flights are left over", len(l.flights))
	}
}

// underWay puts a flight of the request's look-up into l.
func underWay(t *testing.T, l *Lookup, req *http.Request) (mine *flight, key string) {
	t.Helper()
	key = aCase.key() + "\n" + credentials(request(req.Context(), req, aCase))
	mine, theirs := l.board(key)
	if theirs != nil {
		t.Fatal("there is a flight already")
	}
	return mine, key
}

func TestSameCallerSharesOneLookup(t *testing.T) {
	var calls atomic.Int64
	next := answers(500, "", &calls)
	l := NewLookup(time.Hour)
	mine, key := underWay(t, l, upload("a"))
	var waiting sync.WaitGroup
	for i := 0; i < 20; i++ {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			req := upload("a")
			// What differs between two uploads of one caller does not count.
			req.Header.Set("Traceparent", "00-"+strings.Repeat("ab", 16)+"-"+strings.Repeat("cd", 8)+"-01")
			req.Header.Set("Content-Length", "7")
			req.RemoteAddr = "192.0.2.1:7777"
			if owner, no := l.Owner(req, aCase, next); no != nil || owner != "cases" {
				t.Errorf("owner %q, refusal %v", owner, no)
			}
		}()
	}
	mine.owner = "cases"
	l.land(mine, aCase.key(), key)
	waiting.Wait()
	if calls.Load() != 0 {
		t.Errorf("%d look-ups beside the one under way", calls.Load())
	}
}

func TestSharedRefusalIsACopy(t *testing.T) {
	var calls atomic.Int64
	l := NewLookup(time.Hour)
	mine, _ := underWay(t, l, upload("a"))
	mine.no = refusal.New("case_not_found", "no")
	mine.land()
	_, no := l.Owner(upload("a"), aCase, answers(500, "", &calls))
	if no == nil || no.Code != "case_not_found" || no == mine.no {
		t.Fatalf("refusal %v, want a copy of the shared one", no)
	}
	no.With("case", "c1")
	if mine.no.Attributes != nil || calls.Load() != 0 {
		t.Error("the shared refusal was changed, or Kibana asked again")
	}
}

func TestOtherCallersAskForThemselves(t *testing.T) {
	certificate := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Raw: []byte("certificate")}}}
	for name, change := range map[string]func(req *http.Request){
		"another token":          func(req *http.Request) { req.Header.Set("Authorization", "Bearer b") },
		"no token":               func(req *http.Request) { req.Header.Del("Authorization") },
		"two tokens":             func(req *http.Request) { req.Header.Add("Authorization", "Bearer b") },
		"a cookie":               func(req *http.Request) { req.Header.Set("Cookie", "sid=1") },
		"another user's header":  func(req *http.Request) { req.Header.Set("Es-Security-Runas-User", "b") },
		"another address":        func(req *http.Request) { req.RemoteAddr = "192.0.2.99:1234" },
		"another host":           func(req *http.Request) { req.Host = "other.example" },
		"another certificate":    func(req *http.Request) { req.TLS = certificate },
		"a header split in two":  func(req *http.Request) { req.Header.Set("X-A", "1\nX-B: 2") },
		"a forwarded client":     func(req *http.Request) { req.Header.Set("X-Forwarded-For", "192.0.2.77") },
		"a header of an upgrade": func(req *http.Request) { req.Header.Set("X-Remote-User", "b") },
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			l := NewLookup(time.Hour)
			underWay(t, l, upload("a"))
			req := upload("a")
			change(req)
			_, no := l.Owner(req, aCase, answers(403, "", &calls))
			if no == nil || no.Code != "privilege_missing" || calls.Load() != 1 {
				t.Errorf("refusal %v after %d look-ups, want a look-up of its own", no, calls.Load())
			}
		})
	}
}

func TestClientThatLeavesDoesNotDecideForOthers(t *testing.T) {
	asked := make(chan struct{})
	var calls atomic.Int64
	next := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if calls.Add(1) == 1 {
			close(asked)
			<-req.Context().Done()
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(rw, `{"owner":"cases"}`)
	})
	l := NewLookup(time.Hour)
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan *refusal.Refusal)
	go func() {
		_, no := l.Owner(upload("a").WithContext(ctx), aCase, next)
		left <- no
	}()
	<-asked
	stayed := make(chan string)
	go func() {
		owner, _ := l.Owner(upload("a"), aCase, next)
		stayed <- owner
	}()
	leave()
	if no := <-left; no == nil || no.Code != "case_lookup_failed" {
		t.Errorf("the client who left got %v", no)
	}
	if owner := <-stayed; owner != "cases" {
		t.Errorf("the client who stayed got owner %q", owner)
	}
}

func TestWaitingIsBounded(t *testing.T) {
	var calls atomic.Int64
	l := NewLookup(time.Hour)
	underWay(t, l, upload("a"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, no := l.Owner(upload("a").WithContext(ctx), aCase, answers(200, `{"owner":"cases"}`, &calls))
	if no == nil || no.Code != "case_lookup_failed" || calls.Load() != 0 {
		t.Errorf("refusal %v after %d look-ups, want case_lookup_failed without one", no, calls.Load())
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	next := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") == "Bearer stranger" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(rw, `{"owner":"cases"}`)
	})
	l := NewLookup(0)
	l.half = 2
	var all sync.WaitGroup
	for i := 0; i < 40; i++ {
		token := []string{"stranger", "member"}[i%2]
		all.Add(1)
		go func() {
			defer all.Done()
			for round := 0; round < 25; round++ {
				owner, no := l.Owner(upload(token), aCase, next)
				if token == "member" && owner != "cases" {
					t.Errorf("a member was refused: %v", no)
				}
				if token == "stranger" && (no == nil || no.Code != "privilege_missing") {
					t.Errorf("a stranger got owner %q, refusal %v", owner, no)
				}
				l.Forget(aCase)
			}
		}()
	}
	all.Wait()
	if len(l.flights) != 0 {
		t.Errorf("%d flights are left over", len(l.flights))
	}
}

func TestCounts(t *testing.T) {
	var calls atomic.Int64
	before := Counts()
	l := NewLookup(time.Hour)
	_, _ = l.Owner(upload("a"), aCase, answers(500, "", &calls))
	_, _ = l.Owner(upload("a"), aCase, answers(404, "", &calls))
	_, _ = l.Owner(upload("a"), aCase, answers(200, `{"owner":"cases"}`, &calls))
	_, _ = l.Owner(upload("a"), aCase, answers(200, `{"owner":"cases"}`, &calls))
	after := Counts()
	for result, want := range map[string]int64{"failed": 1, "refused": 1, "found": 1, "remembered": 1, "shared": 0} {
		if after[result]-before[result] != want {
			t.Errorf("%s grew by %d, want %d", result, after[result]-before[result], want)
		}
	}
}
