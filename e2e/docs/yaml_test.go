package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/casegate/casegate/e2e/harness"
)

// decodeYAML reads all documents of a text.
func decodeYAML(t *testing.T, name, text string) []map[string]any {
	t.Helper()
	var documents []map[string]any
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document map[string]any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		documents = append(documents, document)
	}
}

// documentedKey is a key's row in docs/configuration.md, which is generated out of the code.
var documentedKey = regexp.MustCompile("(?m)^\\| `([A-Za-z0-9.\\[\\]]+)` \\|")

// policyKeys are the top-level keys of the gate's configuration, in lower case.
func policyKeys(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for _, match := range documentedKey.FindAllStringSubmatch(read(t, "docs/configuration.md"), -1) {
		top, _, _ := strings.Cut(match[1], ".")
		keys[strings.ToLower(top)] = true
	}
	return keys
}

// policies finds the gate's configurations in a YAML document: the document itself when its keys are the gate's, and
// everything below plugin.casegate.
func policies(t *testing.T, document map[string]any) []map[string]any {
	t.Helper()
	keys := policyKeys(t)
	own := false
	for name := range document {
		own = own || keys[strings.ToLower(name)]
	}
	if own {
		// An unknown key beside them stays in, as a fault.
		return []map[string]any{document}
	}
	var found []map[string]any
	var walk func(value any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, element := range value {
				walk(element)
			}
		case map[string]any:
			if plugin, ok := value["plugin"].(map[string]any); ok {
				if policy, ok := plugin["casegate"].(map[string]any); ok {
					found = append(found, policy)
					return
				}
			}
			for _, inner := range value {
				walk(inner)
			}
		}
	}
	walk(document)
	return found
}

// serverPath is a path of the server that a configuration names a file by.
var serverPath = regexp.MustCompile(`/(etc|run|var)/[A-Za-z0-9._/-]+\.(crt|pem|json|key|secret)`)

// localFiles makes the files that a configuration names, in a folder of this test, and gives the configuration that
// names these.
func localFiles(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	return serverPath.ReplaceAllStringFunc(text, func(path string) string {
		local := filepath.Join(folder, filepath.Base(path))
		content := identities.authority
		switch filepath.Ext(path) {
		case ".json":
			content = identities.keys
		case ".secret":
			content = harness.Secret
		}
		if err := os.WriteFile(local, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return local
	})
}

// build makes the program out of the repository.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "casegate")
	run(t, ".", "go build -o "+path+" ./cmd/casegate")
	return path
}

// checkPolicy lets the gate's own decoder read a configuration. One that says nothing of tokens shows other keys alone.
func checkPolicy(t *testing.T, casegate, name string, policy map[string]any) {
	t.Helper()
	whole := map[string]any{"token": map[string]any{"issuer": issuer, "jwksUrl": issuer + "/keys"}}
	maps.Copy(whole, policy)
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	// JSON is YAML.
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(casegate, "check", "--config", path).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", name, err, output)
	}
}

func TestYAMLBlocks(t *testing.T) {
	// Files of others that a text may show a part of. What they mean to their readers is not ours to check.
	foreign := regexp.MustCompile(`^# (elasticsearch|kibana|filebeat|prometheus)\.yml\n`)
	casegate := build(t)
	for _, one := range all(t, "yaml") {
		name := fmt.Sprintf("%s:%d", one.document, one.line)
		if strings.HasPrefix(one.text, "# traefik.yml\n") {
			// TestTraefikConfigurations starts it.
			continue
		}
		documents := decodeYAML(t, name, localFiles(t, one.text))
		if len(documents) == 0 {
			t.Errorf("%s: an empty block", name)
		}
		for _, document := range documents {
			found := policies(t, document)
			if len(found) == 0 && !foreign.MatchString(one.text) {
				t.Errorf("%s: neither a configuration of the gate nor the part of a file that its first line names", name)
			}
			for _, policy := range found {
				checkPolicy(t, casegate, name, policy)
			}
		}
	}
}

// Every key that a text names as `section.key` exists.
func TestKeysInTextsExist(t *testing.T) {
	known := map[string]bool{}
	for _, match := range documentedKey.FindAllStringSubmatch(read(t, "docs/configuration.md"), -1) {
		known[match[1]] = true
		known[strings.SplitN(match[1], "[]", 2)[0]] = true
	}
	named := regexp.MustCompile("`((?:token|privileges|files|delivery|scan|audit)\\.[A-Za-z0-9]+)[^A-Za-z0-9`]*[^`]*`")
	var unknown []string
	for _, document := range texts(t) {
		for _, match := range named.FindAllStringSubmatch(read(t, document), -1) {
			if !known[match[1]] && !regexp.MustCompile(`\.(go|yml|yaml|log|pdf|txt)`).MatchString(match[0]) {
				unknown = append(unknown, document+": "+match[1])
			}
		}
	}
	sort.Strings(unknown)
	for _, one := range unknown {
		t.Errorf("there is no such key: %s", one)
	}
}
