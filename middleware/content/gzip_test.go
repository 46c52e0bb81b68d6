package content

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/casegate/casegate/internal/hostile"
)

func TestGzip(t *testing.T) {
	hello := makeGzip([]byte("hello"))
	tarred := makeTar(text("a.txt"))
	for name, c := range map[string]struct {
		attached   string
		file       []byte
		code, part string
	}{
		"one stream":                    {"a.log.gz", hello, "", ""},
		"several streams":               {"a.log.gz", concat(hello, hello, hello), "", ""},
		"an empty stream":               {"a.gz", makeGzip(nil), "", ""},
		"with its name":                 {"a.gz", makeGzip([]byte("x"), "a.log"), "", ""},
		"a large file":                  {"a.gz", makeGzip(noise(5 * unpackChunk)), "", ""},
		"a tar":                         {"a.tar.gz", makeGzip(tarred), "", ""},
		"a tar with another name":       {"a.gz", makeGzip(tarred), "", ""},
		"a tar in several streams":      {"a.tgz", concat(makeGzip(tarred[:700]), makeGzip(nil), makeGzip(tarred[700:])), "", ""},
		"an empty tar":                  {"a.tgz", makeGzip(makeTar()), "", ""},
		"10,000 streams":                {"a.gz", bytes.Repeat(makeGzip(nil), 10_000), "", ""},
		"10,001 streams":                {"a.gz", bytes.Repeat(makeGzip(nil), 10_001), "archive_unsafe", "10,000 entries"},
		"10,001 streams as a tar":       {"a.tgz", bytes.Repeat(makeGzip(nil), 10_001), "archive_unsafe", "10,000 entries"},
		"a program":                     {"a.gz", makeGzip(program()), "executable_content", "program"},
		"a program in two streams":      {"a.gz", concat(makeGzip(program()[:1]), makeGzip(program()[1:])), "executable_content", "program"},
		"a program in a tar":            {"a.tgz", makeGzip(makeTar(item{name: "x", body: program()})), "executable_content", "program"},
		"a program in a tar, hidden":    {"a.gz", makeGzip(makeTar(item{name: "x", body: program()})), "executable_content", "program"},
		"a program's name":              {"setup.exe.gz", hello, "executable_content", "setup.exe"},
		"a program's name inside":       {"a.gz", makeGzip([]byte("x"), "setup.exe"), "executable_content", "setup.exe"},
		"it in the second stream":       {"a.gz", concat(hello, makeGzip([]byte("x"), "setup.exe")), "executable_content", "setup.exe"},
		"a path inside":                 {"a.gz", makeGzip([]byte("x"), "../a"), "archive_unsafe", "leads out"},
		"named as a tar, and is none":   {"a.tar.gz", hello, "archive_unsafe", "no tar archive"},
		"bytes behind it":               {"a.gz", append(append([]byte(nil), hello...), "behind"...), "archive_unsafe", "damaged"},
		"zeros behind it":               {"a.gz", append(append([]byte(nil), hello...), make([]byte, 512)...), "archive_unsafe", "damaged"},
		"cut off":                       {"a.gz", hello[:len(hello)-1], "archive_unsafe", "damaged"},
		"cut off in its head":           {"a.gz", hello[:5], "archive_unsafe", "no gzip file"},
		"a wrong checksum":              {"a.gz", patched(hello, len(hello)-8, "\x00\x00"), "archive_unsafe", "damaged"},
		"bytes behind the tar in it":    {"a.tgz", makeGzip(append(makeTar(text("a")), "behind"...)), "archive_unsafe", "behind its end"},
		"a tar that is cut off":         {"a.tgz", makeGzip(tarred)[:60], "archive_unsafe", ""},
		"bytes behind a gzip of a tar":  {"a.tgz", append(makeGzip(tarred), "behind"...), "archive_unsafe", ""},
		"a checksum behind a tar's end": {"a.tgz", patched(makeGzip(tarred), len(makeGzip(tarred))-8, "\x00\x00"), "archive_unsafe", ""},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookGzip, c.attached, c.file), c.code, c.part)
		})
	}
}

func TestBzip2(t *testing.T) {
	hello := makeBzip2("hello\n")
	for name, c := range map[string]struct {
		attached   string
		file       []byte
		code, part string
	}{
		"one stream":        {"a.bz2", hello, "", ""},
		"several streams":   {"a.bz2", concat(hello, hello), "", ""},
		"an empty stream":   {"a.bz2", makeBzip2(""), "", ""},
		"the first version": {"a.bz", []byte("BZ0anything"), "", ""},
		"a program's name":  {"setup.exe.bz2", hello, "executable_content", "setup.exe"},
		"named as a tar":    {"a.tar.bz2", hello, "archive_unsafe", "no tar archive"},
		"bytes behind it":   {"a.bz2", append(append([]byte(nil), hello...), "behind"...), "archive_unsafe", "damaged"},
		"cut off":           {"a.bz2", hello[:len(hello)-1], "archive_unsafe", "damaged"},
		"a wrong checksum":  {"a.bz2", patched(hello, 10, "\x00"), "archive_unsafe", "damaged"},
		"no bzip2":          {"a.bz2", []byte("text, and more text"), "archive_unsafe", "damaged"},
		"nothing":           {"a.bz2", nil, "archive_unsafe", "damaged"},
		"9,600 tiny blocks": {"a.bz2", hostile.Bzip2(12 * 200_400), "", ""},
		"10,400 of them":    {"a.bz2", hostile.Bzip2(13 * 200_400), "archive_unsafe", "smaller than what programs make"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookBzip2, c.attached, c.file), c.code, c.part)
		})
	}
}

func FuzzGzip(f *testing.F) {
	f.Add("a.gz", makeGzip([]byte("hello")))
	f.Add("a.tgz", makeGzip(makeTar(text("a.txt"))))
	f.Add("a.gz", concat(makeGzip(nil), makeGzip([]byte("x"), "name")))
	f.Add("a.gz", makeGzip(makeZIP(text("a.txt"))))
	f.Fuzz(func(t *testing.T, name string, file []byte) {
		if inspectAs(lookGzip, name, file) != nil {
			return
		}
		// What passes is a gzip file to the library as well, from its first byte to its last.
		r, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("passed, but: %v", err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatalf("passed, but: %v", err)
		}
	})
}

func FuzzBzip2(f *testing.F) {
	f.Add(makeBzip2("hello\n"))
	f.Add(makeBzip2(""))
	f.Add(hostile.Bzip2(1))
	f.Fuzz(func(_ *testing.T, file []byte) {
		inspectAs(lookBzip2, "a.bz2", file)
	})
}
