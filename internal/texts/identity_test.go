// Package texts holds what the documents say to the code and the tests that they name.
package texts

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware"
	"go.yaml.in/yaml/v3"
)

const root = "../.."

func read(t *testing.T, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{root}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return values
}

var (
	block    = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	exchange = regexp.MustCompile(`\.\./testdata/exchanges/([a-z-]+\.txtar)`)
	row      = regexp.MustCompile("(?m)^\\| `(\\{.*\\})` \\| `(/.*)` \\| (\\d+)(?: `(\\w+)`)? \\|$")
	policy   = regexp.MustCompile(`(?s)-- policy\.yaml --\n\{\{tokenKeys\}\}\n(.*?\n)-- `)
	// one is a request with its answer. The case's name stands twice.
	one = regexp.MustCompile("(?s)-- request ?[^\n]*? ?--\nPOST (\\S+)\nAuthorization: Bearer \\{\\{token `([^`]*)`\\}\\}\n.*?-- answer[^\n]* --\n(\\d+)\n(?:X-Casegate-Code: (\\w+))?")
)

// Every example of docs/identity.md is a policy without faults, that of an exchange, whose requests are those of the table.
func TestExamplesOfIdentityProviders(t *testing.T) {
	examples := 0
	for _, section := range strings.Split(read(t, "docs", "identity.md"), "\n## ")[1:] {
		title, _, _ := strings.Cut(section, "\n")
		shown := block.FindStringSubmatch(section)
		if shown == nil {
			continue
		}
		examples++
		t.Run(title, func(t *testing.T) {
			if _, faults := middleware.Decode(decode(t, shown[1])); len(faults) > 0 {
				t.Errorf("the policy has faults: %q", faults)
			}
			name := exchange.FindStringSubmatch(section)
			if name == nil {
				t.Fatal("no exchange is named")
			}
			text := read(t, "testdata", "exchanges", name[1])
			real := policy.FindStringSubmatch(text)
			if real == nil {
				t.Fatalf("%s has no policy with the standard keys", name[1])
			}
			if got, want := decode(t, shown[1])["privileges"], decode(t, real[1])["privileges"]; !reflect.DeepEqual(got, want) {
				t.Errorf("privileges are %v, those of %s are %v", got, name[1], want)
			}
			got, want := [][]string{}, [][]string{}
			for _, match := range row.FindAllStringSubmatch(section, -1) {
				got = append(got, match[1:])
			}
			for _, match := range one.FindAllStringSubmatch(text, -1) {
				want = append(want, []string{match[2], match[1], match[3], match[4]})
			}
			if len(want) == 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("the table is\n%q\nthe requests of %s are\n%q", got, name[1], want)
			}
		})
	}
	if examples != 4 {
		t.Errorf("%d examples, want 4", examples)
	}
}
