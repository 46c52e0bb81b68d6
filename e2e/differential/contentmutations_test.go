package differential

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

// partsMutations send other parts than one file and at most one filename.
func partsMutations() []mutation {
	var list []mutation
	add := func(name string, apply func(m *message)) {
		list = append(list, mutation{name: "parts: " + name, apply: apply})
	}
	add("an evil file behind the file", func(m *message) { m.form.parts = append(m.form.parts, evil()) })
	add("an evil file before the file", func(m *message) { m.form.parts = append([]*part{evil()}, m.form.parts...) })
	add("the file twice", func(m *message) {
		again := *m.file()
		m.form.parts = append(m.form.parts, &again)
	})
	add("the title twice", func(m *message) {
		again := *m.title()
		m.form.parts = append(m.form.parts, &again)
	})
	add("two titles that differ", func(m *message) {
		m.title()
		m.add("evil.exe", `Content-Disposition: form-data; name="filename"`)
	})
	add("no file", func(m *message) { m.form.parts = []*part{m.title()} })
	add("the file without a file name", func(m *message) { m.file().redispose(`form-data; name="file"`) })
	add("a text part named file beside it", func(m *message) { m.add("x", `Content-Disposition: form-data; name="file"`) })
	add("a title that is a file", func(m *message) { m.title().redispose(`form-data; name="filename"; filename="a.txt"`) })
	for _, name := range []string{"x", "", "__proto__", "constructor", "hasOwnProperty", "toString", "prototype", "file[]", "file[0]", "file.name", "File", "FILE", "filename[]", "_charset_", "owner", "mimeType", "\xff", "file\x00"} {
		add(fmt.Sprintf("a text part %q", name), func(m *message) { m.add("x", `Content-Disposition: form-data; name="`+name+`"`) })
		add(fmt.Sprintf("a file part %q", name), func(m *message) {
			m.add(string(harness.ELF()), `Content-Disposition: form-data; name="`+name+`"; filename="evil.exe"`)
		})
	}
	for _, count := range []int{10, 100, 1001} {
		add(fmt.Sprintf("%d text parts", count), func(m *message) {
			for i := range count {
				m.add("x", fmt.Sprintf(`Content-Disposition: form-data; name="n%d"`, i))
			}
		})
	}
	for _, title := range []string{
		"", strings.Repeat("t", 161), strings.Repeat("t", 100_000), "a\x00b", "a\nb", "a\r\nb", "a/b", `a\b`, `a"b`, "../x", "a\x7fb", "a\x1bb", "\xff\xfe", "a\u202eb", "a\u2066b", "a\u2028b", "a\u2029b", "a\u200bb", "\ufeffa", "a\u0085b",
		"evil.exe", "evil.EXE", "evil.scr", "evil.com", "evil.bat", "evil.cmd", "evil.js", "evil.vbs", "evil.ps1", "evil.hta", "evil.msi", "evil.lnk", "evil.jar", "a. ", "a.", "a ", "CON", "nul", "COM1", "lpt9.txt",
	} {
		name := fmt.Sprintf("title of %d bytes: %.40q", len(title), title)
		add(name, func(m *message) {
			m.title().drop("Content-Length")
			m.title().body = []byte(title)
		})
	}
	list = append(list, mutation{name: "parts: title of 160 characters", harmless: true, apply: func(m *message) {
		m.title().drop("Content-Length")
		m.title().body = []byte(strings.Repeat("ü", 160))
	}})
	return list
}

// nameMutations give the file names that are refused.
func nameMutations() []mutation {
	var list []mutation
	for _, name := range []string{
		"", ".", "..", "png", "a", "a.", "a. ", "a.png ", "a.png.", " ", "../a.png", "a/../b.png", "/etc/passwd.png", `C:\a.png`, `..\a.png`, `a\.png`, "a.png/", "a/b.png", "evil.exe", "evil.dll", "evil.php", "evil.html", "evil.svg.exe", "evil.png.exe",
		"evil.png%00.exe", "evil.exe;.png/", "evil.xyz", "evil.EXE", "a.png\u202e", "a\u202egnp.exe", "a\u202a.png", "a\u202b.png", "a\u202c.png", "a\u202d.png", "a\u2066.png", "a\u2067.png", "a\u2068.png", "a\u2069.png", "a\u2028.png", "a\u2029.png", "a\u200b.png", "\ufeffa.png",
		"a\xff.png", "a\xc0\xaf.png", "a\xed\xa0\x80.png", "a\xf5\x80\x80\x80.png", "a\xe2\x82.png", "a.p\xffng", "CON.png", "con.png", "PRN.txt", "AUX.png", "NUL.png", "nul.tar.png", "COM1.png", "COM9.png", "LPT1.png", "a.pn\u0261", "a.png\u00a0", "a.ｐｎｇ",
		strings.Repeat("n", 157) + ".png", strings.Repeat("ü", 157) + ".png", strings.Repeat("n", 5000) + ".png", "=?utf-8?B?ZXZpbC5leGU=?=", "utf-8''evil.exe", "a.png%22; filename=%22evil.exe/",
	} {
		list = append(list, mutation{name: fmt.Sprintf("file name of %d bytes: %.60q", len(name), name), apply: func(m *message) { m.rename(name) }})
	}
	for character := rune(1); character < 0x20; character++ {
		list = append(list, mutation{name: fmt.Sprintf("file name: with %q", character), apply: func(m *message) { m.rename("a" + string(character) + "b.png") }})
	}
	for _, character := range []rune{0, 0x7f, 0x80, 0x85, 0x9f} {
		list = append(list, mutation{name: fmt.Sprintf("file name: with %q", character), apply: func(m *message) { m.rename("a" + string(character) + "b.png") }})
	}
	for _, name := range []string{"a.PNG", ".png", "a b.png", "a.b.c.png", "a.exe.png", "ünï.png", "u\u0308.png", "👩‍💻.png", "a%2fb.png", "a%00.png", "a'b.png", "a;b.png", "a=b.png", "a,b.png", "a&b<c>.png", "\u200fa.png", "-a.png", "~a.png", strings.Repeat("n", 156) + ".png"} {
		list = append(list, mutation{name: fmt.Sprintf("file name of %d bytes: %.60q", len(name), name), harmless: true, apply: func(m *message) { m.rename(name) }})
	}
	return list
}

// contentMutations send forbidden contents under every kind of name.
func contentMutations() []mutation {
	contents := map[string][]byte{
		"a Linux program":         harness.ELF(),
		"a Windows program":       harness.PE(),
		"a macOS program":         append([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00"), make([]byte, 64)...),
		"a macOS program for two": append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x02\x01\x00\x00\x07\x00\x00\x00\x03"), make([]byte, 64)...),
		"a Java class":            append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x41\x00\x1d"), make([]byte, 64)...),
		"WebAssembly":             append([]byte("\x00asm\x01\x00\x00\x00"), make([]byte, 16)...),
		"Android bytecode":        append([]byte("dex\n035\x00"), make([]byte, 104)...),
		"a shell script":          []byte("#!/bin/sh\nrm -rf \"$HOME\"\n"),
		"an env script":           []byte("#! /usr/bin/env -S node\nprocess.exit(1)\n"),
		"a Windows shortcut":      append([]byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F"), make([]byte, 64)...),
		"an HTML page":            []byte("<!DOCTYPE html>\n<html><body><script>alert(1)</script></body></html>\n"),
		"a Debian package":        []byte("!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n"),
		"an RPM package":          append([]byte("\xed\xab\xee\xdb\x03\x00\x00\x00\x00\x01"), make([]byte, 100)...),
	}
	var list []mutation
	for what, content := range contents {
		for _, name := range []string{"evidence.png", "photo.jpg", "notes.txt", "report.pdf", "bundle.zip", "events.json", "table.csv", "dump.gz"} {
			list = append(list, mutation{name: "content: " + what + " as " + name, apply: func(m *message) { m.carry(name, content) }})
		}
	}
	whole := map[string]struct {
		name    string
		content []byte
	}{
		"a program behind a picture":           {"evidence.png", append(harness.PNG(20, 20), harness.PE()...)},
		"a Linux program behind a picture":     {"evidence.png", append(harness.PNG(20, 20), harness.ELF()...)},
		"an archive behind a picture":          {"evidence.png", append(harness.PNG(20, 20), harness.Zip(map[string][]byte{"evil.exe": harness.PE()})...)},
		"an archive behind a photo":            {"photo.jpg", append(harness.JPEG(20, 20), harness.Zip(map[string][]byte{"a.txt": []byte("a")})...)},
		"an archive behind a document":         {"report.pdf", append(harness.PDF("x"), harness.Zip(map[string][]byte{"evil.exe": harness.PE()})...)},
		"a program behind a document":          {"report.pdf", append(harness.PDF("x"), harness.ELF()...)},
		"a program in an archive":              {"bundle.zip", harness.Zip(map[string][]byte{"bin/tool": harness.ELF()})},
		"a program in an archive in one":       {"bundle.zip", harness.Zip(map[string][]byte{"inner.zip": harness.Zip(map[string][]byte{"tool.exe": harness.PE()})})},
		"an archive in an archive in one":      {"bundle.zip", harness.Zip(map[string][]byte{"2.zip": harness.Zip(map[string][]byte{"3.zip": harness.Zip(map[string][]byte{"a.txt": nil})})})},
		"a path out of an archive":             {"bundle.zip", harness.Zip(map[string][]byte{"../../etc/cron.d/x": []byte("a")})},
		"an absolute path in an archive":       {"bundle.zip", harness.Zip(map[string][]byte{"/etc/cron.d/x": []byte("a")})},
		"a program, compressed":                {"dump.gz", harness.Gzip(harness.ELF())},
		"a picture as a document":              {"report.pdf", harness.PNG(20, 20)},
		"a document as a picture":              {"evidence.png", harness.PDF("x")},
		"a picture as text":                    {"notes.txt", harness.PNG(20, 20)},
		"an archive as text":                   {"notes.txt", harness.Zip(map[string][]byte{"a.txt": []byte("a")})},
		"a photo as a picture":                 {"evidence.png", harness.JPEG(20, 20)},
		"a program in base64 under an encoder": {"evidence.png", []byte(base64.StdEncoding.EncodeToString(harness.ELF()))},
		"text with NUL":                        {"notes.txt", []byte("a\x00b")},
		"text with a control character":        {"notes.txt", []byte("a\x01b")},
		"text that is no UTF-8":                {"notes.txt", []byte("a\xffb")},
		"a program's head in UTF-16 text":      {"notes.txt", []byte("\xff\xfe#\x00!\x00/\x00b\x00i\x00n\x00\n\x00")},
		"text that is no JSON":                 {"events.json", []byte("hello")},
		"an empty picture":                     {"evidence.png", nil},
		"an empty document":                    {"report.pdf", nil},
		"a picture's first byte":               {"evidence.png", []byte("\x89")},
		"a picture of 10^10 pixels":            {"evidence.png", hugePNG()},
		"a script in a drawing":                {"drawing.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		"an event handler in a drawing":        {"drawing.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)},
		"an entity in a drawing":               {"drawing.svg", []byte(`<!DOCTYPE svg [<!ENTITY x "y">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>`)},
		"a foreign object in a drawing":        {"drawing.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>`)},
		"a script in a compressed drawing":     {"drawing.svgz", harness.Gzip([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`))},
		"a GIF, which is not on the list":      {"a.gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;")},
	}
	for what, file := range whole {
		list = append(list, mutation{name: "content: " + what, apply: func(m *message) { m.carry(file.name, file.content) }})
	}
	return list
}

// carry makes the message carry another file.
func (m *message) carry(name string, content []byte) {
	m.rename(name)
	m.file().drop("Content-Length")
	m.file().body = content
}

// hugePNG is a picture whose header says 100 000 by 100 000 pixels.
func hugePNG() []byte {
	picture := harness.PNG(1, 1)
	copy(picture[16:24], "\x00\x01\x86\xa0\x00\x01\x86\xa0")
	return picture
}
