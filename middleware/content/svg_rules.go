package content

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const svgSpace = "http://www.w3.org/2000/svg"

// foreignActive are the namespaces whose elements a browser acts on within a drawing. Elements of any other, such as the
// metadata that drawing programs write, mean nothing to it.
var foreignActive = map[string]bool{
	"http://www.w3.org/1999/xhtml":           true,
	"http://www.w3.org/1998/Math/MathML":     true,
	"http://www.w3.org/1999/XSL/Transform":   true,
	"http://www.w3.org/2001/XInclude":        true,
	"http://www.w3.org/2003/XInclude":        true,
	"http://www.w3.org/2001/xml-events":      true,
	"http://www.mozilla.org/xbl":             true,
	"http://www.w3.org/ns/xbl":               true,
	"http://www.w3.org/2002/xforms":          true,
	"http://www.w3.org/1999/XMLSchema-event": true,
}

// foreignNames are elements that would be active in any namespace if a page took the drawing over as HTML, which knows
// no namespaces.
var foreignNames = map[string]bool{"script": true, "foreignobject": true, "iframe": true, "embed": true, "handler": true}

// How an element is treated.
const (
	// svgPlain is any element that has no row below.
	svgPlain = iota
	svgForbidden
	svgStyle
	svgLink
	svgAnimation
	svgForeign
)

// svgElements are the elements that matter, in lower case. Those of HTML run or load as soon as a drawing is put into a
// page.
var svgElements = map[string]int{
	"style": svgStyle, "a": svgLink,
	"set": svgAnimation, "animate": svgAnimation, "animatecolor": svgAnimation, "animatetransform": svgAnimation, "animatemotion": svgAnimation,
	"script": svgForbidden, "handler": svgForbidden, "listener": svgForbidden, "foreignobject": svgForbidden, "iframe": svgForbidden,
	"frame": svgForbidden, "frameset": svgForbidden, "embed": svgForbidden, "object": svgForbidden, "applet": svgForbidden, "audio": svgForbidden,
	"video": svgForbidden, "source": svgForbidden, "track": svgForbidden, "canvas": svgForbidden, "img": svgForbidden, "link": svgForbidden,
	"meta": svgForbidden, "base": svgForbidden, "html": svgForbidden, "head": svgForbidden, "body": svgForbidden, "form": svgForbidden,
	"input": svgForbidden, "button": svgForbidden, "textarea": svgForbidden, "select": svgForbidden, "template": svgForbidden, "portal": svgForbidden,
	"noscript": svgForbidden, "xmp": svgForbidden, "plaintext": svgForbidden, "animation": svgForbidden, "tbreak": svgForbidden, "math": svgForbidden,
	"font-face-uri": svgForbidden, "color-profile": svgForbidden, "external": svgForbidden,
}

// svgHarmless are the attributes whose values can't refer to anything, so that most of a drawing costs one look.
var svgHarmless = map[string]bool{
	"id": true, "class": true, "d": true, "x": true, "y": true, "x1": true, "y1": true, "x2": true, "y2": true, "dx": true, "dy": true, "cx": true,
	"cy": true, "r": true, "rx": true, "ry": true, "fx": true, "fy": true, "width": true, "height": true, "points": true, "transform": true,
	"viewBox": true, "offset": true, "opacity": true, "version": true, "preserveAspectRatio": true, "gradientTransform": true,
	"gradientUnits": true, "patternTransform": true, "patternUnits": true, "stroke-width": true, "stroke-linecap": true,
	"stroke-linejoin": true, "stroke-miterlimit": true, "stroke-dasharray": true, "stroke-opacity": true, "fill-opacity": true,
	"fill-rule": true, "clip-rule": true, "font-size": true, "font-family": true, "font-weight": true, "font-style": true,
	"text-anchor": true, "stop-color": true, "stop-opacity": true, "space": true, "lang": true, "label": true, "nodetypes": true,
	"connector-curvature": true, "groupmode": true, "clipPathUnits": true, "maskUnits": true, "rotate": true, "textLength": true,
}

// What an attribute does that is not harmless by its name.
const (
	svgOther = iota
	svgAddress
	svgBase
	svgTarget
	svgNever
	// svgProse can hold anything a person or program wrote, and nothing that a browser reads as a style.
	svgProse
	svgHandler
)

// svgAttributes are the attributes that matter by their names, in lower case.
var svgAttributes = map[string]int{
	"href": svgAddress, "src": svgAddress, "data": svgAddress, "action": svgAddress, "formaction": svgAddress, "poster": svgAddress,
	"background": svgAddress, "cite": svgAddress, "longdesc": svgAddress, "codebase": svgAddress, "manifest": svgAddress, "ping": svgAddress,
	"base": svgBase, "attributename": svgTarget, "srcset": svgNever, "srcdoc": svgNever, "handler": svgNever,
}

// svgTelling are the characters of which whatever loads or runs needs one.
const svgTelling = `(@<\:`

// cssTelling are those of a style: see cssTrouble.
const cssTelling = `(@<\`

// svgRole says what an attribute does, by its name.
func svgRole(local string) int {
	name := strings.ToLower(local)
	if len(name) > 2 && name[:2] == "on" {
		return svgHandler
	}
	switch name {
	case "title", "alt", "name", "desc", "content", "xmlns":
		return svgProse
	}
	if strings.HasPrefix(name, "data-") || strings.HasPrefix(name, "aria-") {
		return svgProse
	}
	return svgAttributes[name]
}

// svgAttribute says what is active about an attribute that is not harmless by its name, or "". Where an attribute means
// nothing to a browser, as in the namespace of a drawing program, its address is looked at all the same.
func svgAttribute(kind, role int, attr xml.Attr) string {
	if role == svgHandler {
		return "the event handler " + shown(attr.Name.Local)
	}
	foreign := attr.Name.Space != "" && attr.Name.Space != svgSpace
	if role == svgProse || (role == svgOther && (foreign || !strings.ContainsAny(attr.Value, svgTelling))) {
		return ""
	}
	if attr.Name.Space == "xmlns" {
		return ""
	}
	value := strings.ToLower(attr.Value)
	switch role {
	case svgAddress:
		return svgReference(kind, value)
	case svgOther:
		what := cssTrouble(value)
		if what == "" && kind == svgAnimation {
			what = svgScheme(value)
		}
		return what
	}
	if kind == svgForeign {
		return ""
	}
	switch role {
	case svgBase:
		// xml:base makes every reference of the drawing one to elsewhere.
		return "a base address (xml:base)"
	case svgTarget:
		target := strings.TrimSpace(value[strings.LastIndexByte(value, ':')+1:])
		if target == "href" || target == "style" || target == "class" || strings.HasPrefix(target, "on") {
			return "an animation of " + shown(attr.Value)
		}
		return ""
	}
	return "the attribute " + shown(attr.Name.Local)
}

// squeezed takes out what browsers take out of addresses. The decoder lets no other control characters through.
func squeezed(value string) string { return strings.Join(strings.Fields(value), "") }

// scriptScheme finds the schemes that run.
var scriptScheme = regexp.MustCompile(`(?:javascript|vbscript|livescript|mocha|data):`)

// svgScheme says what is active about a value that may be used as an address.
func svgScheme(value string) string {
	value = squeezed(value)
	if scriptScheme.MatchString(pictureData.ReplaceAllString(value, "")) {
		return "an address that runs (javascript:, data:)"
	}
	return ""
}

// pictureData is the beginning of a data address of a picture that can't hold scripts.
var pictureData = regexp.MustCompile(`data:image/(?:png|jpe?g|pjpeg|gif|webp|bmp|x-icon|vnd\.microsoft\.icon|avif|apng|tiff)[;,]`)

// plainLink are the addresses to which a link may lead.
var plainLink = regexp.MustCompile(`^(?:https?://|mailto:)`)

// svgReference says what is wrong with an address in lower case.
func svgReference(kind int, value string) string {
	value = squeezed(value)
	if value == "" || value[0] == '#' {
		return ""
	}
	switch kind {
	case svgLink:
		if plainLink.MatchString(value) {
			return ""
		}
		return "a link to something else than http, https and mailto"
	case svgForeign:
		return svgScheme(value)
	}
	if at := pictureData.FindStringIndex(value); at != nil && at[0] == 0 {
		return ""
	}
	return "a reference that loads something from elsewhere"
}

// cssReference are the references of a style sheet that stay within the drawing, or are pictures in it.
var cssReference = regexp.MustCompile(`url\(\s*(?:"\s*|'\s*)?(?:#|data:image/(?:png|jpe?g|gif|webp|bmp|avif)[;,])`)

// cssActive finds what loads or runs in a style sheet.
var cssActive = regexp.MustCompile(`url\s*\(|@import|expression\s*\(|-moz-binding|(?:^|[^-\w])behavior\s*:|javascript:|vbscript:|image-set\s*\(|cross-fade\s*\(|\b(?:image|src)\s*\(|</`)

// cssSigns are what cssActive finds, a little more generally, each with a beginning that is searched for many times as fast.
var cssSigns = []*regexp.Regexp{
	regexp.MustCompile(`url\s*\(`), regexp.MustCompile(`@import`), regexp.MustCompile(`expression\s*\(`), regexp.MustCompile(`-moz-binding`),
	regexp.MustCompile(`behavior\s*:`), regexp.MustCompile(`javascript:`), regexp.MustCompile(`vbscript:`), regexp.MustCompile(`image-set\s*\(`),
	regexp.MustCompile(`cross-fade\s*\(`), regexp.MustCompile(`image\s*\(`), regexp.MustCompile(`src\s*\(`), regexp.MustCompile(`</`),
}

// cssTrouble says what loads or runs in a style sheet or a property's value in lower case, or "". It also finds it in
// comments and strings, where browsers do not look: a style sheet is not parsed here, so that nothing can be hidden from
// the parser.
func cssTrouble(css string) string {
	if strings.IndexByte(css, '\\') >= 0 {
		var ok bool
		if css, ok = cssUnescaped(css); !ok {
			return "a style sheet with too many escapes"
		}
		css = strings.ToLower(css)
	}
	// Whatever loads or runs needs one of these.
	if !strings.ContainsAny(css, cssTelling) {
		return ""
	}
	css = cssReference.ReplaceAllString(css, "#")
	for _, sign := range cssSigns {
		if !sign.MatchString(css) {
			continue
		}
		if what := cssActive.FindString(css); what != "" {
			return "a style sheet that loads something from elsewhere or runs (" + what + ")"
		}
		return ""
	}
	return ""
}

// cssEscape is an escaped character of a style sheet.
var cssEscape = regexp.MustCompile(`\\(?:([0-9A-Fa-f]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|(.))`)

// cssUnescaped resolves escapes, as in fonts' names.
func cssUnescaped(css string) (plain string, ok bool) {
	const most = 2000
	escapes := cssEscape.FindAllStringSubmatchIndex(css, most+1)
	if len(escapes) > most {
		return "", false
	}
	var out strings.Builder
	from := 0
	for _, at := range escapes {
		out.WriteString(css[from:at[0]])
		from = at[1]
		switch {
		case at[2] >= 0:
			code, err := strconv.ParseUint(css[at[2]:at[3]], 16, 32)
			if err != nil || code == 0 || code > utf8.MaxRune {
				code = utf8.RuneError
			}
			out.WriteRune(rune(code))
		case at[6] >= 0:
			out.WriteString(css[at[6]:at[7]])
		}
	}
	out.WriteString(css[from:])
	return out.String(), true
}
