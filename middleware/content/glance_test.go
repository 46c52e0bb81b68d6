package content

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/casegate/casegate/middleware/lane"
)

// glance takes one look at a file.
func glance(i *Inspector, filename string, data []byte) *Seen {
	s := &Seen{Inspector: i, Filename: filename, File: data}
	once := lane.Once()
	Glance(once, s)
	lane.Result(once)
	return s
}

// agrees fails where a glance passes what the longer ways refuse, or takes a name for another type.
func agrees(t *testing.T, i *Inspector, filename string, data []byte) (passed bool) {
	t.Helper()
	seen := glance(i, filename, data)
	if seen.Type == nil {
		if seen.Passed {
			t.Fatalf("%s: passed without a type", filename)
		}
		return false
	}
	kind, no := ByName(i, filename)
	if no != nil || kind != seen.Type {
		t.Fatalf("%s: a glance takes it for %s: %+v", filename, seen.Type.MIME, no)
	}
	whole := Whole(i, kind, filename, data)
	parts := judge(i, filename, data, true, func() int { return 256 << 10 })
	if code(whole) != code(parts) {
		t.Fatalf("%s: whole %q, in parts %q", filename, code(whole), code(parts))
	}
	if seen.Passed && whole != nil {
		t.Fatalf("%s: a glance passes it, but it is %s: %s", filename, whole.Code, whole.Message)
	}
	return seen.Passed
}

func TestGlancePassesNothingElse(t *testing.T) {
	passed := 0
	for _, i := range []*Inspector{New(everything()), New(Default())} {
		for _, s := range samples() {
			if agrees(t, i, s.file, []byte(s.data)) {
				passed++
			}
		}
	}
	if passed < 20 {
		t.Errorf("a glance settles only %d samples", passed)
	}
}

// What most people attach is settled at a glance, and what is only a little different is not.
func TestGlanceSettlesTheUsual(t *testing.T) {
	i := New(Default())
	// With a chunk of text before its end, so that there is room in it.
	plain := makePNG(60, 60)
	text := "tEXt" + strings.Repeat("a picture of nothing ", 100)
	chunk := string(binary.BigEndian.AppendUint32(nil, uint32(len(text)-4))) + text
	chunk += string(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
	picture := plain[:len(plain)-12] + chunk + plain[len(plain)-12:]
	line := "2026-01-02T03:04:05Z something happened\n"
	for name, row := range map[string]struct {
		file, data string
		want       bool
	}{
		"a picture": {"a.png", picture, true},
		"a log":     {"a.log", line, true},
		"a log that is longer than a disc's mark": {"a.log", strings.Repeat(line, 1000), true},
		"a log with the mark of a disc":           {"a.log", strings.Repeat("-", discMark) + "CD001" + line, false},
		"a table":                                 {"a.csv", "1,2\n", true},
		"records":                                 {"a.json", `{"a":1}`, true},
		"a name in capitals":                      {"a.PNG", picture, false},
		"no extension":                            {"png", picture, false},
		"bytes behind a picture's end":            {"a.png", picture + "more", false},
		"the mark of a disk image":                {"a.png", picture[:len(picture)-trailer] + "koly" + picture[len(picture)-trailer+4:], false},
		"an archive's end in a picture":           {"a.png", strings.Replace(picture, "IDAT", "PK\x05\x06", 1), false},
		"a document in a picture":                 {"a.png", picture[:40] + "%PDF-" + picture[45:], false},
		"a page in a picture":                     {"a.png", picture[:40] + "<script>" + picture[48:], false},
		"a picture of no width":                   {"a.png", picture[:16] + "\x00\x00\x00\x00" + picture[20:], false},
		"a picture too large":                     {"a.png", picture[:16] + "\x00\x01\x00\x00\x00\x01\x00\x00" + picture[24:], false},
		"a picture of an unknown depth":           {"a.png", picture[:24] + "\x11" + picture[25:], false},
		"a script":                                {"a.log", "#!/bin/sh\n", false},
		"a page":                                  {"a.log", "<html>", false},
		"a control character":                     {"a.log", line + "\x00", false},
		"not UTF-8":                               {"a.log", line + "\xff\n", false},
		"a character that is cut":                 {"a.log", line + "\xc3", false},
		"a byte order mark":                       {"a.log", "\xef\xbb\xbf" + line, false},
		"nothing":                                 {"a.log", "", false},
	} {
		if got := agrees(t, i, row.file, []byte(row.data)); got != row.want {
			t.Errorf("%s: settled at a glance %v, want %v", name, got, row.want)
		}
	}
}

// FuzzGlance says that a glance passes nothing that the longer ways would not pass.
func FuzzGlance(f *testing.F) {
	for _, s := range samples() {
		if len(s.data) < 5000 {
			f.Add(s.file, []byte(s.data), uint32(0))
		}
	}
	f.Add("a.png", []byte(makePNG(60, 60)), uint32(40))
	i := New(everything())
	f.Fuzz(func(t *testing.T, filename string, data []byte, padding uint32) {
		agrees(t, i, filename, data)
		// The same in a larger file: the middle is filled up.
		half := len(data) / 2
		agrees(t, i, filename, bytes.Join([][]byte{data[:half], bytes.Repeat([]byte{'x'}, int(padding%(64<<10))), data[half:]}, nil))
	})
}
