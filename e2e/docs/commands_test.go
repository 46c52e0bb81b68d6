package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// commands gives the command lines of a block, continued lines joined, comments left out.
func commands(one block) []string {
	var found []string
	text := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(one.text, "")
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, " # ")
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			found = append(found, line)
		}
	}
	return found
}

// run executes a command line in a folder of the repository.
func run(t *testing.T, folder, line string, environment ...string) string {
	t.Helper()
	command := exec.Command("bash", "-ec", line)
	command.Dir = filepath.Join(harness.Root(), folder)
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, output)
	}
	return string(output)
}

// tried are the command lines of the texts, each with what runs it, or a bounded form of it.
var tried = map[string]func(t *testing.T, line string){
	"go run ./cmd/casegate demo": func(t *testing.T, _ string) {
		if output := run(t, ".", "go run ./cmd/casegate demo --listen 127.0.0.1:0 --once"); !strings.Contains(output, "executable_content") {
			t.Error(output)
		}
	},
	// This test is a part of make test: only what it would do is asked.
	"make test":  func(t *testing.T, _ string) { run(t, ".", "make -n test") },
	"make bench": func(t *testing.T, _ string) { run(t, ".", "make -n bench") },
	"cd e2e && go run ./bench -only small": func(t *testing.T, _ string) {
		if output := run(t, ".", "cd e2e && go run ./bench -only small -rounds 1"); !strings.Contains(output, "10 KiB upload, gate, all checks") {
			t.Error(output)
		}
	},
	"cd e2e && go run ./bench -only inspections": func(t *testing.T, _ string) {
		if output := run(t, ".", "cd e2e && go run ./bench -only inspections -kind png -rounds 1"); !strings.Contains(output, "png, a picture") {
			t.Error(output)
		}
	},
	"make generate": func(t *testing.T, _ string) { run(t, ".", "make -n generate") },
	"make setup":    func(t *testing.T, _ string) { run(t, ".", "make -n setup") },
	"go test ./...": func(t *testing.T, _ string) { run(t, ".", "go test -count=1 ./middleware/refusal ./internal/gendocs") },
	// Without -update, this fails when the page is not what it would write.
	"go test ./middleware/content -run TypesPage -update": func(t *testing.T, _ string) {
		run(t, ".", "go test -count=1 ./middleware/content -run TypesPage")
	},
	"cd e2e && go test ./exchanges": func(t *testing.T, _ string) {
		run(t, ".", "cd e2e && go test -count=1 -run '^$' ./exchanges")
	},
	"cd e2e && go test ./yaegivet": func(t *testing.T, _ string) { run(t, ".", "cd e2e && go test -count=1 -run TestTraps ./yaegivet") },
	"curl -X PUT \"https://elasticsearch.example:9200/_index_template/logs-casegate.audit\" " +
		"-H \"Authorization: ApiKey $ADMIN_API_KEY\" -H \"Content-Type: application/json\" --data-binary @index-template.json": putTemplate,
}

func TestCommands(t *testing.T) {
	for _, one := range all(t, "sh") {
		for _, line := range commands(one) {
			if strings.HasPrefix(line, "jq ") {
				// TestAuditEventsInTextsAreReal runs these over real events.
				continue
			}
			t.Run(fmt.Sprintf("%s:%d %.40s", one.document, one.line, line), func(t *testing.T) {
				try, known := tried[line]
				if !known {
					t.Fatalf("no test runs this command: %s", line)
				}
				try(t, line)
			})
		}
	}
}

// putTemplate runs the line that loads the index template, against a server that notes what it gets.
func putTemplate(t *testing.T, line string) {
	var got map[string]any
	path, key := "", ""
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		path, key = req.URL.Path, req.Header.Get("Authorization")
		if err := json.NewDecoder(req.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	run(t, "examples/elastic", replace(t, line, "https://elasticsearch.example:9200", server.URL), "ADMIN_API_KEY=a-key")
	if path != "/_index_template/logs-casegate.audit" || key != "ApiKey a-key" || got["index_patterns"] == nil {
		t.Errorf("%s with %q: %v", path, key, got)
	}
}

// A target of make that a text names exists.
func TestMakeTargets(t *testing.T) {
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	named := regexp.MustCompile("`make ([a-z0-9-]+)`")
	inBlock := regexp.MustCompile(`^make ([a-z0-9-]+)`)
	for _, document := range texts(t) {
		matches := named.FindAllStringSubmatch(read(t, document), -1)
		for _, one := range blocks(t, document) {
			for _, line := range commands(one) {
				if match := inBlock.FindStringSubmatch(line); match != nil && one.kind == "sh" {
					matches = append(matches, match)
				}
			}
		}
		for _, match := range matches {
			if !targets[match[1]] {
				t.Errorf("%s: there is no make %s", document, match[1])
			}
		}
	}
}

func TestRelativeLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, document := range texts(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, document), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if target == "" {
				target = filepath.Base(document)
			}
			path := filepath.Join(filepath.Dir(document), target)
			if _, err := os.Stat(filepath.Join(harness.Root(), path)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", document, match[1])
				continue
			}
			if anchor != "" && !hasHeading(read(t, filepath.ToSlash(path)), anchor) {
				t.Errorf("%s: %s has no heading #%s", document, path, anchor)
			}
		}
	}
}

// hasHeading looks for a heading of which GitHub makes the anchor.
func hasHeading(text, anchor string) bool {
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, match := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		if strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// A file or folder of the repository that a text names exists.
func TestPathsInTextsExist(t *testing.T) {
	path := regexp.MustCompile("`((?:plugin|middleware|testdata|cmd|internal|e2e|examples|docs|vendor)/[A-Za-z0-9_./-]*)`")
	for _, document := range texts(t) {
		for _, match := range path.FindAllStringSubmatch(read(t, document), -1) {
			if _, err := os.Stat(filepath.Join(harness.Root(), match[1])); err == nil {
				continue
			}
			// The name of a test: folder.TestName.
			folder, name, isTest := strings.Cut(match[1], ".Test")
			if !isTest || !declares(t, folder, "Test"+name) {
				t.Errorf("%s: there is no %s", document, match[1])
			}
		}
	}
}

// declares looks for a test's function in the files of a folder.
func declares(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(harness.Root(), folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\nfunc "+name+"(")) {
			return true
		}
	}
	return false
}

// Secrets, tokens and keys of the texts and examples must be recognisable as nobody's.
func TestNoSecretsInExamples(t *testing.T) {
	secret := regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[A-Za-z0-9_-]{10,}|[A-Za-z0-9+]{32,}={0,2}`)
	hash := regexp.MustCompile(`"sha256":"[0-9a-f]{64}"`)
	err := filepath.WalkDir(filepath.Join(harness.Root(), "examples"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range secret.FindAll(hash.ReplaceAll(text, nil), -1) {
			t.Errorf("%s: looks like a secret: %.20s…", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
