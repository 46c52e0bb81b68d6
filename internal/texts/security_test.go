package texts

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every promise of SECURITY.md names exchanges and tests that exist.
func TestPromisesAreHeld(t *testing.T) {
	quoted := regexp.MustCompile("`([^`]+)`")
	promises := 0
	for _, line := range strings.Split(read(t, "SECURITY.md"), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || cells[len(cells)-1] == "held by" {
			continue
		}
		promises++
		held := quoted.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(held) == 0 {
			t.Errorf("nothing is named that holds: %s", cells[0])
		}
		for _, name := range held {
			if !exists(t, name[1]) {
				t.Errorf("there is no %s, which is to hold: %s", name[1], cells[0])
			}
		}
	}
	if promises < 20 {
		t.Errorf("%d promises were found: the tables have another form", promises)
	}
}

// exists finds folder.TestName, or the exchange of a name.
func exists(t *testing.T, name string) bool {
	t.Helper()
	folder, function, isTest := strings.Cut(name, ".Test")
	if !isTest {
		_, err := os.Stat(filepath.Join(root, "testdata", "exchanges", name+".txtar"))
		return err == nil
	}
	paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func Test"+function+"(t ") {
			return true
		}
	}
	return false
}
