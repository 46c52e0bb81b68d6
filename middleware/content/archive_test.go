package content

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

// inspectAs runs one inspection over a file with the default settings.
func inspectAs(what int, name string, file []byte) *refusal.Refusal {
	settings := Default()
	e := &env{settings: settings, name: name}
	if what == lookPDF {
		return inspectPDF(bytes.NewReader(file), int64(len(file)), e)
	}
	return look(what, bytes.NewReader(file), int64(len(file)), e)
}

// checkRefusal compares a refusal with a code and a part of its message; an empty code is none.
func checkRefusal(t *testing.T, no *refusal.Refusal, code, part string) {
	t.Helper()
	if no == nil {
		if code != "" {
			t.Errorf("passed, want %s", code)
		}
		return
	}
	if no.Code != code || !strings.Contains(no.Message, part) {
		t.Errorf("%s: %s\nwant %q with %q in it", no.Code, no.Message, code, part)
	}
}

// must gives the value, or ends the test run: the files of the tests are made by code that can't fail.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestPaths(t *testing.T) {
	for name, bad := range map[string]bool{
		"a.txt": false, "a/b/c.txt": false, "./a.txt": false, "a/": false, "ümlaut/日本.txt": false, ".hidden": false,
		"a..b": false, "..a/b": false, "a b": false, "12:30.log": false, strings.Repeat("d/", 64): false,
		"": true, "/etc/passwd": true, "../a": true, "a/../b": true, "a/..": true, "..": true, `a\b`: true, `..\a`: true,
		"C:a": true, "c:/a": true, "a/... /b": true, "a/.. /b": true, "a\x00.txt": true, "a\nb": true, "a\x7fb": true,
		strings.Repeat("d/", 65): true, strings.Repeat("a", 4097): true,
	} {
		if got := pathTrouble(name) != ""; got != bad {
			t.Errorf("%q: refused is %v, want %v", name, got, bad)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, c := range []struct {
		name, target string
		bad          bool
	}{
		{"a", "b", false},
		{"a", "b/c", false},
		{"a", "./b", false},
		{"d/a", "../b", false},
		{"d/e/a", "../../b", false},
		{"a", ".", false},
		{"a", "b..c", false},
		{"a", "", true},
		{"a", "/b", true},
		{"a", "..", true},
		{"a", "../b", true},
		{"d/a", "../../b", true},
		{"a", "b/..", true},
		{"a", "b/../..", true},
		{"d/a", "..//../b", true},
		{"d/a", "../b/../..", true},
		{"a", `..\b`, true},
		{"a", `C:\b`, true},
		{"a", "b\x00c", true},
	} {
		if got := newTree().link(c.name, c.target) != ""; got != c.bad {
			t.Errorf("%s -> %q: refused is %v, want %v", c.name, c.target, got, c.bad)
		}
	}
}

func TestNesting(t *testing.T) {
	inner := makeZIP(text("a.txt"))
	second := makeZIP(item{name: "inner.zip", body: inner})
	large := makeZIP(item{name: "noise", body: noise(heldMemory + 10), method: stored}, text("b.txt"))
	hiding := makeZIP(item{name: "noise", body: noise(heldMemory + 10), method: stored}, item{name: "x", body: program()})
	for name, c := range map[string]struct {
		what       int
		attached   string
		file       []byte
		code, part string
	}{
		"zip in zip":                  {lookZIP, "a.zip", second, "", ""},
		"zip in zip in zip":           {lookZIP, "a.zip", makeZIP(item{name: "second.zip", body: second}), "archive_unsafe", "in an archive in an archive"},
		"it without the name":         {lookZIP, "a.zip", makeZIP(item{name: "second", body: second}), "archive_unsafe", "in an archive in an archive"},
		"zip in gzip":                 {lookGzip, "a.zip.gz", makeGzip(inner), "", ""},
		"zip in zip in gzip":          {lookGzip, "a.zip.gz", makeGzip(second), "archive_unsafe", "in an archive in an archive"},
		"zip in tar.gz":               {lookGzip, "a.tar.gz", makeGzip(makeTar(item{name: "i.zip", body: inner})), "", ""},
		"zip in zip in tar.gz":        {lookGzip, "a.tar.gz", makeGzip(makeTar(item{name: "i.zip", body: second})), "archive_unsafe", "in an archive in an archive"},
		"gzip in gzip":                {lookGzip, "a.gz.gz", makeGzip(makeGzip([]byte("x"))), "", ""},
		"gzip in gzip in gzip":        {lookGzip, "a.gz", makeGzip(makeGzip(makeGzip([]byte("x")))), "archive_unsafe", "in an archive in an archive"},
		"tar.gz in zip":               {lookZIP, "a.zip", makeZIP(item{name: "i.tgz", body: makeGzip(makeTar(text("a")))}), "", ""},
		"tar in zip":                  {lookZIP, "a.zip", makeZIP(item{name: "i.tar", body: makeTar(text("a"))}), "", ""},
		"bzip2 in zip":                {lookZIP, "a.zip", makeZIP(item{name: "i.bz2", body: makeBzip2("hello\n")}), "", ""},
		"7z in zip":                   {lookZIP, "a.zip", makeZIP(item{name: "i.7z", body: []byte("7z\xbc\xaf\x27\x1c\x00\x04" + "rest")}), "", ""},
		"7z in zip in zip":            {lookZIP, "a.zip", makeZIP(item{name: "i.zip", body: makeZIP(item{name: "i", body: []byte("7z\xbc\xaf\x27\x1c\x00\x04")})}), "archive_unsafe", "in an archive in an archive"},
		"rar in zip":                  {lookZIP, "a.zip", makeZIP(item{name: "i", body: []byte("Rar!\x1a\x07\x01\x00")}), "archive_unsafe", "can't be inspected"},
		"xz in tar":                   {lookTar, "a.tar", makeTar(item{name: "i.xz", body: []byte("\xfd7zXZ\x00\x00\x04")}), "archive_unsafe", "can't be inspected"},
		"text named zip":              {lookZIP, "a.zip", makeZIP(item{name: "i.zip", body: []byte("just text")}), "archive_unsafe", "named as an archive"},
		"nothing named zip":           {lookZIP, "a.zip", makeZIP(item{name: "i.zip"}), "", ""},
		"a program in it":             {lookZIP, "a.zip", makeZIP(item{name: "i.zip", body: makeZIP(item{name: "readme", body: program()})}), "executable_content", "readme"},
		"a program in tgz in it":      {lookZIP, "a.zip", makeZIP(item{name: "i.tgz", body: makeGzip(makeTar(item{name: "readme", body: program()}))}), "executable_content", "readme"},
		"a large zip in it":           {lookZIP, "a.zip", makeZIP(item{name: "i.zip", body: large}), "", ""},
		"a program in that":           {lookZIP, "a.zip", makeZIP(item{name: "i.zip", body: hiding}), "executable_content", ""},
		"a large zip, cut off":        {lookZIP, "a.zip", makeZIP(item{name: "i.zip", body: large[:len(large)-5]}), "archive_unsafe", "end like a ZIP"},
		"a gzip, cut off":             {lookZIP, "a.zip", makeZIP(item{name: "i.gz", body: cutOff(makeGzip(noise(5000)), 20)}), "archive_unsafe", "cut off"},
		"bytes behind a nested gzip":  {lookZIP, "a.zip", makeZIP(item{name: "i.gz", body: append(makeGzip([]byte("x")), "behind"...)}), "archive_unsafe", "damaged"},
		"bytes behind a nested bzip2": {lookZIP, "a.zip", makeZIP(item{name: "i.bz2", body: append(makeBzip2("hello\n"), "behind"...)}), "archive_unsafe", "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(c.what, c.attached, c.file), c.code, c.part)
		})
	}
}

func cutOff(file []byte, n int) []byte { return file[:len(file)-n] }

// noise does not compress, and holds no mark of anything.
func noise(n int) []byte {
	out := make([]byte, n)
	state := uint32(1)
	for i := range out {
		state = state*1664525 + 1013904223
		out[i] = byte(state>>24) | 0x80
	}
	return out
}

func TestCountsAddUp(t *testing.T) {
	tiny := func(n int) item { return item{name: "f" + strconv.Itoa(n)} }
	inner := makeZIP(many(6000, tiny)...)
	for name, c := range map[string]struct {
		file       []byte
		code, part string
	}{
		"10,000 entries": {makeZIP(many(10_000, tiny)...), "", ""},
		"10,001 entries": {makeZIP(many(10_001, tiny)...), "archive_unsafe", "10,000 entries"},
		"6,001 entries":  {makeZIP(item{name: "a.zip", body: inner}), "", ""},
		"12,002 entries in two archives": {
			makeZIP(item{name: "a.zip", body: inner}, item{name: "b.zip", body: inner}), "archive_unsafe", "10,000 entries",
		},
		"10 MiB of zeros": {makeZIP(item{name: "a", body: make([]byte, 10<<20)}), "", ""},
		"11 MiB of zeros": {makeZIP(item{name: "a", body: make([]byte, 11<<20)}), "archive_unsafe", "200 times"},
		"6 MiB of zeros twice, nested": {
			makeZIP(item{name: "a.gz", body: makeGzip(make([]byte, 6<<20))}, item{name: "b.gz", body: makeGzip(make([]byte, 6<<20))}),
			"archive_unsafe", "200 times",
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookZIP, "a.zip", c.file), c.code, c.part)
		})
	}
}

// Nothing is unpacked beyond the budget, whatever the archive says.
func TestUnpackingIsBounded(t *testing.T) {
	zeros := makeGzip(make([]byte, 64<<20))
	tarHeaders := makeGzip(bytes.Repeat(makeTar(text("a"))[:1024], 30_000))
	for name, c := range map[string]struct {
		what int
		name string
		file []byte
	}{
		"gzip":                  {lookGzip, "a.gz", zeros},
		"gzip, named as a tar":  {lookGzip, "a.tar.gz", zeros},
		"headers in a tar":      {lookGzip, "a.tgz", tarHeaders},
		"gzip in zip":           {lookZIP, "a.zip", makeZIP(item{name: "a.gz", body: zeros})},
		"gzip, stored":          {lookZIP, "a.zip", makeZIP(item{name: "a.gz", body: zeros, method: stored})},
		"a zip that lies small": {lookZIP, "a.zip", lying()},
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{settings: Default(), name: c.name}
			no := look(c.what, bytes.NewReader(c.file), int64(len(c.file)), e)
			if no == nil || no.Code != "archive_unsafe" {
				t.Errorf("%+v, want archive_unsafe", no)
			}
			most := int64(len(c.file))*maxRatio + unpackChunk
			if most < ratioFrom+2*unpackChunk {
				most = ratioFrom + 2*unpackChunk
			}
			if e.unpacked > most {
				t.Errorf("%d bytes unpacked, want at most %d", e.unpacked, most)
			}
			if e.entries > maxEntries+1 {
				t.Errorf("%d entries read", e.entries)
			}
		})
	}
}

// lying is a ZIP whose member says that it holds one byte, and unpacks to 64 MiB.
func lying() []byte {
	var packed bytes.Buffer
	f := must(flate.NewWriter(&packed, 6))
	must(f.Write(make([]byte, 64<<20)))
	f.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	h := &zip.FileHeader{Name: "a", Method: zip.Deflate, CRC32: crc([]byte{0}), CompressedSize64: uint64(packed.Len()), UncompressedSize64: 1}
	must(must(w.CreateRaw(h)).Write(packed.Bytes()))
	w.Close()
	return out.Bytes()
}

func TestEveryReadErrorIsRefused(t *testing.T) {
	file := makeZIP(text("a.txt"))
	no := inspectZIP(failing{}, int64(len(file)), &env{settings: Default(), name: "a.zip"})
	checkRefusal(t, no, "archive_unsafe", "")
	no = inspectGzip(failing{}, 100, &env{settings: Default(), name: "a.gz"})
	checkRefusal(t, no, "archive_unsafe", "")
	no = inspectBzip2(failing{}, 100, &env{settings: Default(), name: "a.bz2"})
	checkRefusal(t, no, "archive_unsafe", "")
	no = inspectTar(failing{}, 100, &env{settings: Default(), name: "a.tar"})
	checkRefusal(t, no, "archive_unsafe", "")
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func codeOf(no *refusal.Refusal) string {
	if no == nil {
		return ""
	}
	return no.Code
}

// A large ZIP in an archive counts with all that the process holds, as long as it is inspected.
func TestHeldZIPIsCounted(t *testing.T) {
	large := makeZIP(item{name: "noise", body: noise(3*heldStep + 10), method: stored})
	outer := makeZIP(item{name: "a.zip", body: large, method: stored})
	held := int64(100)
	for _, c := range []struct {
		most int64
		code string
	}{{100 + 4*heldStep, ""}, {100 + 3*heldStep, "storage_unavailable"}, {100, "storage_unavailable"}} {
		settings := Default()
		settings.Directory, settings.Held, settings.MaxHeld = t.TempDir(), &held, c.most
		no := look(lookZIP, bytes.NewReader(outer), int64(len(outer)), &env{settings: settings, name: "a.zip"})
		checkRefusal(t, no, c.code, "")
		if no != nil && no.RetryAfter == 0 {
			t.Errorf("no time to come back is named")
		}
		if held != 100 {
			t.Errorf("%d bytes are still counted", held-100)
		}
	}
}

func TestManyBzip2FilesInAnArchive(t *testing.T) {
	inner := func(n int) item { return item{name: fmt.Sprintf("%d.bz2", n), body: makeBzip2("")} }
	checkRefusal(t, inspectAs(lookTar, "a.tar", makeTar(many(maxBzip2, inner)...)), "", "")
	checkRefusal(t, inspectAs(lookTar, "a.tar", makeTar(many(maxBzip2+1, inner)...)), "archive_unsafe", "1,500 bzip2 files")
}
