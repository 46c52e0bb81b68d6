package content

import (
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// officePartMost bounds the parts of a document that are read whole: lists of types and of relationships.
	officePartMost = 4 << 20
	// officeReferencesMost bounds all lists of relationships together. A sheet may have 66,530 links, which are 10 MiB.
	officeReferencesMost = 16 << 20
)

// inspectOffice inspects a document of Office Open XML (ECMA-376) or OpenDocument (ISO 26300). Both are ZIP archives and
// obey their rules; a document in a document is an archive in an archive.
func inspectOffice(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	members, no := readZIP(newUnpacker(e, size), file, size)
	if no != nil {
		return no
	}
	d := &document{file: file, members: members, e: e, active: e.settings.ActiveContent != Allow}
	if strings.HasPrefix(e.mime, "application/vnd.oasis.opendocument.") {
		return d.openDocument()
	}
	return d.openXML()
}

// document is an Office document whose archive was found in order.
type document struct {
	file    io.ReaderAt
	members []*zipMember
	e       *env
	active  bool
	// references counts the bytes of the lists of relationships.
	references int64
}

func (d *document) mismatch(found string) *refusal.Refusal {
	return refusal.New("content_mismatch", d.e.name+" is named as "+d.e.mime+" but its parts are not those of such a document: attach it under its real name").
		With("expected", d.e.mime).With("found", found)
}

func (d *document) refuse(what string) *refusal.Refusal {
	return refusal.New("active_content", d.e.name+" holds "+what+": save it without that, or as PDF").With("found", what)
}

// part reads a small part whole.
func (d *document) part(m *zipMember) (text []byte, no *refusal.Refusal) {
	if m.unpacked > officePartMost {
		return nil, d.e.in(m.name, "is too large for what it is")
	}
	text, err := io.ReadAll(openMember(newZIPReader(), d.file, m))
	if err != nil {
		return nil, d.e.in(m.name, zipDiffers)
	}
	return text, nil
}

// find gives a part by its name, which is not case-sensitive in these formats.
func (d *document) find(name string) *zipMember {
	for _, m := range d.members {
		if strings.EqualFold(m.name, name) {
			return m
		}
	}
	return nil
}

// openDocument judges a document of OpenDocument, whose type is its first member.
func (d *document) openDocument() *refusal.Refusal {
	if len(d.members) == 0 || d.members[0].name != "mimetype" {
		return d.mismatch("application/zip")
	}
	mime, no := d.part(d.members[0])
	if no != nil {
		return no
	}
	if strings.TrimSpace(string(mime)) != d.e.mime {
		return d.mismatch("application/zip")
	}
	if !d.active {
		return nil
	}
	for _, m := range d.members {
		name := strings.ToLower(m.name)
		if !isFolder(m) && (strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/")) {
			return d.refuse("macros")
		}
		if name == "content.xml" || name == "styles.xml" {
			if no := d.search(m, []byte("vnd.sun.star.script:"), "an event that runs a macro"); no != nil {
				return no
			}
		}
		if strings.HasPrefix(path.Base(name), "object ") {
			if no := d.search(m, olePackage, "an embedded package"); no != nil {
				return no
			}
		}
	}
	return nil
}

// olePackage is the stream of a compound file that holds a file of any kind.
var olePackage = []byte("\x01\x00O\x00l\x00e\x001\x000\x00N\x00a\x00t\x00i\x00v\x00e\x00")

// search looks for a mark in a part of any size.
func (d *document) search(m *zipMember, mark []byte, what string) *refusal.Refusal {
	reader := openMember(newZIPReader(), d.file, m)
	buffer := make([]byte, len(mark)+unpackChunk)
	kept := 0
	for {
		n, err := io.ReadFull(reader, buffer[kept:])
		if bytes.Contains(buffer[:kept+n], mark) {
			return d.refuse(what)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return full(err)
		}
		kept = copy(buffer, buffer[len(buffer)-len(mark):])
	}
}

// contentTypes is the list of the types of all parts.
type contentTypes struct {
	Default  []contentType
	Override []contentType
}

type contentType struct {
	ContentType string `xml:",attr"`
}

// openXML judges a document of Office Open XML, whose type is that of its main part.
func (d *document) openXML() *refusal.Refusal {
	list := d.find("[Content_Types].xml")
	if list == nil {
		return d.mismatch("application/zip")
	}
	text, no := d.part(list)
	if no != nil {
		return no
	}
	var types contentTypes
	if err := xml.Unmarshal(text, &types); err != nil {
		return d.mismatch("application/zip")
	}
	base := strings.TrimSuffix(d.e.mime, ".12")
	is, macros := false, false
	for _, row := range append(types.Default, types.Override...) {
		mime := strings.ToLower(row.ContentType)
		rest := strings.TrimPrefix(strings.TrimPrefix(mime, base), "template")
		is = is || (strings.HasPrefix(mime, base) && (rest == ".main" || rest == ".main+xml"))
		macros = macros || officeActive.MatchString(mime)
	}
	if !is {
		return d.mismatch("application/zip")
	}
	if !d.active {
		return nil
	}
	if macros {
		return d.refuse("macros or ActiveX controls")
	}
	for _, m := range d.members {
		name := strings.ToLower(m.name)
		if officeActiveName.MatchString(name) {
			return d.refuse("macros or ActiveX controls")
		}
		if strings.Contains(name, "embeddings/") && !strings.HasPrefix(path.Ext(name), ".xls") {
			if no := d.search(m, olePackage, "an embedded package"); no != nil {
				return no
			}
		}
		if strings.HasSuffix(name, ".rels") {
			if no := d.relationships(m); no != nil {
				return no
			}
		}
	}
	return nil
}

// officeActive are the types of parts that run; that of a document that may hold macros is not among them.
var officeActive = regexp.MustCompile(`vbaproject|vbadata|ms-office\.activex|macrosheet`)

// officeActiveName are the names that these parts have.
var officeActiveName = regexp.MustCompile(`(?:^|/)(?:vbaproject\.bin|vbadata\.xml)$|(?:^|/)(?:activex|macrosheets|intlmacrosheets)/`)

// relationships is what a part refers to.
type relationships struct {
	Relationship []relationship
}

type relationship struct {
	Type       string `xml:",attr"`
	Target     string `xml:",attr"`
	TargetMode string `xml:",attr"`
}

// officeElsewhere are addresses of other machines: with a scheme, or of a Windows share.
var officeElsewhere = regexp.MustCompile(`^(?:(?:https?|ftps?|smb|mhtml|ms-[a-z]+|script|javascript|vbscript|data):|file:/*[^/:]+\.[^/:]*/|file:////+|\\\\|//)`)

// relationships refuses references that are loaded from elsewhere when the document is opened: templates, objects,
// pictures. Links, which someone has to follow, are fine, and so are templates and workbooks on the author's own disk.
func (d *document) relationships(m *zipMember) *refusal.Refusal {
	d.references += m.unpacked
	if d.references > officeReferencesMost {
		return d.e.unsafe("its lists of references are too large to be genuine: save it anew")
	}
	text, no := d.part(m)
	if no != nil {
		return no
	}
	var list relationships
	if err := xml.Unmarshal(text, &list); err != nil {
		return d.e.in(m.name, "is damaged")
	}
	for _, r := range list.Relationship {
		kind := path.Base(strings.ToLower(r.Type))
		if !strings.EqualFold(r.TargetMode, "External") || kind == "hyperlink" {
			continue
		}
		if officeElsewhere.MatchString(squeezed(strings.ToLower(r.Target))) {
			return d.refuse("a reference that is loaded from elsewhere (" + kind + ")")
		}
	}
	return nil
}
