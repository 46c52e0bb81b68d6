package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

// Stacks are Kibana's two HTTP stacks.
var Stacks = []string{"hapi", "fastify"}

// Upstream is one of Kibana's HTTP stacks, run with Kibana's settings, that keeps a record of every request.
type Upstream struct {
	// Stack is "hapi" or "fastify".
	Stack string
	// Addr is its host:port.
	Addr string
	// PID is the process's id.
	PID int

	control string
	command *exec.Cmd
	stdin   io.Closer
	log     *os.File
	stop    sync.Once
}

// Record is one request as the upstream got it. A request that broke off has one too.
type Record struct {
	// ID is the request's X-Test-Id header.
	ID string `json:"id"`
	// Method and URL are as on the request line.
	Method      string `json:"method"`
	URL         string `json:"url"`
	HTTPVersion string `json:"httpVersion"`
	// Headers and Trailers are name and value as they came.
	Headers  [][2]string `json:"headers"`
	Trailers [][2]string `json:"trailers"`
	// Complete says that the body came to its end. BodySize is what came, in bytes; BodySHA256 (hex) and Body (only
	// when it is 64 KiB or less) are there when it is complete.
	Complete   bool   `json:"complete"`
	BodySize   int64  `json:"bodySize"`
	BodySHA256 string `json:"bodySHA256"`
	Body       []byte `json:"body"`
	// Parts are the form's parts as the stack read them.
	Parts []Part `json:"parts"`
	// Stored is the file that Kibana would now keep, or nil.
	Stored *Stored `json:"stored"`
	// Status is the answer's, or 0 when none was sent.
	Status int `json:"status"`
}

// Part is a part of a form as the stack read it: a file, or a text.
type Part struct {
	Name     string `json:"name"`
	Filename string `json:"filename"`
	Type     string `json:"type"`
	Text     string `json:"text"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
}

// Stored is what Kibana would keep of an upload.
type Stored struct {
	CaseID    string `json:"caseId"`
	Name      string `json:"name"`
	Extension string `json:"extension"`
	Type      string `json:"type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
}

// Header gives the values of a header.
func (r *Record) Header(name string) []string {
	var values []string
	for _, header := range r.Headers {
		if http.CanonicalHeaderKey(header[0]) == http.CanonicalHeaderKey(name) {
			values = append(values, header[1])
		}
	}
	return values
}

// Fault is what the upstream does in the place of Kibana.
type Fault struct {
	// Kind is "" (none), "hang" (reads, never answers), "deaf" (neither reads nor answers), "close" (breaks off After so
	// many bytes of the body), "reset-answer" (breaks off in the middle of its answer), "early" (answers with Status
	// before it reads), "status" (reads, then answers with Status).
	Kind string `json:"kind"`
	// After is a number of bytes.
	After int `json:"after,omitempty"`
	// Status is the HTTP status to answer with.
	Status int `json:"status,omitempty"`
	// UploadsOnly leaves every other request alone.
	UploadsOnly bool `json:"uploadsOnly,omitempty"`
}

// StartUpstream starts a stack for one test and stops it at the test's end.
func StartUpstream(t testing.TB, stack string) *Upstream {
	t.Helper()
	upstream, err := NewUpstream(stack)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			upstream.Dump()
		}
		upstream.Stop()
	})
	return upstream
}

// SharedUpstream starts a stack for all tests of a package: Main stops it.
func SharedUpstream(stack string) (*Upstream, error) {
	upstream, err := NewUpstream(stack)
	if err == nil {
		shared = append(shared, upstream)
	}
	return upstream, err
}

// NewUpstream starts a stack. The caller stops it. Its node_modules are there after Setup("node").
func NewUpstream(stack string) (*Upstream, error) {
	log, err := os.CreateTemp("", "casegate-e2e-"+stack+"-*.log")
	if err != nil {
		return nil, err
	}
	upstream := &Upstream{Stack: stack, log: log}
	if err := upstream.start(); err != nil {
		upstream.Dump()
		upstream.Stop()
		return nil, fmt.Errorf("upstream %s: %w", stack, err)
	}
	return upstream, nil
}

func (u *Upstream) start() error {
	u.command = exec.Command("node", Folder("upstreams", u.Stack+".mjs"))
	u.command.Stderr = u.log
	u.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := u.command.StdinPipe()
	if err != nil {
		return err
	}
	u.stdin = stdin
	stdout, err := u.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := u.command.Start(); err != nil {
		return err
	}
	u.PID = u.command.Process.Pid
	// The first line comes when it listens.
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("ended before it listened: %w", err)
	}
	var addresses struct{ Address, Control string }
	if err := json.Unmarshal(line, &addresses); err != nil {
		return err
	}
	u.Addr, u.control = addresses.Address, addresses.Control
	return nil
}

// URL is the address as a service's server.
func (u *Upstream) URL() string { return "http://" + u.Addr }

// Records gives all requests since the start or the last Reset, in the order in which they came.
func (u *Upstream) Records(t testing.TB) []Record {
	t.Helper()
	var records []Record
	u.ask(t, http.MethodGet, "/__records", nil, &records)
	return records
}

// Posts gives the records of the POST and PUT requests alone: what could have stored something.
func (u *Upstream) Posts(t testing.TB) []Record {
	t.Helper()
	var posts []Record
	for _, record := range u.Records(t) {
		if record.Method == http.MethodPost || record.Method == http.MethodPut {
			posts = append(posts, record)
		}
	}
	return posts
}

// Requests is the number of requests since the start or the last Reset.
func (u *Upstream) Requests(t testing.TB) int {
	t.Helper()
	var stats struct{ Requests int }
	u.ask(t, http.MethodGet, "/__stats", nil, &stats)
	return stats.Requests
}

// Reset forgets the records.
func (u *Upstream) Reset(t testing.TB) {
	t.Helper()
	u.ask(t, http.MethodDelete, "/__records", nil, nil)
}

// Break switches a fault on until the test ends; Fault{} switches it off.
func (u *Upstream) Break(t testing.TB, fault Fault) {
	t.Helper()
	body, err := json.Marshal(fault)
	if err != nil {
		t.Fatal(err)
	}
	u.ask(t, http.MethodPut, "/__fault", body, nil)
	if fault.Kind != "" {
		t.Cleanup(func() { u.Break(t, Fault{}) })
	}
}

// Stream sends a chunk down every open GET /internal/stream; nil ends them. It gives the number of open streams.
func (u *Upstream) Stream(t testing.TB, chunk []byte) int {
	t.Helper()
	var open struct{ Streams int }
	if chunk == nil {
		u.ask(t, http.MethodDelete, "/__stream", nil, nil)
		return 0
	}
	u.ask(t, http.MethodPost, "/__stream", chunk, &open)
	return open.Streams
}

// Forget is Reset outside of tests.
func (u *Upstream) Forget() error {
	return u.request(http.MethodDelete, "/__records", nil, nil)
}

func (u *Upstream) ask(t testing.TB, method, path string, body []byte, answer any) {
	t.Helper()
	if err := u.request(method, path, body, answer); err != nil {
		t.Fatal(err)
	}
}

func (u *Upstream) request(method, path string, body []byte, answer any) error {
	request, err := http.NewRequest(method, "http://"+u.control+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := Client.Do(request)
	if err != nil {
		return fmt.Errorf("upstream %s: %w", u.Stack, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("upstream %s: %s %s: status %d, %v: %s", u.Stack, method, path, response.StatusCode, err, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// Stop ends the process.
func (u *Upstream) Stop() {
	u.stop.Do(func() {
		if u.PID != 0 {
			_ = u.command.Process.Kill()
			_ = u.stdin.Close()
			_ = u.command.Wait()
		}
		_ = u.log.Close()
		_ = os.Remove(u.log.Name())
	})
}

// Dump prints what the process wrote to standard error.
func (u *Upstream) Dump() {
	if text := readText(u.log.Name()); text != "" {
		fmt.Fprintf(os.Stderr, "--- upstream %s\n%s\n", u.Stack, text)
	}
}
