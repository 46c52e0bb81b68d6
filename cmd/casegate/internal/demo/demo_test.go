package demo

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOnce(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Run(context.Background(), []string{"--once", "--listen", "127.0.0.1:0"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout.String(), stderr.String())
	}
	if got := strings.Count(stdout.String(), "\nok "); got != len(attempts()) {
		t.Errorf("%d requests came to what was expected, want %d:\n%s", got, len(attempts()), stdout.String())
	}
}

// TestBothClientsAgree sends every attempt with curl and with Go's client; what the stand-in stores must be the samples.
func TestBothClientsAgree(t *testing.T) {
	senders := map[string]sender{"Go": sendWithGo}
	if _, err := exec.LookPath("curl"); err == nil {
		senders["curl"] = sendWithCurl
	}
	for name, send := range senders {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			base := startStage(t, folder)
			passed := 0
			for _, a := range attempts() {
				if got := sendOne(context.Background(), send, a, folder, base); got != a.expected() {
					t.Errorf("%s: got %s, want %s", a.about, got, a.expected())
				}
				if a.code == "" {
					passed++
				}
			}
			stored, err := filepath.Glob(filepath.Join(folder, "stored", "*"))
			if err != nil {
				t.Fatal(err)
			}
			if len(stored) != passed {
				t.Errorf("the stand-in stored %d files, want %d", len(stored), passed)
			}
			for _, path := range stored {
				_, sampleName, _ := strings.Cut(filepath.Base(path), "-")
				expectSame(t, path, filepath.Join(folder, "good", sampleName))
			}
		})
	}
}

// startStage serves the compiled gate in front of the stand-in until the test ends.
func startStage(t *testing.T, folder string) (base string) {
	t.Helper()
	_, keys, err := prepare(folder)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop, err := startCompiled(context.Background(), options{}, keys, NewStandIn(filepath.Join(folder, "stored")), listener)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return "http://" + listener.Addr().String()
}

func expectSame(t *testing.T, got, want string) {
	t.Helper()
	gotBytes, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	wantBytes, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(gotBytes, wantBytes) {
		t.Errorf("%s is not what was sent", got)
	}
}

func TestDifferencesAreCounted(t *testing.T) {
	// Nothing is behind this address but a server that refuses everything in a way of its own.
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	folder := t.TempDir()
	if _, _, err := prepare(folder); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if got := runAll(context.Background(), &out, folder, "http://"+listener.Addr().String()); got != len(attempts()) {
		t.Errorf("%d differ, want %d:\n%s", got, len(attempts()), out.String())
	}
}

func TestFreePort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var out bytes.Buffer
	listener, err := listenOrFree(taken.Addr().String(), &out)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if !strings.Contains(out.String(), listener.Addr().String()) {
		t.Errorf("the message does not name the port that was taken: %s", out.String())
	}
}

// TestInteractive reads what the demonstration prints: lines to copy, and a decision once a file was sent.
func TestInteractive(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := &screen{}
	ended := make(chan int, 1)
	go func() { ended <- Run(ctx, []string{"--listen", "127.0.0.1:0"}, out, io.Discard) }()
	out.waitFor(t, "Each decision")
	_, rest, _ := strings.Cut(out.String(), "    cd ")
	folder, _, _ := strings.Cut(rest, "\n")
	_, rest, _ = strings.Cut(out.String(), "listens on ")
	base, _, _ := strings.Cut(rest, ",")
	for _, a := range attempts() {
		if !strings.Contains(out.String(), a.line(base)) {
			t.Errorf("this line is missing: %s", a.line(base))
		}
	}
	sendOne(ctx, sendWithGo, attempt{caller: "analyst", form: file("bad/holiday.png")}, folder, base)
	out.waitFor(t, "refused  415  executable_content")
	sendOne(ctx, sendWithGo, attempt{caller: "analyst", form: file("good/notes.txt")}, folder, base)
	out.waitFor(t, "passed   200")
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder was not removed: %v", err)
	}
}

// screen is what a terminal would show.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) waitFor(t *testing.T, text string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(s.String(), text) {
		if time.Now().After(deadline) {
			t.Fatalf("%q does not appear:\n%s", text, s.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}
