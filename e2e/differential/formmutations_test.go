package differential

import (
	"fmt"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

// dispositions are values of the file's Content-Disposition that readers understand differently. evidence.png is the
// harmless name, evil.exe the one to smuggle.
var dispositions = []string{
	``, `form-data`, `form-data;`, `attachment; name="file"; filename="evidence.png"`, `file; name="file"; filename="evidence.png"`, `inline; name="file"; filename="evidence.png"`,
	`name="file"; filename="evidence.png"`, `; name="file"; filename="evidence.png"`, `form-data name="file"; filename="evidence.png"`, `form-data, name="file"; filename="evidence.png"`,
	`form-data; filename="evidence.png"`, `form-data; name=""; filename="evidence.png"`, `form-data; name=; filename="evidence.png"`, `form-data; name; filename="evidence.png"`,
	`form-data; name="file"; name="filename"; filename="evidence.png"`, `form-data; name="x"; name="file"; filename="evidence.png"`, `form-data; name="file"; NAME="x"; filename="evidence.png"`,
	`form-data; name="file"; filename="evidence.png"; filename="evil.exe"`, `form-data; name="file"; filename="evil.exe"; filename="evidence.png"`, `form-data; name="file"; filename="evidence.png"; FileName="evil.exe"`,
	`form-data; name="file"; filename="evidence.png"; filename*=utf-8''evil.exe`, `form-data; name="file"; filename*=utf-8''evil.exe; filename="evidence.png"`, `form-data; name="file"; filename*=utf-8''evil.exe`,
	`form-data; name="file"; filename*=utf-8''evidence.png`, `form-data; name="file"; filename="evidence.png"; filename*=utf-8''evidence%2Epng%00.exe`, `form-data; name="file"; filename="evidence.png"; filename*=utf-8'en'evil.exe`,
	`form-data; name="file"; filename="evidence.png"; filename*=iso-8859-1''evil.exe`, `form-data; name="file"; filename="evidence.png"; filename*=utf-16''evidence.png`, `form-data; name="file"; filename="evidence.png"; filename*=evil.exe`,
	`form-data; name="file"; filename="evidence.png"; filename*=utf-8''evidence%2`, `form-data; name="file"; filename="evidence.png"; filename*=utf-8''%ff`,
	`form-data; name="file"; filename*0="evil"; filename*1=".exe"`, `form-data; name="file"; filename="evidence.png"; filename*0="evil.exe"`, `form-data; name="file"; filename*0*=utf-8''evil; filename*1=.exe; filename="evidence.png"`,
	`form-data; name*0="fi"; name*1="le"; filename="evidence.png"`, `form-data; name="x"; name*0="file"; filename="evidence.png"`, `form-data; name*=utf-8''file; filename="evidence.png"`, `form-data; name="file"; name*=utf-8''filename; filename="evidence.png"`,
	`form-data; name="file\"; filename="evidence.png"`, `form-data; name="file"; filename="evidence.png\"`, `form-data; name="file"; filename="evi\"l.exe\".png"`, `form-data; name="file"; filename="evidence\.png"`, `form-data; name="file"; filename="\evidence.png"`,
	`form-data; name="file"; filename="a\\\"; filename=\"evil.exe"`, `form-data; name="x; filename=evil.exe"; filename="evidence.png"`, `form-data; name="file; filename=evil.exe"`, `form-data; x="; name=\"file\""; name="file"; filename="evidence.png"`,
	`form-data; name="file"; filename="evidence.png; filename=evil.exe"`, `form-data; name="file"; filename="evidence.png; name=x.png"`, `form-data; name="file"; x="; filename=evil.exe"; filename="evidence.png"`, `form-data; name="file"; filename="a; filename*=utf-8''evil.png"`,
	`form-data; name="file"; filename='evidence.png'`, `form-data; name='file'; filename="evidence.png"`, `form-data; name="file"; filename="evidence.png`, `form-data; name="file; filename="evidence.png"`, `form-data; name="file"; filename=evidence.png"`,
	`form-data; name="file"; filename="evidence".png`, `form-data; name="file"; filename="evidence.png" x`, `form-data; name="file"x; filename="evidence.png"`, `form-data; name="file" filename="evidence.png"`, `form-data; name="file", filename="evidence.png"`,
	`form-data; name="file"; filename="evidence.png"; size=5`, `form-data; name="file"; filename="evidence.png"; creation-date="x"`, `form-data; name="file"; filename="evidence.png"; foo=bar`, `form-data; name="file"; filename="evidence.png"; foo`,
	`form-data; name="file"; filename = "evidence.png"`, `form-data; name ="file"; filename="evidence.png"`, `form-data; name= "file"; filename="evidence.png"`, `form-data; name="file"; filename`, `form-data; name="file"; filename=`,
	`form-data; name="file"; filename=evid ence.png`, `form-data; name="file"; filename=evi/dence.png`, `form-data; name=file; filename=evi(dence).png`, `form-data; name="file"; filename==?utf-8?B?ZXZpbC5leGU=?=`,
	`form-data; name="=?utf-8?Q?file?="; filename="evidence.png"`, `form-data; name="file" ; filename="evidence.png";;`, `form-data; name="fi\le"; filename="evidence.png"`, `form-data; name="%66ile"; filename="evidence.png"`, `form-data; name="File"; filename="evidence.png"`,
	`form-data; name=" file"; filename="evidence.png"`, `form-data; name="file "; filename="evidence.png"`, `form-data; name="file[]"; filename="evidence.png"`, `form-data; name="file[0]"; filename="evidence.png"`, `form-data; name="file.x"; filename="evidence.png"`,
	"form-data; name=\"file\x00\"; filename=\"evidence.png\"", "form-data; name=\"file\"; filename=\"evidence.png\x00.exe\"", "form-data;\x0bname=\"file\"; filename=\"evidence.png\"", "form-data; name=\"file\"; filename=\"evidence.png\"\x00", "form-data; name=\"file\";\xa0filename=\"evidence.png\"",
	"form-data; name=\"file\";\r filename=\"evidence.png\"", "form-data; name=\"file\";\n filename=\"evidence.png\"", "form-data; name=\"file\"; filename=\"evil.exe\r.png\"", "form-data; name=\"file\"; filename=\"evil.exe\n.png\"",
	"form-data; name=\"file\";\r\n filename=\"evidence.png\"", "form-data; name=\"file\";\r\n\tfilename=\"evidence.png\"", "form-data; name=\"file\"; filename=\"evidence\r\n .png\"",
	`form-data; name="hasOwnProperty"; filename="evidence.png"`, `form-data; name="__proto__"; filename="evidence.png"`, `form-data; name="constructor"; filename="evidence.png"`, `form-data; name="toString"; filename="evidence.png"`, `form-data; name="filename"; filename="evidence.png"`,
}

func dispositionMutations() []mutation {
	var list []mutation
	for _, value := range dispositions {
		list = append(list, mutation{name: fmt.Sprintf("disposition: %q", value), apply: func(m *message) { m.file().redispose(value) }})
	}
	for _, value := range []string{
		`form-data;name="file";filename="evidence.png"`, `FORM-DATA; NAME="file"; FILENAME="evidence.png"`, `form-data; name=file; filename=evidence.png`, `form-data; filename="evidence.png"; name="file"`,
		`form-data; name="file"; filename="evidence.png";`, "form-data;\tname=\"file\";\tfilename=\"evidence.png\"", `form-data; name="file"; filename="evidence.png"; filename*=UTF-8''evidence.png`, `form-data; name="file"; filename="evidence.png"; filename*="utf-8''evidence.png"`,
	} {
		list = append(list, mutation{name: fmt.Sprintf("disposition: %q", value), harmless: true, apply: func(m *message) { m.file().redispose(value) }})
	}
	for _, value := range []string{
		`form-data; name="filename"; filename="title.txt"`, `form-data; name="filename"; filename=""`, `form-data; name="filename"; filename*=utf-8''a`, `form-data; name="filename"; name="x"`, `form-data; name="x"; name="filename"`,
		`form-data; name*=utf-8''filename`, `form-data; name*0="file"; name*1="name"`, `form-data; name="filename\"`, `form-data; name="file\name"`, `form-data; name="filename`, `form-data; name='filename'`, `attachment; name="filename"`, ``,
		`form-data; name="filename"; x=y`, `form-data; name="FileName"`, `form-data; name="filename "`, `form-data; name="filename[]"`, `form-data; name="title"`, `form-data; name=""`, `form-data`, "form-data; name=\"filename\x00\"", "form-data;\r\n name=\"filename\"",
	} {
		list = append(list, mutation{name: fmt.Sprintf("disposition of the title: %q", value), apply: func(m *message) { m.title().redispose(value) }})
	}
	return list
}

// partHeaderMutations are done to either part.
func partHeaderMutations() []mutation {
	var list []mutation
	lines := func(name string, lines ...string) {
		for _, which := range []string{"file", "title"} {
			// The gate writes the file's type itself: what the client says of it reaches nobody.
			ignored := which == "file" && len(lines) == 1 && strings.HasPrefix(lines[0], "Content-Type: ") && !strings.Contains(lines[0], "multipart")
			list = append(list, mutation{name: "part header: " + name + " (" + which + ")", harmless: ignored, apply: func(m *message) {
				p := m.pick(which)
				p.drop("Content-Type", "Content-Length", "Content-Transfer-Encoding")
				p.headers = append(p.headers, lines...)
			}})
		}
	}
	lines("base64", "Content-Transfer-Encoding: base64")
	lines("quoted-printable", "Content-Transfer-Encoding: quoted-printable")
	lines("BASE64", "CONTENT-TRANSFER-ENCODING: BASE64")
	lines("base64 with a comment", "Content-Transfer-Encoding: base64 (really)")
	lines("base64 in quotes", `Content-Transfer-Encoding: "base64"`)
	lines("base64 behind a tab", "Content-Transfer-Encoding:\tbase64")
	lines("base64 behind a semicolon", "Content-Transfer-Encoding: binary; base64")
	lines("binary and base64", "Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: base64")
	lines("binary twice", "Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: binary")
	lines("x-uuencode", "Content-Transfer-Encoding: x-uuencode")
	lines("empty transfer encoding", "Content-Transfer-Encoding:")
	lines("base64 in the header name's second line", "Content-Transfer-Encoding:\r\n base64")
	lines("gzip", "Content-Encoding: gzip")
	lines("a nested form", "Content-Type: multipart/mixed; boundary=inner")
	lines("a nested form of the same boundary", "Content-Type: multipart/form-data; boundary=same")
	lines("a message", "Content-Type: message/rfc822")
	lines("two types", "Content-Type: text/plain", "Content-Type: text/html")
	lines("utf-16", "Content-Type: text/plain; charset=utf-16le")
	lines("utf-7", "Content-Type: text/plain; charset=utf-7")
	lines("two charsets", "Content-Type: text/plain; charset=utf-8; charset=utf-16")
	lines("a length that is too large", "Content-Length: 999999")
	lines("a length that is too small", "Content-Length: 1")
	lines("two lengths", "Content-Length: 5", "Content-Length: 6")
	lines("a length that is no number", "Content-Length: many")
	lines("an unknown header", "X-Custom: 1")
	lines("Set-Cookie", "Set-Cookie: a=b")
	lines("Content-ID", "Content-ID: <1>")
	lines("Content-Location", "Content-Location: /etc/passwd")
	lines("a line without a colon", "no colon here")
	lines("a line with only a colon", ": value")
	lines("a name with a blank before the colon", "Content-Type : text/plain")
	lines("a name with a blank in it", "Content Type: text/plain")
	lines("a name with a control character", "Content-\x0eType: text/plain")
	lines("a name beyond ASCII", "Contént-Type: text/plain")
	lines("a value with NUL", "Content-Type: text/plain\x00")
	lines("a value with CR", "Content-Type: text/plain\rX: y")
	lines("a value with LF", "Content-Type: text/plain\nX: y")
	lines("a folded value", "Content-Type: text/plain;\r\n charset=utf-8")
	lines("a second disposition", `Content-Disposition: form-data; name="file"; filename="evil.exe"`)
	lines("a second disposition in lower case", `content-disposition: form-data; name="file"; filename="evil.exe"`)
	lines("a second disposition that is empty", `Content-Disposition:`)
	lines("a header of 20 KiB", "Content-Type: text/plain; x="+strings.Repeat("x", 20<<10))
	lines("500 headers", strings.Split(strings.TrimSuffix(strings.Repeat("X-A: b\n", 500), "\n"), "\n")...)
	lines("a header of 200 KiB", "X-Long: "+strings.Repeat("x", 200<<10))

	for _, which := range []string{"file", "title"} {
		each := func(name string, apply func(p *part)) {
			list = append(list, mutation{name: "part head: " + name + " (" + which + ")", apply: func(m *message) { apply(m.pick(which)) }})
		}
		each("none", func(p *part) { p.headers = nil })
		each("no disposition", func(p *part) { p.headers = []string{"Content-Type: text/plain"} })
		each("an evil disposition first", func(p *part) {
			p.headers = append([]string{`Content-Disposition: form-data; name="file"; filename="evil.exe"`}, p.headers...)
		})
		each("a blank before the first header", func(p *part) { p.headers[0] = " " + p.headers[0] })
		each("a blank before the colon of the disposition", func(p *part) { p.headers = []string{strings.Replace(p.disposition(), ":", " :", 1)} })
		each("LF line ends", func(p *part) { p.eol, p.gap = "\n", "\n" })
		each("LF behind the headers", func(p *part) { p.eol = "\n" })
		each("LF as the empty line", func(p *part) { p.gap = "\n" })
		each("CR line ends", func(p *part) { p.eol, p.gap = "\r", "\r" })
		each("CR as the empty line", func(p *part) { p.gap = "\r" })
		each("LF CR line ends", func(p *part) { p.eol, p.gap = "\n\r", "\n\r" })
		each("CR CR LF line ends", func(p *part) { p.eol, p.gap = "\r\r\n", "\r\r\n" })
		each("no empty line", func(p *part) { p.gap = "" })
		each("a blank in the empty line", func(p *part) { p.gap = " \r\n" })
		each("LF behind the delimiter", func(p *part) { p.after = "\n" })
		each("CR behind the delimiter", func(p *part) { p.after = "\r" })
		each("nothing behind the delimiter", func(p *part) { p.after = "" })
		each("a blank behind the delimiter", func(p *part) { p.after = " \r\n" })
		each("a tab behind the delimiter", func(p *part) { p.after = "\t\r\n" })
		each("text behind the delimiter", func(p *part) { p.after = "x\r\n" })
		each("a colon behind the delimiter", func(p *part) { p.after = ": x\r\n" })
		each("one dash behind the delimiter", func(p *part) { p.after = "-\r\n" })
		each("two dashes behind the delimiter", func(p *part) { p.after = "--\r\n" })
		each("two dashes and text behind the delimiter", func(p *part) { p.after = "--x\r\n" })
		each("an empty line behind the delimiter", func(p *part) { p.after = "\r\n\r\n" })
		each("NUL behind the delimiter", func(p *part) { p.after = "\x00\r\n" })
	}
	return list
}

func (m *message) pick(which string) *part {
	title := m.title()
	if which == "title" {
		return title
	}
	return m.file()
}

// drop takes headers away.
func (p *part) drop(names ...string) {
	var kept []string
	for _, header := range p.headers {
		name, _, _ := strings.Cut(header, ":")
		dropped := false
		for _, other := range names {
			dropped = dropped || strings.EqualFold(name, other)
		}
		if !dropped {
			kept = append(kept, header)
		}
	}
	p.headers = kept
}

// framingMutations break the form's outline.
func framingMutations() []mutation {
	var list []mutation
	add := func(name string, apply func(m *message)) {
		list = append(list, mutation{name: "framing: " + name, apply: apply})
	}
	body := func(name, text string) { add(name, func(m *message) { m.body = []byte(text) }) }
	body("an empty body", "")
	body("a body of one CRLF", "\r\n")
	body("a body that is no form", "just text")
	body("a body of JSON", `{"file":"x"}`)
	add("only the closing delimiter", func(m *message) { m.body = []byte("--" + m.form.boundary + "--\r\n") })
	add("only the delimiter", func(m *message) { m.body = []byte("--" + m.form.boundary + "\r\n") })
	for _, preamble := range []string{"preamble\r\n", "\r\n", "\n", " ", "\r\n\r\n", "--\r\n", "\x00", "\xef\xbb\xbf", "--other\r\n"} {
		add(fmt.Sprintf("preamble %q", preamble), func(m *message) { m.form.preamble = preamble })
	}
	closings := map[string]string{
		"none": "", "only a line end": "\r\n", "one dash": "\r\n--%b-\r\n", "no dashes": "\r\n--%b\r\n", "three dashes": "\r\n--%b---\r\n", "LF before it": "\n--%b--\r\n", "CR before it": "\r--%b--\r\n", "nothing before it": "--%b--\r\n",
		"LF behind it": "\r\n--%b--\n", "a blank behind it": "\r\n--%b-- \r\n", "a tab behind it": "\r\n--%b--\t\r\n", "text behind it": "\r\n--%b--x\r\n", "text in the next line": "\r\n--%b--\r\nepilogue", "three line ends": "\r\n--%b--\r\n\r\n\r\n",
		"LF LF behind it": "\r\n--%b--\n\n", "twice": "\r\n--%b--\r\n--%b--\r\n", "a blank before the dashes": "\r\n--%b --\r\n", "another boundary": "\r\n--other--\r\n", "in upper case": "\r\n--%B--\r\n", "NUL behind it": "\r\n--%b--\x00", "CR behind it": "\r\n--%b--\r", "a delimiter behind it": "\r\n--%b--\r\n--%b\r\n",
	}
	for name, closing := range closings {
		add("closing delimiter: "+name, func(m *message) {
			m.form.closing = strings.NewReplacer("%b", m.form.boundary, "%B", strings.ToUpper(m.form.boundary)+"X").Replace(closing)
		})
	}
	add("a part behind the end", func(m *message) {
		m.form.closing += "\r\n" + string((&form{boundary: m.form.boundary, parts: []*part{evil()}, closing: m.form.closing}).render())
	})
	add("a part before the beginning", func(m *message) {
		m.form.preamble = string((&form{boundary: m.form.boundary, parts: []*part{evil()}, closing: "\r\n--" + m.form.boundary + "--\r\n"}).render())
	})
	for i := range 20 {
		add(fmt.Sprintf("breaks off after %d of 20", i), func(m *message) {
			whole := m.content()
			m.body = whole[:len(whole)*i/20]
		})
	}
	for i := 1; i <= 8; i++ {
		add(fmt.Sprintf("the closing delimiter lacks %d bytes", i), func(m *message) {
			whole := strings.TrimRight(string(m.content()), "\r\n")
			m.body = []byte(whole[:len(whole)-i])
		})
	}
	// A file's bytes that hold what some reader takes for a delimiter.
	for _, line := range []string{"\r\n--%b", "\r\n--%b\r\n", "\r\n--%b \r\n", "\r\n--%b\t\r\n", "\r\n--%b: x\r\n", "\r\n--%b-", "\r\n--%b--", "\r\n--%b--\r\n", "\r\n--%b --\r\n", "\r\n--%b\n", "\r\n--%b\r"} {
		add(fmt.Sprintf("the file holds %q and an evil part", line), func(m *message) {
			head := strings.Join(evil().headers, "\r\n") + "\r\n\r\n"
			m.file().body = append(m.file().body, strings.ReplaceAll(line, "%b", m.form.boundary)+head+string(harness.ELF())...)
		})
	}
	for _, near := range []string{"\n--%b\r\n", "\r--%b\r\n", "--%b\r\n", "\r\n-%b\r\n", "\r\n %b\r\n"} {
		list = append(list, mutation{name: fmt.Sprintf("framing: the text holds %q", near), harmless: true, apply: func(m *message) {
			m.rename("notes.txt")
			m.file().drop("Content-Length")
			m.file().body = []byte("first" + strings.ReplaceAll(near, "%b", m.form.boundary) + "last\n")
		}})
	}
	add("no parts but a title", func(m *message) {
		m.form.parts = []*part{m.title()}
	})
	return list
}
