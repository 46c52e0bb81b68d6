// Package scenarios holds what a person who installs the gate would try, in a real Traefik before Kibana's HTTP stacks.
package scenarios

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	traefik *harness.Traefik
	kibana  *harness.Upstream
	fastify *harness.Upstream
)

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node", "curl"); err != nil {
			return err
		}
		if kibana, err = harness.SharedUpstream("hapi"); err != nil {
			return err
		}
		if fastify, err = harness.SharedUpstream("fastify"); err != nil {
			return err
		}
		traefik, err = harness.SharedTraefik(harness.Options{Dynamic: harness.Gate(kibana.URL(), harness.Policy(nil))})
		return err
	})
}

// serve puts the gate with a policy, as harness.Policy lays it out, before an upstream, whose records begin anew.
func serve(t *testing.T, upstream *harness.Upstream, extra map[string]any) {
	t.Helper()
	reload(t, harness.Gate(upstream.URL(), harness.Policy(extra)))
	upstream.Reset(t)
}

func reload(t *testing.T, dynamic any) {
	t.Helper()
	if err := traefik.Reload(dynamic); err != nil {
		t.Fatal(err)
	}
}

func text(content string) harness.File {
	return harness.File{Name: "notes.txt", Type: "text/plain", Bytes: []byte(content)}
}

// The command is the API page's own, with the two things that it leaves to the reader: the file and the credentials.
func TestTheAPIPagesCommand(t *testing.T) {
	want, err := os.ReadFile(harness.Folder("upstreams", "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/evidence.png"
	sent := harness.File{Name: "evidence.png", Type: "image/png", Bytes: harness.PNG(20, 20)}
	if err := os.WriteFile(file, sent.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, upstream := range []*harness.Upstream{kibana, fastify} {
		t.Run(upstream.Stack, func(t *testing.T) {
			serve(t, upstream, nil)
			output, err := exec.Command("curl", "-sS",
				"-X", "POST", "http://"+traefik.Addr+"/api/cases/9c235210-6834-11ea-a78c-6ffb38a34414/files",
				"-H", "Content-Type: multipart/form-data; Elastic-Api-Version=2023-10-31",
				"-H", "kbn-xsrf: string",
				"-H", "Authorization: Bearer "+harness.Token(nil), "-F", "file=@"+file).Output()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(output, want) {
				t.Errorf("answered %s, want the upstream's case byte for byte", output)
			}
			harness.CheckStored(t, upstream.Posts(t), "evidence", sent)
		})
	}
}

func TestWithoutTokenTheAnswerHasTheAPIPagesMembers(t *testing.T) {
	serve(t, kibana, nil)
	answer := harness.Send(t, traefik.Addr, harness.CasePath("9"), "", text("hello\n"))
	if answer.Status != http.StatusUnauthorized || !strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("status %d, WWW-Authenticate %q", answer.Status, answer.Header.Get("WWW-Authenticate"))
	}
	// CheckRefused decodes strictly: error, message, statusCode and attributes, and no other member.
	harness.CheckRefused(t, answer, "token_missing")
	if records := kibana.Records(t); len(records) != 0 {
		t.Errorf("the upstream saw %+v", records)
	}
}

func TestOwnersAndSpaces(t *testing.T) {
	serve(t, kibana, nil)
	cases := []struct {
		name, path string
		status     int
		code       string
	}{
		{"a Management case", "/api/cases/9/files", 200, ""},
		{"in another space", "/s/sales/api/cases/9/files", 200, ""},
		{"with a trailing slash", "/api/cases/9/files/", 200, ""},
		{"an Observability case", "/api/cases/obs-1/files", 403, "privilege_missing"},
		{"a Security case", "/s/sales/api/cases/sec-1/files", 403, "privilege_missing"},
		{"no such case", "/api/cases/missing-1/files", 404, "case_not_found"},
		{"a case that Kibana does not show", "/api/cases/forbidden-1/files", 403, "privilege_missing"},
		{"credentials that Kibana does not take", "/api/cases/unauth-1/files", 401, "token_refused"},
		{"a prefix that is no basePath", "/kibana/api/cases/9/files", 400, "path_ambiguous"},
	}
	token := harness.Token(nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			kibana.Reset(t)
			answer := harness.Send(t, traefik.Addr, c.path, token, text("hello\n"))
			if answer.Status != c.status || answer.Code() != c.code {
				t.Fatalf("status %d, code %q, want %d %q: %s", answer.Status, answer.Code(), c.status, c.code, answer.Body)
			}
			posts := kibana.Posts(t)
			if c.code == "" {
				if len(posts) != 1 {
					t.Fatalf("the upstream saw %+v", posts)
				}
				return
			}
			harness.CheckRefused(t, answer, c.code)
			if len(posts) != 0 {
				t.Errorf("the upstream saw %+v", posts)
			}
		})
	}
}

func TestTwoRoutersShareOneMiddleware(t *testing.T) {
	dynamic := harness.Gate(kibana.URL(), harness.Policy(nil))
	routers := dynamic["http"].(map[string]any)["routers"].(map[string]any)
	routers["kibana"].(map[string]any)["rule"] = "Host(`one.example`)"
	routers["second"] = map[string]any{
		"rule": "Host(`two.example`)", "service": "kibana", "entryPoints": []string{"web"}, "middlewares": []string{"gate"},
	}
	reload(t, dynamic)
	for _, host := range []string{"one.example", "two.example"} {
		t.Run(host, func(t *testing.T) {
			kibana.Reset(t)
			send := func(file harness.File) *harness.Answer {
				request := harness.Upload(t, traefik.Addr, harness.CasePath("9"), harness.Token(nil), bytes.NewReader(harness.Form(file, "")))
				request.Host = host
				answer, err := harness.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				return answer
			}
			harness.CheckRefused(t, send(harness.BadFiles()[0]), "executable_content")
			if answer := send(text("hello\n")); answer.Status != http.StatusOK {
				t.Fatalf("status %d: %s", answer.Status, answer.Body)
			}
			harness.CheckStored(t, kibana.Posts(t), "notes", text("hello\n"))
		})
	}
}
