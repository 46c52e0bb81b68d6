package content

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/casegate/casegate/middleware/refusal"
)

// The corpus is what every machine has: Go's own tree, and the system's packages where there are any. Genuine files must
// pass under a fitting name, and programs must be refused under any.
const (
	corpusPerType  = 300
	corpusFileSize = 4 << 20
	corpusTime     = time.Minute
)

// attachedAs are the names that genuine files of an extension get.
var attachedAs = map[string]string{
	".go": "a.txt", ".s": "a.txt", ".c": "a.txt", ".h": "a.txt", ".py": "a.txt", ".pl": "a.txt", ".js": "a.txt", ".css": "a.txt", ".mod": "a.txt",
	".txt": "a.txt", ".log": "a.log", ".conf": "a.conf", ".ini": "a.ini", ".md": "a.md", ".csv": "a.csv", ".json": "a.json", ".map": "a.map",
	".yml": "a.yml", ".yaml": "a.yml", ".xml": "a.xml", ".html": "a.html",
	".png": "a.png", ".jpg": "a.jpg", ".jpeg": "a.jpg", ".gif": "a.gif", ".ico": "a.ico", ".bmp": "a.bmp", ".webp": "a.webp", ".tiff": "a.tif",
	".svg": "a.svg", ".svgz": "a.svgz", ".pdf": "a.pdf", ".gz": "a.gz", ".zip": "a.zip", ".bz2": "a.bz2", ".tar": "a.tar", ".pcap": "a.pcap",
}

// excuses are the reasons for which a file of the corpus is rightly refused, each judged without the code under test.
var excuses = []struct {
	reason string
	holds  func(path, name string, data []byte, no *refusal.Refusal) bool
}{
	{"begins with #!", func(_, _ string, data []byte, no *refusal.Refusal) bool {
		return no.Code == wantExecutable && bytes.HasPrefix(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("#!"))
	}},
	{"is not UTF-8", func(_, name string, data []byte, no *refusal.Refusal) bool {
		return no.Code == wantMismatch && textName(name) && !utf8.Valid(data)
	}},
	{"holds control characters", func(_, name string, data []byte, no *refusal.Refusal) bool {
		return no.Code == wantMismatch && textName(name) && bytes.IndexFunc(data, func(r rune) bool {
			return r < 0x20 && !strings.ContainsRune("\t\n\f\r\x1b", r)
		}) >= 0
	}},
	{"is empty", func(_, _ string, data []byte, no *refusal.Refusal) bool {
		return no.Code == wantMismatch && len(data) == 0
	}},
	{"is no page: it holds no tag", func(_, name string, data []byte, _ *refusal.Refusal) bool {
		return name == "a.html" && !bytes.Contains(data, []byte("<"))
	}},
	{"Go's own decoder refuses it", func(_, name string, data []byte, _ *refusal.Refusal) bool { return broken(name, data) }},
	{"is made to be odd: test data of Go's readers", func(path, _ string, _ []byte, _ *refusal.Refusal) bool {
		folder := filepath.ToSlash(filepath.Dir(path))
		return strings.HasSuffix(folder, "/src/archive/zip/testdata") || strings.HasSuffix(folder, "/src/archive/tar/testdata")
	}},
	{"holds programs", func(_, name string, data []byte, no *refusal.Refusal) bool {
		return no.Code == wantExecutable && holdsPrograms(name, data)
	}},
}

func textName(name string) bool {
	kind := knownTypes().rows[knownTypes().byName[name[2:]]]
	return kind.known == byText
}

// broken tells whether the standard library can't read the file either.
func broken(name string, data []byte) bool {
	var err error
	switch name {
	case "a.png", "a.jpg", "a.gif":
		_, _, err = image.Decode(bytes.NewReader(data))
	case "a.json", "a.map":
		if !json.Valid(data) {
			return true
		}
	case "a.zip":
		_, err = zip.NewReader(bytes.NewReader(data), int64(len(data)))
	case "a.gz":
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			_, err = io.Copy(io.Discard, r)
		}
	case "a.tar":
		r := tar.NewReader(bytes.NewReader(data))
		for err == nil {
			if _, err = r.Next(); err == nil {
				_, err = io.Copy(io.Discard, r)
			}
		}
		if err == io.EOF {
			err = nil
		}
	}
	return err != nil
}

// isProgram is a plain look at the first bytes.
func isProgram(head []byte) bool {
	for _, mark := range []string{"\x7fELF", "MZ", "#!", "\xca\xfe\xba\xbe", "!<arch>\ndebian", "\xcf\xfa\xed\xfe", "\xfe\xed\xfa", "\x00asm", "L\x00\x00\x00\x01\x14\x02"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			return true
		}
	}
	return false
}

// holdsPrograms tells whether a member of the archive is a program.
func holdsPrograms(name string, data []byte) bool {
	switch name {
	case "a.zip":
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return false
		}
		for _, f := range r.File {
			if m, err := f.Open(); err == nil {
				head := make([]byte, 16)
				n, _ := io.ReadFull(m, head)
				if isProgram(head[:n]) {
					return true
				}
			}
		}
	case "a.gz":
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return false
		}
		whole, _ := io.ReadAll(r)
		return isProgram(whole) || holdsPrograms("a.tar", whole)
	case "a.tar":
		r := tar.NewReader(bytes.NewReader(data))
		for {
			if _, err := r.Next(); err != nil {
				return false
			}
			head := make([]byte, 16)
			n, _ := io.ReadFull(r, head)
			if isProgram(head[:n]) {
				return true
			}
		}
	}
	return false
}

func goRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// walk visits the regular files below the roots until the time is over or visit says so. Roots that are not there have none.
func walk(roots []string, until time.Time, visit func(path string, info fs.FileInfo)) {
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if time.Now().After(until) {
				return fs.SkipAll
			}
			if err != nil {
				return nil
			}
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && info.Size() <= corpusFileSize {
				visit(path, info)
			}
			return nil
		})
	}
}

// tally counts what became of the files of one kind.
type tally struct {
	tried, accepted int
	refused         map[string]int
}

func report(t *testing.T, title string, tallies map[string]*tally) {
	t.Helper()
	kinds := make([]string, 0, len(tallies))
	for kind := range tallies {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	out := title + "\n"
	for _, kind := range kinds {
		c := tallies[kind]
		out += fmt.Sprintf("%-10s tried %4d accepted %4d", kind, c.tried, c.accepted)
		for reason, n := range c.refused {
			out += fmt.Sprintf(" · refused %d: %s", n, reason)
		}
		out += "\n"
	}
	t.Log(out)
}

func TestCorpusPasses(t *testing.T) {
	i := New(everything())
	tallies := map[string]*tally{}
	wrong, total := 0, 0
	walk([]string{goRoot(t), "/usr/share"}, time.Now().Add(corpusTime), func(path string, _ fs.FileInfo) {
		extension := filepath.Ext(path)
		name, wanted := attachedAs[extension]
		c := tallies[extension]
		if c == nil {
			c = &tally{refused: map[string]int{}}
		}
		if !wanted || c.tried >= corpusPerType {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return
		}
		tallies[extension] = c
		c.tried++
		total++
		no := judge(i, name, data, true, func() int { return 256 << 10 })
		if no == nil {
			c.accepted++
			return
		}
		for _, excuse := range excuses {
			if excuse.holds(path, name, data, no) {
				c.refused[excuse.reason]++
				return
			}
		}
		c.refused["WRONGLY"]++
		wrong++
		t.Errorf("%s as %s: %s: %s %s", path, name, no.Code, no.Message, no.Detail)
	})
	report(t, "genuine files", tallies)
	if total < 500 {
		t.Errorf("only %d files were tried", total)
	}
}

func TestCorpusOfProgramsIsRefused(t *testing.T) {
	i := New(everything())
	root := goRoot(t)
	tallies := map[string]*tally{}
	total := 0
	walk([]string{filepath.Join(root, "pkg", "tool"), filepath.Join(root, "bin"), filepath.Join(root, "src", "debug"), "/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"},
		time.Now().Add(corpusTime), func(path string, _ fs.FileInfo) {
			kind := "the system"
			if strings.HasPrefix(path, root) {
				kind = "Go"
			}
			c := tallies[kind]
			if c == nil {
				c = &tally{refused: map[string]int{}}
			}
			if c.tried >= 4*corpusPerType {
				return
			}
			data, err := os.ReadFile(path)
			if err != nil || !isProgram(data) {
				return
			}
			tallies[kind] = c
			c.tried++
			total++
			for _, name := range disguises {
				no := judge(i, name, data, true, func() int { return 256 << 10 })
				if no == nil || no.Code != wantExecutable {
					c.accepted++
					t.Errorf("%s as %s: %v", path, name, no)
					return
				}
			}
			c.refused["executable_content under every name"]++
		})
	report(t, "programs", tallies)
	if total < 5 {
		t.Errorf("only %d programs were tried", total)
	}
}
