package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Log is Traefik's own log, JSON lines.
func (t *Traefik) Log() string { return readText(t.path("traefik.log")) }

// Output is what the process wrote to its standard streams: audit events, and a crash's trace.
func (t *Traefik) Output() string { return readText(t.path("output.log")) }

// Access gives the access log's entries.
func (t *Traefik) Access() ([]map[string]any, error) {
	var entries []map[string]any
	decoder := json.NewDecoder(strings.NewReader(readText(t.path("access.log"))))
	for {
		var entry map[string]any
		err := decoder.Decode(&entry)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
}

// Leftovers lists the files in the process's temporary folder and those that it holds open although they are unlinked.
func (t *Traefik) Leftovers() ([]string, error) {
	var names []string
	entries, err := os.ReadDir(t.TempDir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	descriptors := filepath.Join("/proc", strconv.Itoa(t.PID), "fd")
	open, err := os.ReadDir(descriptors)
	if err != nil {
		return nil, err
	}
	for _, descriptor := range open {
		target, err := os.Readlink(filepath.Join(descriptors, descriptor.Name()))
		if err == nil && strings.HasPrefix(target, t.TempDir) && strings.HasSuffix(target, " (deleted)") {
			names = append(names, target)
		}
	}
	return names, nil
}

// Dump prints the ends of the logs.
func (t *Traefik) Dump() {
	for _, name := range []string{"output.log", "traefik.log"} {
		text := readText(t.path(name))
		// A crash says at its beginning what it is, everything else is of interest at its end.
		const first, last = 1 << 10, 4 << 10
		if len(text) > first+last {
			text = text[:first] + "\n…\n" + text[len(text)-last:]
		}
		fmt.Fprintf(os.Stderr, "--- Traefik's %s\n%s\n", name, text)
	}
}

func readText(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
