package checker

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const policy = "token: {secret: 0123456789abcdef0123456789abcdef}\n"

func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	folder := t.TempDir()
	good := write(t, folder, "good/notes.txt", "a note\n")
	write(t, folder, "good/deep/data.json", `{"a":1}`)
	empty := write(t, folder, "good/empty.txt", "")
	bad := write(t, folder, "bad/holiday.png", "\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 100))
	plain := write(t, folder, "policy.yaml", policy)
	picky := write(t, folder, "picky.yaml", policy+"files: {allowedMimeTypes: [image/png]}\n")
	small := write(t, folder, "small.yaml", policy+"files: {maxSize: 3}\n")
	faulty := write(t, folder, "faulty.yaml", "files: {maxSize: big, more: 1}\n")
	missing := filepath.Join(folder, "none.txt")

	cases := []struct {
		name           string
		args           []string
		code           int
		stdout, stderr []string
	}{
		{"one good file", []string{good}, 0, []string{"allowed", "notes.txt", "text/plain"}, nil},
		{"an empty file", []string{empty}, 0, []string{"allowed"}, nil},
		{"a folder of good files", []string{filepath.Join(folder, "good")}, 0, []string{"notes.txt", "data.json", "application/json"}, nil},
		{"one bad file", []string{bad}, 1, []string{"refused", "executable_content"}, nil},
		{"good and bad", []string{good, bad}, 1, []string{"allowed", "refused"}, nil},
		{"a missing file", []string{good, missing}, 2, []string{"allowed"}, []string{"none.txt"}},
		{"a missing file outweighs a bad one", []string{missing, bad}, 2, []string{"refused"}, []string{"none.txt"}},
		{"a policy that allows", []string{"--config", plain, good}, 0, []string{"allowed"}, nil},
		{"a policy that allows images only", []string{"--config", picky, good}, 1, []string{"type_not_allowed"}, nil},
		{"a policy with a low limit", []string{"--config", small, good}, 1, []string{"file_too_large"}, nil},
		{"a policy alone", []string{"--config", plain}, 0, []string{"no faults"}, nil},
		{"a faulty policy alone", []string{"--config", faulty}, 2, nil, []string{"files.maxSize: ", "files.more: ", "token"}},
		{"a faulty policy with files", []string{"--config", faulty, good}, 2, nil, []string{"files.maxSize: "}},
		{"a missing policy", []string{"--config", missing}, 2, nil, []string{"none.txt"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := Run(c.args, &stdout, &stderr); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.stdout {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("stdout lacks %q:\n%s", want, stdout.String())
				}
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("stderr lacks %q:\n%s", want, stderr.String())
				}
			}
			if len(c.stderr) == 0 && stderr.Len() > 0 {
				t.Errorf("stderr: %s", stderr.String())
			}
		})
	}
}

func TestJSON(t *testing.T) {
	folder := t.TempDir()
	good := write(t, folder, "notes.txt", "a note\n")
	bad := write(t, folder, "scan.pdf", "not a PDF at all\n")
	var stdout, stderr bytes.Buffer
	if code := Run([]string{"--json", good, bad}, &stdout, &stderr); code != 1 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), stdout.String())
	}
	var verdicts [2]verdict
	for index, line := range lines {
		if err := json.Unmarshal([]byte(line), &verdicts[index]); err != nil {
			t.Fatal(err)
		}
	}
	if v := verdicts[0]; !v.Allowed || v.File != good || v.MIMEType != "text/plain" || v.Size != 7 || v.Code != "" {
		t.Errorf("the good file: %+v", v)
	}
	if v := verdicts[1]; v.Allowed || v.File != bad || v.Code != "content_mismatch" || v.Message == "" {
		t.Errorf("the bad file: %+v", v)
	}
}

func TestNamesDoNotSteerTheTerminal(t *testing.T) {
	path := write(t, t.TempDir(), "a\x1b[2J.txt", "a note\n")
	var stdout, stderr bytes.Buffer
	if code := Run([]string{path}, &stdout, &stderr); code != 1 || !strings.Contains(stdout.String(), "filename_invalid") {
		t.Errorf("exit code %d: %s", code, stdout.String())
	}
	if strings.Contains(stdout.String(), "\x1b") {
		t.Errorf("an escape reached the terminal: %q", stdout.String())
	}
}

func TestLinksBelowAFolderAreNotFollowed(t *testing.T) {
	folder := t.TempDir()
	target := write(t, folder, "outside.txt", "a note\n")
	inside := filepath.Join(folder, "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(inside, "link.txt")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	Run([]string{"--json", inside}, &stdout, &stderr)
	if stdout.Len() > 0 {
		t.Errorf("the link was followed: %s", stdout.String())
	}
	// A link that is named itself is meant.
	Run([]string{"--json", link}, &stdout, &stderr)
	if !strings.Contains(stdout.String(), `"allowed":true`) {
		t.Errorf("the named link was not followed: %s%s", stdout.String(), stderr.String())
	}
}
