package content

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

const (
	docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	docmType = "application/vnd.ms-word.document.macroenabled.12"
	dotmType = "application/vnd.ms-word.template.macroenabled.12"
	odtType  = "application/vnd.oasis.opendocument.text"
)

// docx is a document whose main part has the type, with more parts.
func docx(main string, more ...item) []byte { return docxOf(main, "application/xml", more...) }

func docxOf(main, other string, more ...item) []byte {
	types := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="` + other + `"/><Override PartName="/word/document.xml" ContentType="` + main + `"/></Types>`
	return makeZIP(append([]item{{name: "[Content_Types].xml", body: []byte(types)}, text("word/document.xml")}, more...)...)
}

func rels(kind, target, mode string) item {
	return item{name: "word/_rels/document.xml.rels", body: []byte(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `" TargetMode="` + mode + `"/></Relationships>`)}
}

func odt(mime string, more ...item) []byte {
	return makeZIP(append([]item{{name: "mimetype", body: []byte(mime), method: stored}, text("content.xml")}, more...)...)
}

func TestOffice(t *testing.T) {
	docxMain := docxType + ".main+xml"
	pack := item{name: "word/embeddings/oleObject1.bin", body: append(noise(unpackChunk-5), olePackage...)}
	for name, c := range map[string]struct {
		mime       string
		file       []byte
		code, part string
	}{
		"a document":                   {docxType, docx(docxMain), "", ""},
		"a link":                       {docxType, docx(docxMain, rels("hyperlink", "https://example.com", "External")), "", ""},
		"a template on the disk":       {docxType, docx(docxMain, rels("attachedTemplate", "file:///C:/Users/a/Normal.dotm", "External")), "", ""},
		"a picture inside":             {docxType, docx(docxMain, rels("image", "media/image1.png", "Internal")), "", ""},
		"a chart's workbook":           {docxType, docx(docxMain, item{name: "word/embeddings/a.xlsx", body: makeZIP(text("xl/a.xml"))}), "", ""},
		"an equation":                  {docxType, docx(docxMain, item{name: "word/embeddings/oleObject1.bin", body: noise(100)}), "", ""},
		"macros allowed, none there":   {docmType, docx("application/vnd.ms-word.document.macroEnabled.main+xml"), "", ""},
		"a template with macros":       {dotmType, docx("application/vnd.ms-word.template.macroEnabledTemplate.main+xml"), "", ""},
		"OpenDocument":                 {odtType, odt(odtType), "", ""},
		"OpenDocument with folders":    {odtType, odt(odtType, item{name: "Basic/"}, item{name: "Configurations2/"}), "", ""},
		"macros":                       {docmType, docx("application/vnd.ms-word.document.macroEnabled.main+xml", text("word/vbaProject.bin")), "active_content", "macros"},
		"macros in a plain document":   {docxType, docx(docxMain, text("word/VBAPROJECT.BIN")), "active_content", "macros"},
		"macros by their type":         {docxType, docxOf(docxMain, "application/vnd.ms-office.vba&#80;roject"), "active_content", "macros"},
		"ActiveX":                      {docxType, docx(docxMain, text("word/activeX/activeX1.xml")), "active_content", "ActiveX"},
		"sheets of old macros":         {docxType, docx(docxMain, text("xl/macrosheets/sheet1.xml")), "active_content", "macros"},
		"a package":                    {docxType, docx(docxMain, pack), "active_content", "package"},
		"a template from elsewhere":    {docxType, docx(docxMain, rels("attachedTemplate", "http://example.com/a.dotm", "External")), "active_content", "attachedtemplate"},
		"an object from elsewhere":     {docxType, docx(docxMain, rels("oleObject", "h&#116;tps://example.com/a", "external")), "active_content", "oleobject"},
		"an object from a share":       {docxType, docx(docxMain, rels("oleObject", `\\host\a`, "External")), "active_content", "oleobject"},
		"it as a file":                 {docxType, docx(docxMain, rels("oleObject", `file://host.example/a`, "External")), "active_content", "oleobject"},
		"a picture from elsewhere":     {docxType, docx(docxMain, rels("image", "https://example.com/a.png", "External")), "active_content", "image"},
		"damaged relationships":        {docxType, docx(docxMain, item{name: "_rels/.rels", body: []byte("<Rel")}), "archive_unsafe", "damaged"},
		"another document":             {docxType, docx("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"), "content_mismatch", "parts"},
		"macros behind a plain name":   {docxType, docx("application/vnd.ms-word.document.macroEnabled.main+xml"), "content_mismatch", "parts"},
		"an ordinary ZIP":              {docxType, makeZIP(text("a.txt")), "content_mismatch", "parts"},
		"damaged types":                {docxType, makeZIP(item{name: "[Content_Types].xml", body: []byte("<Types")}), "content_mismatch", "parts"},
		"a program inside":             {docxType, docx(docxMain, item{name: "word/media/image1.png", body: program()}), "executable_content", "program"},
		"no ZIP":                       {docxType, []byte("text"), "archive_unsafe", "ZIP"},
		"OpenDocument of another type": {odtType, odt("application/vnd.oasis.opendocument.spreadsheet"), "content_mismatch", "parts"},
		"OpenDocument without type":    {odtType, makeZIP(text("content.xml")), "content_mismatch", "parts"},
		"OpenDocument, type not first": {odtType, makeZIP(text("content.xml"), item{name: "mimetype", body: []byte(odtType)}), "content_mismatch", "parts"},
		"OpenDocument's macros":        {odtType, odt(odtType, text("Basic/Standard/Module1.xml")), "active_content", "macros"},
		"OpenDocument's scripts":       {odtType, odt(odtType, text("Scripts/python/a.txt")), "active_content", "macros"},
		"OpenDocument's events":        {odtType, makeZIP(item{name: "mimetype", body: []byte(odtType)}, item{name: "content.xml", body: []byte(strings.Repeat(" ", unpackChunk-9) + `href="vnd.sun.star.script:a"`)}), "active_content", "event"},
		"OpenDocument's package":       {odtType, odt(odtType, item{name: "Object 1", body: olePackage}), "active_content", "package"},
		"references without end":       {docxType, docx(docxMain, many(5, references)...), "archive_unsafe", "too large to be genuine"},
		"types too large to read":      {docxType, makeZIP(item{name: "[Content_Types].xml", body: make([]byte, officePartMost+1)}), "archive_unsafe", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := Default()
			e := &env{settings: settings, name: "a.doc", mime: c.mime}
			checkRefusal(t, look(lookOffice, bytes.NewReader(c.file), int64(len(c.file)), e), c.code, c.part)

			settings.ActiveContent = Allow
			want := c.code
			if want == "active_content" {
				want = ""
			}
			e = &env{settings: settings, name: "a.doc", mime: c.mime}
			if got := codeOf(look(lookOffice, bytes.NewReader(c.file), int64(len(c.file)), e)); got != want && name != "damaged relationships" && name != "references without end" {
				t.Errorf("with activeContent allow: %q, want %q", got, want)
			}
		})
	}
}

// references is a list of relationships of nearly the size that is read.
func references(n int) item {
	body := "<Relationships>" + strings.Repeat(" ", officePartMost-100) + "</Relationships>"
	return item{name: fmt.Sprintf("word/_rels/%d.rels", n), body: []byte(body), method: stored}
}

func FuzzOffice(f *testing.F) {
	f.Add(docxType, docx(docxType+".main+xml", rels("hyperlink", "https://example.com", "External")))
	f.Add(odtType, odt(odtType))
	f.Add(docmType, docx("application/vnd.ms-word.document.macroEnabled.main+xml", text("word/vbaProject.bin")))
	f.Fuzz(func(t *testing.T, mime string, file []byte) {
		e := &env{settings: Default(), name: "a.doc", mime: mime}
		if look(lookOffice, bytes.NewReader(file), int64(len(file)), e) == nil && bytes.Contains(file, []byte("vbaProject.bin")) && len(file) < 1000 {
			t.Error("passed with macros")
		}
	})
}
