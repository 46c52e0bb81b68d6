package docs

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// issuer and host are the names that all examples use.
const (
	issuer = "https://id.example.com"
	host   = "kibana.example.com"
)

// pair is a static and a dynamic configuration that belong together.
type pair struct {
	name            string
	static, dynamic string
}

// pairs are the configurations of the texts that begin with their file's name, and the example. A static one goes with
// the dynamic one that follows it; one without a partner takes the README's.
func pairs(t *testing.T) []pair {
	t.Helper()
	found := []pair{{"examples/traefik", read(t, "examples/traefik/traefik.yml"), read(t, "examples/traefik/dynamic.yml")}}
	var readme pair
	for _, document := range append([]string{"README.md"}, texts(t)...) {
		if document == "README.md" && readme.name != "" {
			continue
		}
		open := pair{static: readme.static}
		unanswered := false
		for _, one := range blocks(t, document) {
			if one.kind != "yaml" {
				continue
			}
			name := fmt.Sprintf("%s:%d", document, one.line)
			switch {
			case strings.HasPrefix(one.text, "# traefik.yml\n"):
				open, unanswered = pair{name: name, static: one.text, dynamic: readme.dynamic}, true
			case strings.HasPrefix(one.text, "# dynamic.yml\n"):
				open.name, open.dynamic = name, one.text
				found = append(found, open)
				unanswered = false
			}
		}
		if unanswered {
			found = append(found, open)
		}
		if document == "README.md" {
			readme = open
		}
	}
	if readme.static == "" || readme.dynamic == "" {
		t.Fatal("README.md shows no static or no dynamic configuration")
	}
	return found
}

// replace puts what exists on this machine in the place of what an example names, and fails when the example does not.
func replace(t *testing.T, text string, oldAndNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldAndNew); i += 2 {
		if !strings.Contains(text, oldAndNew[i]) {
			t.Fatalf("the configuration does not hold %s:\n%s", oldAndNew[i], text)
		}
		text = strings.ReplaceAll(text, oldAndNew[i], oldAndNew[i+1])
	}
	return text
}

func TestTraefikConfigurations(t *testing.T) {
	for _, p := range pairs(t) {
		t.Run(p.name, func(t *testing.T) {
			address := harness.FreeAddress(t)
			traefik := harness.StartAsGiven(t, address, host, map[string]string{
				"traefik.yml": replace(t, p.static, `":8080"`, address),
				"dynamic.yml": replace(t, p.dynamic,
					"https://id.example.com/keys", identities.server.URL+"/keys",
					"http://127.0.0.1:5601", kibana.URL()),
			})
			token, header := identities.token(t, issuer), "X-Casegate-Code"
			if strings.Contains(p.dynamic, "enforcement: report") {
				header = "X-Casegate-Report"
				checkReports(t, address, token)
			} else {
				checkEnforces(t, address, token, "9")
			}
			if strings.Contains(p.dynamic, "metricsPath") {
				checkMetrics(t, address)
			}
			logged := `"downstream_` + header + `":"executable_content"`
			if strings.Contains(p.static, header+": keep") && !strings.Contains(traefik.Output(), logged) {
				t.Errorf("the access log does not hold the code:\n%s", traefik.Output())
			}
		})
	}
}

// harmful and harmless have the same name and type.
func harmful() harness.File {
	return harness.File{Name: "report.pdf", Type: "application/pdf", Bytes: harness.PE()}
}

func harmless() harness.File {
	return harness.File{Name: "report.pdf", Type: "application/pdf", Bytes: harness.PDF("A report.")}
}

// send uploads a file to a case, under the examples' host name.
func send(t *testing.T, address, token, caseID string, file harness.File) *harness.Answer {
	t.Helper()
	request := harness.Upload(t, address, harness.CasePath(caseID), token, bytes.NewReader(harness.Form(file, "")))
	request.Host = host
	answer, err := harness.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func checkEnforces(t *testing.T, address, token, caseID string) {
	t.Helper()
	kibana.Reset(t)
	harness.CheckRefused(t, send(t, address, token, caseID, harmful()), "executable_content")
	if answer := send(t, address, token, caseID, harmless()); answer.Status != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Status, answer.Body)
	}
	harness.CheckStored(t, kibana.Posts(t), "report", harmless())
}

func checkReports(t *testing.T, address, token string) {
	t.Helper()
	kibana.Reset(t)
	answer := send(t, address, token, "9", harmful())
	if answer.Status != http.StatusOK || answer.Header.Get("X-Casegate-Report") != "executable_content" {
		t.Fatalf("status %d, X-Casegate-Report %q: %s", answer.Status, answer.Header.Get("X-Casegate-Report"), answer.Body)
	}
	harness.CheckStored(t, kibana.Posts(t), "report", harmful())
	if answer := send(t, address, token, "9", harmless()); answer.Status != http.StatusOK || answer.Header.Get("X-Casegate-Report") != "" {
		t.Fatalf("status %d, X-Casegate-Report %q: %s", answer.Status, answer.Header.Get("X-Casegate-Report"), answer.Body)
	}
}

// checkMetrics asks as a scraper on this machine, whose address every example lets in.
func checkMetrics(t *testing.T, address string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/-/casegate/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	answer, err := harness.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusOK || !bytes.Contains(answer.Body, []byte("casegate_")) {
		t.Errorf("metrics: status %d: %.200s", answer.Status, answer.Body)
	}
}
