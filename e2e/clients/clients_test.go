// Package clients uploads with real clients, through a real Traefik, to both of Kibana's HTTP stacks.
package clients

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	traefik   *harness.Traefik
	upstreams = map[string]*harness.Upstream{}
	caseJSON  []byte
)

func TestMain(m *testing.M) {
	harness.Main(m, start)
}

// start puts both stacks behind one Traefik: each has its own Host.
func start() error {
	if err := harness.Setup("node", "python", "curl", "chromium"); err != nil {
		return err
	}
	var err error
	if caseJSON, err = os.ReadFile(harness.Folder("upstreams", "case.json")); err != nil {
		return err
	}
	for _, stack := range harness.Stacks {
		if upstreams[stack], err = harness.SharedUpstream(stack); err != nil {
			return err
		}
	}
	policy := harness.Policy(map[string]any{"token": map[string]any{"cookie": "session"}})
	traefik, err = harness.SharedTraefik(harness.Options{Dynamic: harness.Gate(upstreams[harness.Stacks[0]].URL(), policy)})
	return err
}

// behind makes a stack the one that stands behind the gate.
func behind(t *testing.T, stack string) *harness.Upstream {
	t.Helper()
	policy := harness.Policy(map[string]any{"token": map[string]any{"cookie": "session"}})
	if err := traefik.Reload(harness.Gate(upstreams[stack].URL(), policy)); err != nil {
		t.Fatal(err)
	}
	return upstreams[stack]
}

// job is one upload; answer is what the client got. Clients write and read them as JSON.
type job struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Token  string `json:"token"`
	Cookie string `json:"cookie"`
	File   string `json:"file"`
	Type   string `json:"type"`
	Title  string `json:"title"`

	sent harness.File
}

type answer struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Body   string `json:"body"`
}

// client uploads all jobs, one after the other.
type client struct {
	name string
	send func(jobs []job) ([]answer, error)
}

func program(name, command string, arguments ...string) client {
	return client{name, func(jobs []job) ([]answer, error) {
		input, err := json.Marshal(jobs)
		if err != nil {
			return nil, err
		}
		process := exec.Command(command, arguments...)
		process.Dir = harness.Folder("clients")
		process.Stdin = bytes.NewReader(input)
		var stderr bytes.Buffer
		process.Stderr = &stderr
		output, err := process.Output()
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, stderr.Bytes())
		}
		var answers []answer
		if err := json.Unmarshal(output, &answers); err != nil {
			return nil, fmt.Errorf("%w: %s\n%s", err, output, stderr.Bytes())
		}
		return answers, nil
	}}
}

func each(name string, send func(job) (answer, error)) client {
	return client{name, func(jobs []job) ([]answer, error) {
		var answers []answer
		for _, one := range jobs {
			got, err := send(one)
			if err != nil {
				return nil, err
			}
			answers = append(answers, got)
		}
		return answers, nil
	}}
}

func allClients() []client {
	list := []client{
		each("curl -F", func(j job) (answer, error) { return curl(j) }),
		each("curl as on the API page", func(j job) (answer, error) {
			return curl(j, "-H", "Content-Type: multipart/form-data; Elastic-Api-Version=2023-10-31")
		}),
		each("curl without Content-Length", func(j job) (answer, error) { return curl(j, "-H", "Transfer-Encoding: chunked") }),
		each("curl that asks first", func(j job) (answer, error) { return curl(j, "-H", "Expect: 100-continue") }),
		each("curl over h2c", func(j job) (answer, error) { return curl(j, "--http2-prior-knowledge") }),
		each("Go's mime/multipart", goBuffered),
		each("Go's mime/multipart through a pipe", goStreamed),
		program("headless Chromium", "node", "chromium.mjs"),
	}
	for _, name := range []string{"http.client", "urllib", "requests", "httpx"} {
		list = append(list, program("Python's "+name, "/usr/bin/python3", "client.py", name))
	}
	for _, name := range []string{"fetch", "undici", "axios", "axios with form-data", "form-data", "supertest", "got"} {
		list = append(list, program("Node's "+name, "node", "node.mjs", name))
	}
	return list
}

func TestClients(t *testing.T) {
	folder := t.TempDir()
	for _, stack := range harness.Stacks {
		t.Run(stack, func(t *testing.T) {
			upstream := behind(t, stack)
			for _, client := range allClients() {
				t.Run(client.name, func(t *testing.T) {
					good := makeJobs(t, folder, stack+" "+client.name, harness.GoodFiles())
					good[0].Title = "Renamed: Überschrift"
					checkPasses(t, upstream, client, good)
					checkRefused(t, upstream, client, makeJobs(t, folder, stack+" "+client.name, harness.BadFiles()))
				})
			}
		})
	}
}

func TestBrowserWithTokenInCookie(t *testing.T) {
	upstream := behind(t, "hapi")
	browser := program("headless Chromium", "node", "chromium.mjs")
	jobs := makeJobs(t, t.TempDir(), "cookie", harness.GoodFiles()[:2])
	for i := range jobs {
		jobs[i].Token, jobs[i].Cookie = "", harness.Token(nil)
	}
	checkPasses(t, upstream, browser, jobs)
}

// makeJobs writes the files to disk and gives one job for each.
func makeJobs(t *testing.T, folder, prefix string, files []harness.File) []job {
	t.Helper()
	var jobs []job
	token := harness.Token(nil)
	for i, file := range files {
		path := filepath.Join(folder, file.Name)
		if err := os.WriteFile(path, file.Bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job{
			ID:    fmt.Sprintf("%s %d", prefix, i),
			URL:   "http://" + traefik.Addr + harness.CasePath("9c235210-6834-11ea-a78c-6ffb38a34414"),
			Token: token, File: path, Type: file.Type, sent: file,
		})
	}
	return jobs
}

func run(t *testing.T, upstream *harness.Upstream, client client, jobs []job) ([]answer, map[string][]harness.Record) {
	t.Helper()
	upstream.Reset(t)
	answers, err := client.send(jobs)
	if err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(jobs) {
		t.Fatalf("%d answers to %d uploads", len(answers), len(jobs))
	}
	seen := map[string][]harness.Record{}
	for _, record := range upstream.Posts(t) {
		seen[record.ID] = append(seen[record.ID], record)
	}
	return answers, seen
}

func checkPasses(t *testing.T, upstream *harness.Upstream, client client, jobs []job) {
	t.Helper()
	answers, seen := run(t, upstream, client, jobs)
	for i, job := range jobs {
		if answers[i].Status != 200 || answers[i].Body != string(caseJSON) {
			t.Errorf("%s: status %d: %s", job.sent.Name, answers[i].Status, answers[i].Body)
			continue
		}
		name := job.sent.Stem()
		if job.Title != "" {
			name = job.Title
		}
		harness.CheckStored(t, seen[job.ID], name, job.sent)
	}
}

func checkRefused(t *testing.T, upstream *harness.Upstream, client client, jobs []job) {
	t.Helper()
	answers, seen := run(t, upstream, client, jobs)
	for i, job := range jobs {
		if answers[i].Status != 415 || answers[i].Code == "" || !strings.Contains(answers[i].Body, `"code":"`+answers[i].Code+`"`) {
			t.Errorf("%s: status %d, code %q, want a refusal: %s", job.sent.Name, answers[i].Status, answers[i].Code, answers[i].Body)
		}
	}
	if len(seen) != 0 {
		t.Errorf("the upstream saw uploads: %+v", seen)
	}
}
