// Package page drives the page to try a policy in a real browser.
package page

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// TestPage runs page.test.mjs, which drives `casegate demo` and `casegate serve --page` in headless Chromium.
func TestPage(t *testing.T) {
	if err := harness.Setup("chromium"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("node_modules"); errors.Is(err, fs.ErrNotExist) {
		run(t, ".", nil, "npm", "ci", "--no-fund", "--no-audit", "--loglevel=error")
	}
	program := filepath.Join(t.TempDir(), "casegate")
	run(t, harness.Root(), nil, "go", "build", "-o", program, "./cmd/casegate")
	run(t, ".", []string{"CASEGATE=" + program}, "node", "page.test.mjs")
}

// run runs a command and fails the test with its output when the command fails.
func run(t *testing.T, folder string, environment []string, name string, arguments ...string) {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, arguments, err, output)
	}
	t.Logf("%s", output)
}
