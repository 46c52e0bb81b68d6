package content

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/casegate/casegate/middleware/refusal"
)

// everything allows every type of the catalogue.
func everything() Settings {
	s := Default()
	for i := range catalogue {
		s.AllowedMimeTypes = append(s.AllowedMimeTypes, catalogue[i].mime)
	}
	return s
}

// judge inspects a file in chunks of the size that next gives.
func judge(i *Inspector, file string, data []byte, held bool, next func() int) *refusal.Refusal {
	t, no := ByName(i, file)
	if no != nil {
		return no
	}
	n := i.Open(t, file)
	for rest := data; len(rest) > 0; {
		size := least(next(), len(rest))
		chunk := append([]byte(nil), rest[:size]...)
		if no = Write(n, chunk); no != nil {
			return no
		}
		// The chunk may be used again by its owner.
		for k := range chunk {
			chunk[k] = 0xaa
		}
		rest = rest[size:]
	}
	var whole io.ReaderAt
	if held {
		whole = bytes.NewReader(data)
	}
	return n.Finish(whole, int64(len(data)))
}

// verdict is the form in which samples name an answer.
func verdict(no *refusal.Refusal, want string) string {
	if no == nil {
		return ""
	}
	if strings.Contains(want, " ") {
		return no.Code + " " + no.Attributes["found"]
	}
	return no.Code
}

var chunkings = []struct {
	name string
	size func(total int) func() int
}{
	{"in blocks of 256 KiB", func(_ int) func() int { return func() int { return 256 << 10 } }},
	{"byte by byte", func(total int) func() int {
		// Large files begin byte by byte: the rest would only take time.
		sent := 0
		return func() int {
			sent++
			if sent < 70000 {
				return 1
			}
			return 9973
		}
	}},
	{"in odd sizes", func(_ int) func() int {
		n := 0
		return func() int { n++; return 1 + n*7919%40009 }
	}},
	{"in two halves", func(total int) func() int { return func() int { return total/2 + 1 } }},
	{"a little more than the head", func(_ int) func() int { return func() int { return headSize + 1 } }},
}

func TestSamples(t *testing.T) {
	i := New(everything())
	seen := map[string]bool{}
	for _, s := range samples() {
		if seen[s.name] {
			t.Errorf("two samples are named %q", s.name)
		}
		seen[s.name] = true
		for _, c := range chunkings {
			data := []byte(s.data)
			no := judge(i, s.file, data, true, c.size(len(data)))
			if got := verdict(no, s.want); got != s.want {
				t.Errorf("%s (%s) %s: got %q, want %q: %v", s.name, s.file, c.name, got, s.want, no)
			}
			if string(data) != s.data {
				t.Errorf("%s: the input was changed", s.name)
			}
		}
	}
	if len(seen) < 150 {
		t.Errorf("only %d samples", len(seen))
	}
}

// TestStreamedIsHeld says that what may flow on while it is read gets the same answer as when it is held, but for what only
// the whole file shows.
func TestStreamedIsHeld(t *testing.T) {
	i := New(everything())
	streamed := 0
	for _, s := range samples() {
		kind, no := ByName(i, s.file)
		if no != nil || !kind.Streams || kind.row.look != lookNone {
			continue
		}
		streamed++
		for _, c := range chunkings {
			no := judge(i, s.file, []byte(s.data), false, c.size(len(s.data)))
			if got := verdict(no, s.want); got != s.want {
				t.Errorf("%s (%s) %s: got %q, want %q", s.name, s.file, c.name, got, s.want)
			}
		}
	}
	if streamed < 100 {
		t.Errorf("only %d samples were streamed", streamed)
	}
}

func TestConcurrentUse(t *testing.T) {
	i := New(everything())
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for _, s := range samples() {
				no := judge(i, s.file, []byte(s.data), true, func() int { return 256 << 10 })
				if got := verdict(no, s.want); got != s.want {
					t.Errorf("%s: got %q, want %q", s.name, got, s.want)
				}
			}
		}()
	}
	all.Wait()
}

// TestShortFiles says that no beginning of any sample is too short to be judged.
func TestShortFiles(t *testing.T) {
	i := New(everything())
	for _, s := range genuineSamples() {
		for size := 0; size < len(s.data) && size < 160; size++ {
			judge(i, s.file, []byte(s.data[:size]), true, func() int { return 256 << 10 })
		}
	}
}

func TestRefusalIsFinal(t *testing.T) {
	i := New(Default())
	kind, _ := ByName(i, "a.txt")
	n := i.Open(kind, "a.txt")
	bad := append(bytes.Repeat([]byte("x"), headSize), 0)
	first := Write(n, bad)
	if first == nil {
		t.Fatal("a binary byte passed")
	}
	if Write(n, []byte("x")) != first || n.Finish(nil, 1) != first {
		t.Error("what followed a refusal got another answer")
	}
}

func TestSizeLimits(t *testing.T) {
	s := everything()
	s.MaxSize, s.MaxImageSize = 5000, 3000
	i := New(s)
	body := makePNG(20, 10)
	text := logLines(100)
	for _, c := range []struct {
		name, file, data, want, limit string
	}{
		{"image at its limit", "a.png", body + zeros(3000-len(body)), "", ""},
		{"image over its limit", "a.png", body + zeros(3001-len(body)), "file_too_large", "3000"},
		{"text at its limit", "a.txt", text[:5000], "", ""},
		{"text over its limit", "a.txt", text[:5001], "file_too_large", "5000"},
		{"svg counts as image", "a.svg", text[:3001], "file_too_large", "3000"},
		{"text over the limit of images", "a.txt", text[:3001], "", ""},
	} {
		for _, chunk := range chunkings {
			no := judge(i, c.file, []byte(c.data), true, chunk.size(len(c.data)))
			if got := verdict(no, c.want); got != c.want {
				t.Errorf("%s %s: got %q, want %q", c.name, chunk.name, got, c.want)
			}
			if no != nil && no.Attributes["limit"] != c.limit {
				t.Errorf("%s: limit %q, want %q", c.name, no.Attributes["limit"], c.limit)
			}
		}
	}
}

func TestSizeIsRaisedAtOnce(t *testing.T) {
	s := Default()
	s.MaxSize = 100
	i := New(s)
	kind, _ := ByName(i, "a.txt")
	n := i.Open(kind, "a.txt")
	if no := Write(n, make([]byte, 60)); no != nil {
		t.Fatalf("refused before the limit: %v", no)
	}
	if no := Write(n, make([]byte, 60)); no == nil || no.Code != "file_too_large" {
		t.Errorf("got %v, want file_too_large", no)
	}
}

func TestMessages(t *testing.T) {
	i := New(everything())
	for _, c := range []struct{ file, data, want string }{
		{"report.pdf", makePNG(3, 3), "report.pdf is named as application/pdf but its content is image/png: attach it under its real name"},
		{"notes.txt", "h\xe9llo", "notes.txt is named as text/plain but holds bytes that are not UTF-8: save it as UTF-8"},
		{"a.exe", "MZ", "a.exe ends in .exe, which stands for no allowed type: attach a file of an allowed type instead"},
	} {
		no := judge(i, c.file, []byte(c.data), true, func() int { return 1 << 20 })
		if no == nil || no.Message != c.want {
			t.Errorf("%s: got %v, want %q", c.file, no, c.want)
		}
	}
	kibana := New(Default())
	_, no := ByName(kibana, "a.gif")
	if no == nil || no.Message != "a.gif is named as image/gif, which is not allowed: attach a file of an allowed type instead" {
		t.Errorf("got %v", no)
	}
}

func TestKibanaTypes(t *testing.T) {
	list, err := os.ReadFile("../../testdata/kibana-mime-types.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]string
	if err = json.Unmarshal(list, &want); err != nil {
		t.Fatal(err)
	}
	i := New(Default())
	count := 0
	for mime, extensions := range want {
		if knownTypes().rows[mime] == nil {
			t.Errorf("%s has no row in the catalogue", mime)
		}
		for _, extension := range extensions {
			count++
			for _, name := range []string{"a." + extension, "A.B." + strings.ToUpper(extension)} {
				kind, no := ByName(i, name)
				if no != nil || kind.MIME != mime || kind.Extension != extension {
					t.Errorf("%s: got %v, %v, want %s", name, kind, no, mime)
				}
			}
		}
	}
	if got := i.Extensions(); len(got) != count {
		t.Errorf("%d extensions are allowed by default, Kibana allows %d", len(got), count)
	}
}

func TestCatalogueIsSound(t *testing.T) {
	mimes, extensions := map[string]bool{}, map[string]string{}
	for _, k := range kibanaTypes {
		for _, extension := range k.extensions {
			extensions[extension] = k.mime
		}
	}
	for i := range catalogue {
		r := &catalogue[i]
		if mimes[r.mime] {
			t.Errorf("%s has two rows", r.mime)
		}
		mimes[r.mime] = true
		for _, extension := range r.extensions {
			if other := extensions[extension]; other != "" {
				t.Errorf(".%s stands for %s and %s", extension, other, r.mime)
			}
			extensions[extension] = r.mime
		}
		if r.known == bySignature && len(r.magic) == 0 && r.match == nil {
			t.Errorf("%s has no signature", r.mime)
		}
		if r.streams && (r.shape == shapeTIFF || r.archive || r.look == lookSVG || r.look == lookOffice) {
			t.Errorf("%s can't be judged while it flows on", r.mime)
		}
	}
}

func TestArchivesSetting(t *testing.T) {
	bomb := sampleZIP("../x")
	for _, c := range []struct{ setting, want string }{{Allow, ""}, {Inspect, "archive_unsafe"}, {Refuse, "type_not_allowed"}} {
		s := Default()
		s.Archives = c.setting
		no := judge(New(s), "a.zip", []byte(bomb), true, func() int { return 1 << 20 })
		if got := verdict(no, c.want); got != c.want {
			t.Errorf("archives: %s: got %q, want %q", c.setting, got, c.want)
		}
	}
}

func TestActiveContentSetting(t *testing.T) {
	s := everything()
	s.ActiveContent = Allow
	i := New(s)
	for _, sample := range activeSamples() {
		if no := judge(i, sample.file, []byte(sample.data), true, func() int { return 1 << 20 }); no != nil {
			t.Errorf("%s: refused though active content is allowed: %v", sample.name, no)
		}
	}
	if no := judge(i, "a.txt", []byte("#!/bin/sh\n"), true, func() int { return 1 << 20 }); no == nil {
		t.Error("a program passed because active content is allowed")
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *Settings)
		want   []string
	}{
		{"default", func(_ *Settings) {}, nil},
		{"everything", func(s *Settings) { *s = everything() }, nil},
		{"empty list", func(s *Settings) { s.AllowedMimeTypes = []string{} }, []string{"allowedMimeTypes: is empty"}},
		{"another case", func(s *Settings) { s.AllowedMimeTypes = []string{"Image/PNG"} }, []string{`allowedMimeTypes[0]: "Image/PNG" is not a type that casegate can tell from its content: did you mean image/png?`}},
		{"a common slip", func(s *Settings) { s.AllowedMimeTypes = []string{"image/png", "image/jpg"} }, []string{"allowedMimeTypes[1]: \"image/jpg\" is not a type that casegate can tell from its content: did you mean image/jpeg?"}},
		{"an extension", func(s *Settings) { s.AllowedMimeTypes = []string{".docx"} }, []string{"did you mean application/vnd.openxmlformats-officedocument.wordprocessingml.document?"}},
		{"unknown", func(s *Settings) { s.AllowedMimeTypes = []string{"a/b"} }, []string{"allowedMimeTypes[0]: \"a/b\" is not a type that casegate can tell from its content: write one of"}},
		{"all at once", func(s *Settings) { *s = Settings{AllowedMimeTypes: []string{}} }, []string{"maxSize: ", "maxImageSize: ", "activeContent: ", "archives: ", "allowedMimeTypes: "}},
	} {
		s := Default()
		c.change(&s)
		got := s.Faults()
		if len(got) != len(c.want) {
			t.Errorf("%s: got %q, want %d faults", c.name, got, len(c.want))
			continue
		}
		for n, want := range c.want {
			if !strings.Contains(got[n], want) {
				t.Errorf("%s: got %q, want %q", c.name, got[n], want)
			}
		}
	}
}
