// Package corpus is what every machine has: Go's own tree, and the system's packages where there are any. Genuine files must
// pass under a fitting name, and programs must be refused under any, compiled and interpreted.
package corpus

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	executable = "executable_content"
	mismatch   = "content_mismatch"
)

// Bounds say how much of the corpus is taken.
type Bounds struct {
	// PerKind is how many files are taken of each extension, and of programs of each origin.
	PerKind int
	// Size is that of the largest file.
	Size int64
	// Time is how long may be spent.
	Time time.Duration
}

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
	holds  func(path, name string, data []byte, code string) bool
}{
	{"begins with #!", func(_, _ string, data []byte, code string) bool {
		return code == executable && bytes.HasPrefix(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("#!"))
	}},
	{"is not UTF-8", func(_, name string, data []byte, code string) bool {
		return code == mismatch && texts[name] && !utf8.Valid(data)
	}},
	{"holds control characters", func(_, name string, data []byte, code string) bool {
		return code == mismatch && texts[name] && bytes.IndexFunc(data, func(r rune) bool {
			return r < 0x20 && !strings.ContainsRune("\t\n\f\r\x1b", r)
		}) >= 0
	}},
	{"is empty", func(_, _ string, data []byte, code string) bool {
		return code == mismatch && len(data) == 0
	}},
	{"is no page: it holds no tag", func(_, name string, data []byte, _ string) bool {
		return name == "a.html" && !bytes.Contains(data, []byte("<"))
	}},
	{"Go's own decoder refuses it", func(_, name string, data []byte, _ string) bool { return broken(name, data) }},
	{"is made to be odd: test data of Go's readers", func(path, _ string, _ []byte, _ string) bool {
		folder := filepath.ToSlash(filepath.Dir(path))
		return strings.HasSuffix(folder, "/src/archive/zip/testdata") || strings.HasSuffix(folder, "/src/archive/tar/testdata")
	}},
	{"holds programs", func(_, name string, data []byte, code string) bool {
		return code == executable && holdsPrograms(name, data)
	}},
}

// texts are the names of attachedAs that stand for texts.
var texts = map[string]bool{
	"a.txt": true, "a.log": true, "a.conf": true, "a.ini": true, "a.md": true, "a.csv": true, "a.json": true, "a.map": true, "a.yml": true,
	"a.xml": true, "a.html": true,
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

// goRoot is where Go's own tree lies.
func goRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	return strings.TrimSpace(string(out)), err
}

// walk visits the regular files below the roots until the time is over. Roots that are not there have none.
func walk(roots []string, bounds Bounds, visit func(path string)) {
	until := time.Now().Add(bounds.Time)
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if time.Now().After(until) {
				return fs.SkipAll
			}
			if err != nil {
				return nil
			}
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && info.Size() <= bounds.Size {
				visit(path)
			}
			return nil
		})
	}
}

// Result is what became of the files.
type Result struct {
	// Tried counts the files, and Wrong names those that were judged wrongly.
	Tried int
	Wrong []string

	title   string
	tallies map[string]*tally
}

// tally counts what became of the files of one kind.
type tally struct {
	tried, accepted int
	refused         map[string]int
}

func newResult(title string) *Result {
	return &Result{title: title, tallies: map[string]*tally{}}
}

// of gives the tally of a kind, unless enough of it have been tried.
func (r *Result) of(kind string, most int) *tally {
	c := r.tallies[kind]
	if c == nil {
		c = &tally{refused: map[string]int{}}
		r.tallies[kind] = c
	}
	if c.tried >= most {
		return nil
	}
	return c
}

// String is the result as a table.
func (r *Result) String() string {
	kinds := make([]string, 0, len(r.tallies))
	for kind := range r.tallies {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	out := r.title + "\n"
	for _, kind := range kinds {
		c := r.tallies[kind]
		out += fmt.Sprintf("%-10s tried %4d accepted %4d", kind, c.tried, c.accepted)
		for reason, n := range c.refused {
			out += fmt.Sprintf(" · refused %d: %s", n, reason)
		}
		out += "\n"
	}
	return out
}

// Genuine has genuine files judged under fitting names. judge gives the refusal's code, or "", and what it says.
func Genuine(bounds Bounds, judge func(name string, data []byte) (code, detail string)) (*Result, error) {
	root, err := goRoot()
	if err != nil {
		return nil, err
	}
	result := newResult("genuine files")
	walk([]string{root, "/usr/share"}, bounds, func(path string) {
		name, wanted := attachedAs[filepath.Ext(path)]
		if !wanted {
			return
		}
		c := result.of(filepath.Ext(path), bounds.PerKind)
		if c == nil {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return
		}
		c.tried++
		result.Tried++
		code, detail := judge(name, data)
		if code == "" {
			c.accepted++
			return
		}
		for _, excuse := range excuses {
			if excuse.holds(path, name, data, code) {
				c.refused[excuse.reason]++
				return
			}
		}
		c.refused["WRONGLY"]++
		result.Wrong = append(result.Wrong, path+" as "+name+": "+code+": "+detail)
	})
	return result, nil
}

// Programs has programs judged under each of the names.
func Programs(bounds Bounds, names []string, judge func(name string, data []byte) (code, detail string)) (*Result, error) {
	root, err := goRoot()
	if err != nil {
		return nil, err
	}
	result := newResult("programs")
	roots := []string{
		filepath.Join(root, "pkg", "tool"), filepath.Join(root, "bin"), filepath.Join(root, "src", "debug"),
		"/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
	}
	walk(roots, bounds, func(path string) {
		kind := "the system"
		if strings.HasPrefix(path, root) {
			kind = "Go"
		}
		c := result.of(kind, bounds.PerKind)
		if c == nil {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil || !isProgram(data) {
			return
		}
		c.tried++
		result.Tried++
		for _, name := range names {
			if code, detail := judge(name, data); code != executable {
				c.accepted++
				result.Wrong = append(result.Wrong, path+" as "+name+": "+code+": "+detail)
				return
			}
		}
		c.refused["executable_content under every name"]++
	})
	return result, nil
}
