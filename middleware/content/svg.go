package content

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"io"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// The limits of drawings. Each element costs interpreted steps; a detailed map
// of 10 MiB has some 50,000.
const (
	svgMaxDepth    = 256
	svgMaxElements = 100_000
	svgMaxTokens   = 300_000
	// svgMaxOther bounds instructions, declarations, and pieces of text where text matters. A drawing has some tens.
	svgMaxOther      = 10_000
	svgMaxAttributes = 400_000
	svgMaxStyle      = 1 << 20
	// svgMaxJudged bounds the attributes whose values are looked at.
	svgMaxJudged = 70_000
	// svgRemembered bounds the attributes that are remembered, and the length of each.
	svgRemembered = 1000
	// svgTogether is how many bytes of attributes' values are judged at once.
	svgTogether = 64 << 10
)

// svgDoctype is the declaration that drawing programs write. It names the W3C's DTD, which no browser loads.
var svgDoctype = regexp.MustCompile(`^DOCTYPE\s+svg(?:\s+PUBLIC\s+(?:"-//W3C//DTD SVG[^"]*"|'-//W3C//DTD SVG[^']*')(?:\s+(?:"https?://www\.w3\.org/[^"]*"|'https?://www\.w3\.org/[^']*'))?|\s+SYSTEM\s+(?:"https?://www\.w3\.org/[^"]*"|'https?://www\.w3\.org/[^']*'))?\s*$`)

// svgDeclaration is the XML declaration (XML 1.0, section 2.8) of a drawing in UTF-8. The library reads less of it than
// browsers do.
var svgDeclaration = regexp.MustCompile(`^\s*version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"(?i:utf-8)"|'(?i:utf-8)'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*$`)

// inspectSVG inspects a drawing, plain or compressed (.svgz). Kibana serves it to browsers as what it is, so that
// whatever a browser would run or load in it is refused. It must be UTF-8: a drawing that readers decode differently is
// two drawings.
func inspectSVG(file io.ReaderAt, size int64, e *env) *refusal.Refusal {
	var source io.Reader = bufio.NewReaderSize(io.NewSectionReader(file, 0, size), streamBuffer)
	if strings.HasSuffix(strings.ToLower(e.name), ".svgz") {
		if no := crowded(e, file, size); no != nil {
			return no
		}
		text, no := unzipSVG(source, e)
		if no != nil {
			return no
		}
		source = bytes.NewReader(text)
	}
	d := &drawing{e: e, active: e.settings.ActiveContent != Allow, fine: map[string]int{}, kinds: map[string]int{}, roles: map[string]int{}}
	no := d.read(source)
	if no == nil {
		no = judgeValues(d)
	}
	if no == nil && !d.rooted {
		no = d.mismatch("it holds no drawing")
	}
	return no
}

// unzipSVG unpacks a compressed drawing: one gzip stream that unpacks to no more than an image may have.
func unzipSVG(source io.Reader, e *env) (text []byte, no *refusal.Refusal) {
	packed := bufio.NewReader(source)
	reader, err := gzip.NewReader(packed)
	if err != nil {
		return nil, refusal.New("content_mismatch", e.name+" is named as a compressed drawing (.svgz) but is not compressed: attach it as .svg")
	}
	reader.Multistream(false)
	text, err = io.ReadAll(io.LimitReader(reader, e.settings.MaxImageSize+1))
	if int64(len(text)) > e.settings.MaxImageSize {
		return nil, refusal.New("image_unsafe", e.name+" unpacks to more than an image may have: simplify it")
	}
	if err == nil {
		_, err = packed.ReadByte()
		if err == io.EOF {
			return text, nil
		}
	}
	return nil, refusal.New("image_unsafe", e.name+" is damaged: compress it again")
}

// drawing is an SVG document that is being read.
type drawing struct {
	e *env
	// active says that active content is refused.
	active bool
	// rooted is set when the root element was seen, ended when it was closed.
	rooted, ended bool
	judged        int
	// fine are attributes that were found harmless, with the kind of their element.
	fine map[string]int
	// kinds and roles are what the names of elements and attributes mean, as far as they have been met.
	kinds, roles map[string]int
	// values are those of attributes that wait to be judged as styles, with a zero byte behind each.
	values []byte
	// style gathers the text of a style element, which stands at the depth styled.
	style  []byte
	styled int
}

func (d *drawing) mismatch(reason string) *refusal.Refusal {
	return refusal.New("content_mismatch", d.e.name+" is no SVG drawing that can be read: "+reason).With("expected", "image/svg+xml")
}

func (d *drawing) refuse(what string) *refusal.Refusal {
	return refusal.New("active_content", d.e.name+" holds "+what+": save it as a plain SVG without that, or as PNG").With("found", what)
}

func (d *drawing) complex() *refusal.Refusal {
	return refusal.New("image_unsafe", d.e.name+" is too complex a drawing: simplify it, or save it as PNG")
}

// read goes through the document token by token. The decoder is compiled and strict: it knows the five entities of XML
// alone, takes nothing but UTF-8, and gives attribute values with all references resolved. What is counted for each token
// stands in variables of its own, since a field costs the interpreter several times as much.
func (d *drawing) read(source io.Reader) *refusal.Refusal {
	decoder := xml.NewDecoder(source)
	depth, elements, attributes, others := 0, 0, 0, 0
	for tokens := 0; tokens <= svgMaxTokens; tokens++ {
		token, err := decoder.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return d.mismatch("it must be well-formed XML in UTF-8")
		}
		if start, is := token.(xml.StartElement); is {
			depth++
			elements++
			attributes += len(start.Attr)
			if depth > svgMaxDepth || elements > svgMaxElements || attributes > svgMaxAttributes {
				return d.complex()
			}
			if no := svgElement(d, start.Name, start.Attr, depth); no != nil {
				return no
			}
			continue
		}
		if _, is := token.(xml.EndElement); is {
			if d.styled == depth {
				if no := closeStyle(d); no != nil {
					return no
				}
			}
			depth--
			if depth == 0 {
				d.ended = true
			}
			continue
		}
		if depth > 0 && d.styled == 0 {
			if _, is := token.(xml.CharData); is {
				continue
			}
		}
		if _, is := token.(xml.Comment); is {
			continue
		}
		others++
		if others > svgMaxOther {
			return d.complex()
		}
		if no := d.other(token, tokens); no != nil {
			return no
		}
	}
	return d.complex()
}

// closeStyle is the end of a style element, whose text is then whole.
func closeStyle(d *drawing) *refusal.Refusal {
	d.styled = 0
	if what := cssTrouble(strings.ToLower(string(d.style))); what != "" {
		return d.refuse(what)
	}
	d.style = d.style[:0]
	return nil
}

// other judges what is no element: text where it matters, instructions, declarations.
func (d *drawing) other(token xml.Token, place int) *refusal.Refusal {
	if text, is := token.(xml.CharData); is {
		if d.styled > 0 {
			if len(d.style)+len(text) > svgMaxStyle {
				return d.complex()
			}
			d.style = append(d.style, text...)
			return nil
		}
		if place == 0 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		if len(bytes.TrimSpace(text)) > 0 {
			return d.mismatch("text stands outside its root element")
		}
		return nil
	}
	if instruction, is := token.(xml.ProcInst); is {
		if strings.EqualFold(instruction.Target, "xml") && !svgDeclaration.Match(instruction.Inst) {
			return d.mismatch("its XML declaration names another version or encoding than 1.0 and UTF-8")
		}
		if d.active && strings.HasPrefix(strings.ToLower(instruction.Target), "xml-") {
			return d.refuse("a style sheet from elsewhere (<?" + instruction.Target + "?>)")
		}
		return nil
	}
	if directive, is := token.(xml.Directive); is && d.active && !svgDoctype.Match(directive) {
		return d.refuse("a document type with declarations of its own (<!DOCTYPE … >, <!ENTITY … >)")
	}
	return nil
}

// svgElement judges a start tag. It is on the way of every element, and interpreted: see Inspection.
func svgElement(d *drawing, name xml.Name, attrs []xml.Attr, depth int) *refusal.Refusal {
	if !d.rooted || d.ended {
		if no := rootOf(d, name); no != nil {
			return no
		}
	}
	if !d.active {
		return nil
	}
	if d.styled > 0 {
		return d.refuse("an element within a style sheet")
	}
	kind := svgPlain
	if name.Space == svgSpace {
		known := false
		kind, known = d.kinds[name.Local]
		if !known {
			kind = svgKind(name)
			if len(d.kinds) < svgRemembered {
				d.kinds[name.Local] = kind
			}
		}
	} else {
		kind = svgKind(name)
	}
	if kind == svgForbidden {
		return d.refuse("the element " + shown(name.Local))
	}
	if kind == svgStyle {
		d.styled = depth
	}
	for _, attr := range attrs {
		local := attr.Name.Local
		if svgHarmless[local] {
			continue
		}
		role, known := d.roles[local]
		if known && role == svgOther && attr.Name.Space == "" && kind != svgAnimation {
			if strings.ContainsAny(attr.Value, cssTelling) {
				if no := judgeValue(d, attr.Value); no != nil {
					return no
				}
			}
			continue
		}
		if no := judgeAttribute(d, kind, attr); no != nil {
			return no
		}
	}
	return nil
}

// rootOf makes sure that there is one root element, and that it is a drawing's.
func rootOf(d *drawing, name xml.Name) *refusal.Refusal {
	if d.ended {
		return d.mismatch("it has more than one root element")
	}
	d.rooted = true
	if name.Local != "svg" || (name.Space != "" && name.Space != svgSpace) {
		return d.mismatch("its root element is " + shown(name.Local) + " and not svg")
	}
	return nil
}

// svgKind says how an element is treated.
func svgKind(name xml.Name) int {
	space, lower := name.Space, strings.ToLower(name.Local)
	if space == svgSpace || space == "" || !strings.Contains(space, ":") {
		// A browser that reads the drawing as part of a page does not tell upper from lower case.
		return svgElements[lower]
	}
	if foreignActive[space] || foreignNames[lower] {
		return svgForbidden
	}
	return svgForeign
}

// judgeAttribute judges an attribute that is not harmless by its name.
func judgeAttribute(d *drawing, kind int, attr xml.Attr) *refusal.Refusal {
	// Drawings repeat themselves: what was found harmless once is remembered.
	written := attr.Name.Local + "=" + attr.Value
	if d.fine[written] == kind+1 {
		return nil
	}
	d.judged++
	if d.judged > svgMaxJudged {
		return d.complex()
	}
	role := svgRole(attr.Name.Local)
	if len(d.roles) < svgRemembered {
		d.roles[attr.Name.Local] = role
	}
	if what := svgAttribute(kind, role, attr); what != "" {
		return d.refuse(what)
	}
	if len(written) < svgRemembered && len(d.fine) < svgRemembered && attr.Name.Space == "" {
		d.fine[written] = kind + 1
	}
	return nil
}

// judgeValue judges the value of an attribute that may be a style. Most wait to be judged together: one search through all
// of them takes fewer steps than one for each. None holds a zero byte, which no mark goes across.
func judgeValue(d *drawing, value string) *refusal.Refusal {
	d.judged++
	if d.judged > svgMaxJudged {
		return d.complex()
	}
	if strings.IndexByte(value, '\\') >= 0 {
		if what := cssTrouble(strings.ToLower(value)); what != "" {
			return d.refuse(what)
		}
		return nil
	}
	d.values = append(d.values, value...)
	d.values = append(d.values, 0)
	if len(d.values) < svgTogether {
		return nil
	}
	return judgeValues(d)
}

// judgeValues judges the values that wait.
func judgeValues(d *drawing) *refusal.Refusal {
	what := cssTrouble(strings.ToLower(string(d.values)))
	d.values = d.values[:0]
	if what != "" {
		return d.refuse(what)
	}
	return nil
}
