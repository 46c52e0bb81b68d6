// Package docs loads or runs every configuration and every command that the texts and the examples show.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	kibana     *harness.Upstream
	identities *provider
)

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node", "curl", "jq"); err != nil {
			return err
		}
		if kibana, err = harness.SharedUpstream("hapi"); err != nil {
			return err
		}
		identities, err = newProvider()
		return err
	})
}

// texts are the documents, by their paths in the repository.
func texts(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md"} {
		paths, err := filepath.Glob(filepath.Join(harness.Root(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(harness.Root(), path)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, filepath.ToSlash(name))
		}
	}
	for _, must := range []string{"README.md", "CONTRIBUTING.md", "docs/rollout.md", "docs/configuration.md"} {
		if !contains(found, must) {
			t.Errorf("%s is missing", must)
		}
	}
	return found
}

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

// read gives a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is one fenced block of a document.
type block struct {
	document string
	line     int
	kind     string
	text     string
}

// fence opens and closes a block. It may be indented, as part of a list.
var fence = regexp.MustCompile("^( *)```([^`]*)$")

// blocks gives all fenced blocks of a document, without their indentation.
func blocks(t *testing.T, document string) []block {
	t.Helper()
	var found []block
	var open *block
	indent := ""
	for number, line := range strings.Split(read(t, document), "\n") {
		match := fence.FindStringSubmatch(line)
		switch {
		case open == nil && match != nil:
			open, indent = &block{document: document, line: number + 1, kind: strings.TrimSpace(match[2])}, match[1]
		case open != nil && match != nil && match[2] == "":
			found = append(found, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block is not closed", document, open.line)
	}
	return found
}

// all gives the blocks of one kind in all documents.
func all(t *testing.T, kind string) []block {
	t.Helper()
	var found []block
	for _, document := range texts(t) {
		for _, one := range blocks(t, document) {
			if one.kind == kind {
				found = append(found, one)
			}
		}
	}
	return found
}

// Every kind of block is held to something by a test of this package, but for drawings and the output of programs.
func TestBlocksAreOfAKnownKind(t *testing.T) {
	kinds := []string{"yaml", "sh", "json", "kql", "text"}
	for _, document := range texts(t) {
		for _, one := range blocks(t, document) {
			drawing := one.kind == "" && strings.Contains(one.text, "┌")
			if !drawing && !contains(kinds, one.kind) {
				t.Errorf("%s:%d: a block of the unknown kind %q", document, one.line, one.kind)
			}
		}
	}
}
