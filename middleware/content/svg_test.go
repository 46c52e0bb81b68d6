package content

import (
	"regexp"
	"strings"
	"testing"
)

// svg wraps elements into a drawing.
func svg(inner string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">` + inner + `</svg>`
}

const picture64 = "data:image/png;base64,iVBORw0KGgo="

var svgCases = map[string]struct {
	file       string
	code, part string
}{
	"a plain drawing":              {svg(`<g id="a"><path d="M0 0L9 9" fill="#f00"/><text x="1">hi &amp; &#233;</text></g>`), "", ""},
	"without namespace":            {`<svg width="1"><rect/></svg>`, "", ""},
	"with a prefix":                {`<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:rect/></s:svg>`, "", ""},
	"with everything before it":    {"\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!-- made by a program -->\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n" + svg("") + "\n<!-- end -->\n", "", ""},
	"the shortest doctype":         {"<!DOCTYPE svg>" + svg(""), "", ""},
	"a link to a site":             {svg(`<a xlink:href="https://example.com/a?b=c#d"><text/></a>`), "", ""},
	"a link to an address":         {svg(`<a href="mailto:a@example.com"><text/></a>`), "", ""},
	"a link within":                {svg(`<a href="#top"><text/></a>`), "", ""},
	"a picture inside":             {svg(`<image href="` + picture64 + `"/>`), "", ""},
	"a picture in lines":           {svg("<image xlink:href=\"data:image/jpeg;base64,\n /9j/\n4AAQ\"/>"), "", ""},
	"uses and gradients":           {svg(`<use xlink:href="#a"/><linearGradient href="#b"/><rect fill="url(#g)" filter="url('#f')" mask="url( &quot;#m&quot; )"/>`), "", ""},
	"style":                        {svg(`<style type="text/css"><![CDATA[.a{fill:url(#g);font-family:'\5FAE\8F6F';scroll-behavior: smooth}]]></style><rect style="fill:#fff;marker:url(#m)"/>`), "", ""},
	"metadata":                     {svg(`<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:cc="http://creativecommons.org/ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"><cc:Work rdf:about="http://x"><dc:source>javascript:</dc:source><dc:type rdf:resource="http://purl.org/dc/dcmitype/StillImage"/></cc:Work></rdf:RDF></metadata>`), "", ""},
	"a drawing program's own":      {svg(`<i:view xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:export-filename="C:\Users\a\image (1).png" i:href="x.svg"/>`), "", ""},
	"draw.io's source":             {strings.Replace(svg(""), `viewBox`, `content="&lt;a style=&quot;background:url(http://x)&quot;>" viewBox`, 1), "", ""},
	"an animation":                 {svg(`<rect><animate attributeName="x" from="0" to="9" dur="1s" begin="0s;a.click"/></rect>`), "", ""},
	"text about scripts":           {svg(`<text>&lt;script>alert(1)&lt;/script> onload=x javascript:y url(http://z)</text>`), "", ""},
	"a packet":                     {svg(`<?xpacket begin="x"?>`), "", ""},
	"a title with parentheses":     {svg(`<g title="image (1)" data-x="url(http://a)" aria-label="src (2)"/>`), "", ""},
	"script":                       {svg(`<script>alert(1)</script>`), "active_content", "script"},
	"script in capitals":           {svg(`<SCRIPT/>`), "active_content", "SCRIPT"},
	"script with a prefix":         {`<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:script/></s:svg>`, "active_content", "script"},
	"script, undeclared prefix":    {svg(`<x:script/>`), "active_content", "script"},
	"script of HTML":               {svg(`<h:script xmlns:h="http://www.w3.org/1999/xhtml"/>`), "active_content", "script"},
	"an element of HTML":           {svg(`<h:p xmlns:h="http://www.w3.org/1999/xhtml"/>`), "active_content", `"p"`},
	"it with an escaped namespace": {svg(`<h:p xmlns:h="http:&#x2f;/www.w3.org/1999/xhtml"/>`), "active_content", `"p"`},
	"script in any namespace":      {svg(`<g xmlns="urn:x"><script/></g>`), "active_content", "script"},
	"foreignObject":                {svg(`<foreignObject/>`), "active_content", "foreignObject"},
	"foreignObject in capitals":    {svg(`<FOREIGNOBJECT/>`), "active_content", "FOREIGNOBJECT"},
	"iframe":                       {svg(`<iframe/>`), "active_content", "iframe"},
	"embed":                        {svg(`<embed/>`), "active_content", "embed"},
	"object":                       {svg(`<object/>`), "active_content", "object"},
	"audio":                        {svg(`<audio/>`), "active_content", "audio"},
	"video":                        {svg(`<video/>`), "active_content", "video"},
	"handler":                      {svg(`<handler/>`), "active_content", "handler"},
	"onload":                       {strings.Replace(svg(""), "viewBox", `onload="x" viewBox`, 1), "active_content", "onload"},
	"onload in capitals":           {svg(`<g ONLOAD="x"/>`), "active_content", "ONLOAD"},
	"onload with a prefix":         {svg(`<g xmlns:s="http://www.w3.org/2000/svg" s:onload="x"/>`), "active_content", "onload"},
	"onload behind a line":         {svg("<g\nonclick\n=\n'x'/>"), "active_content", "onclick"},
	"a javascript: link":           {svg(`<a href="javascript:x"/>`), "active_content", "a link to something else"},
	"it in capitals":               {svg(`<a href="JavaScript:x"/>`), "active_content", "a link to something else"},
	"it with a tab":                {svg("<a href=\"java\tscript:x\"/>"), "active_content", "a link to something else"},
	"it with references":           {svg(`<a href="&#x6a;ava&#10;script&#58;x"/>`), "active_content", "a link to something else"},
	"it behind blanks":             {svg(`<a href=" javascript:x"/>`), "active_content", "a link to something else"},
	"it on another element":        {svg(`<g href="javascript:x"/>`), "active_content", "loads"},
	"it in metadata":               {svg(`<m xmlns="urn:x" href="java&#9;script:x"/>`), "active_content", "address that runs"},
	"a vbscript: link":             {svg(`<a href="vbscript:x"/>`), "active_content", "a link"},
	"a data: link":                 {svg(`<a href="data:text/html,x"/>`), "active_content", "a link"},
	"a relative link":              {svg(`<a href="/logout"/>`), "active_content", "a link"},
	"a link without a scheme":      {svg(`<a href="//example.com"/>`), "active_content", "a link"},
	"a picture from elsewhere":     {svg(`<image href="https://example.com/a.png"/>`), "active_content", "from elsewhere"},
	"a picture beside it":          {svg(`<image href="a.png"/>`), "active_content", "from elsewhere"},
	"a drawing in it":              {svg(`<image href="data:image/svg+xml,x"/>`), "active_content", "from elsewhere"},
	"a page in it":                 {svg(`<image href="data:text/html;data:image/png;,x"/>`), "active_content", "from elsewhere"},
	"use from elsewhere":           {svg(`<use xlink:href="a.svg#b"/>`), "active_content", "from elsewhere"},
	"feImage from elsewhere":       {svg(`<feImage href="http://x"/>`), "active_content", "from elsewhere"},
	"xml:base":                     {svg(`<g xml:base="http://x/"/>`), "active_content", "base address"},
	"a fill from elsewhere":        {svg(`<g fill="url(http://x#a)"/>`), "active_content", "style sheet"},
	"a filter from elsewhere":      {svg(`<g filter="url(a.svg#f)"/>`), "active_content", "style sheet"},
	"a style from elsewhere":       {svg(`<g style="fill:URL( 'http://x')"/>`), "active_content", "style sheet"},
	"it behind one within":         {svg(`<g style="fill:url(#a);mask:url(http://x)"/>`), "active_content", "style sheet"},
	"it escaped":                   {svg(`<g style="fill:\75 rl(http://x)"/>`), "active_content", "style sheet"},
	"it escaped by references":     {svg(`<g style="fill:u&#114;l(http://x)"/>`), "active_content", "style sheet"},
	"a drawing in a style":         {svg(`<g style="fill:url(data:image/svg+xml,x)"/>`), "active_content", "style sheet"},
	"a font in a style":            {svg(`<style>@font-face{src:url(data:font/woff2;base64,x)}</style>`), "active_content", "style sheet"},
	"@import":                      {svg(`<style>@import "http://x";</style>`), "active_content", "@import"},
	"@import, escaped":             {svg(`<style>@\69mport "http://x";</style>`), "active_content", "@import"},
	"@import, divided":             {svg(`<style>@im<!-- x --><![CDATA[port]]> "http://x";</style>`), "active_content", "@import"},
	"image-set":                    {svg(`<style>a{mask:image-set("http://x" 1x)}</style>`), "active_content", "image-set"},
	"an expression":                {svg(`<g style="width:expression(x)"/>`), "active_content", "expression"},
	"a behavior":                   {svg(`<g style="behavior: url(#x)"/>`), "active_content", "behavior"},
	"too many escapes":             {svg(`<style>` + strings.Repeat(`\41`, 2001) + `</style>`), "active_content", "escapes"},
	"an element in a style":        {svg(`<style><g/></style>`), "active_content", "within a style"},
	"a style sheet's instruction":  {`<?xml-stylesheet href="a.css"?>` + svg(""), "active_content", "xml-stylesheet"},
	"it in capitals too":           {`<?XML-Stylesheet href="a.css"?>` + svg(""), "active_content", "Stylesheet"},
	"an entity":                    {`<!DOCTYPE svg [<!ENTITY a "b">]>` + svg(""), "active_content", "document type"},
	"an empty subset":              {`<!DOCTYPE svg []>` + svg(""), "active_content", "document type"},
	"another DTD":                  {`<!DOCTYPE svg SYSTEM "http://example.com/a.dtd">` + svg(""), "active_content", "document type"},
	"another document type":        {`<!DOCTYPE html>` + svg(""), "active_content", "document type"},
	"an entity alone":              {`<!ENTITY a "b">` + svg(""), "active_content", "document type"},
	"set href":                     {svg(`<a><set attributeName="xlink:href" to="#x"/></a>`), "active_content", "animation"},
	"animate href":                 {svg(`<a><animate attributeName=" href " values="javascript:x"/></a>`), "active_content", ""},
	"set onclick":                  {svg(`<set attributeName="onclick" to="x"/>`), "active_content", "animation"},
	"animate to a script":          {svg(`<animate attributeName="x" values="java&#10;script:x"/>`), "active_content", "address that runs"},
	"animate to elsewhere":         {svg(`<animate attributeName="fill" values="url(http://x)"/>`), "active_content", "style sheet"},
	"too deep":                     {svg(strings.Repeat("<g>", 256) + strings.Repeat("</g>", 256)), "image_unsafe", "complex"},
	"deep enough":                  {svg(strings.Repeat("<g>", 255) + strings.Repeat("</g>", 255)), "", ""},
	"too many elements":            {svg(strings.Repeat("<g/>", svgMaxElements)), "image_unsafe", "complex"},
	"too many comments":            {svg(strings.Repeat("<!---->", svgMaxTokens)), "image_unsafe", "complex"},
	"too many instructions":        {svg(strings.Repeat("<?x?>", svgMaxOther+1)), "image_unsafe", "complex"},
	"too many pieces of a style":   {svg("<style>" + strings.Repeat("x<!---->", svgMaxOther+1) + "</style>"), "image_unsafe", "complex"},
	"too many blanks behind it":    {svg("") + strings.Repeat(" <!---->", svgMaxOther+1), "image_unsafe", "complex"},
	"too many attributes":          {svg("<g" + strings.Repeat(` x=""`, svgMaxAttributes) + "/>"), "image_unsafe", "complex"},
	"too many styles":              {svg(strings.Repeat(`<g q="("/>`, svgMaxJudged+2)), "image_unsafe", "complex"},
	"a second style":               {svg(`<g q="a"/><g q="fill:url(http://x)"/>`), "active_content", "style sheet"},
	"a second style, hidden":       {svg(`<g q="a"/><g q="u\72l(http://x)"/>`), "active_content", "style sheet"},
	"a style behind many":          {svg(strings.Repeat(`<g q="rgb(1,2,3)"/>`, 20_000) + `<g q="url(http://x)"/>`), "active_content", "style sheet"},
	"a style before many":          {svg(`<g q="a"/><g q="url(http://x)"/>` + strings.Repeat(`<g q="rgb(1,2,3)"/>`, 20_000)), "active_content", "style sheet"},
	"halves of a style":            {svg(`<g q="a"/><g q="(url"/><g q="(http://x)"/>`), "", ""},
	"a second handler":             {svg(`<g onload=""/><g onload="x"/>`), "active_content", "event handler"},
	"a second address":             {svg(`<use href="#a"/><use href="b.svg"/>`), "active_content", "elsewhere"},
	"an animation's second value":  {svg(`<g to="a"/><set to="javascript:x"/>`), "active_content", "address that runs"},
	"too much style":               {svg("<style>" + strings.Repeat(`x`, svgMaxStyle+1) + "</style>"), "image_unsafe", "complex"},
	"a page":                       {`<html xmlns="http://www.w3.org/1999/xhtml"/>`, "content_mismatch", "root element"},
	"another namespace":            {`<svg xmlns="urn:x"/>`, "content_mismatch", "root element"},
	"a root in capitals":           {`<SVG/>`, "content_mismatch", "root element"},
	"two roots":                    {svg("") + svg(""), "content_mismatch", "more than one root"},
	"text before it":               {"x" + svg(""), "content_mismatch", "outside"},
	"text behind it":               {svg("") + "x", "content_mismatch", "outside"},
	"nothing":                      {"", "content_mismatch", "no drawing"},
	"a comment alone":              {"<!-- x -->", "content_mismatch", "no drawing"},
	"no XML":                       {"just text", "content_mismatch", ""},
	"an unknown entity":            {svg("&nbsp;"), "content_mismatch", "well-formed"},
	"not closed":                   {"<svg>", "content_mismatch", "well-formed"},
	"closed wrongly":               {"<svg><a></b></svg>", "content_mismatch", "well-formed"},
	"an attribute without quotes":  {"<svg a=b/>", "content_mismatch", "well-formed"},
	"not UTF-8":                    {"<svg>\xff</svg>", "content_mismatch", "well-formed"},
	"Latin-1, announced":           {`<?xml version="1.0" encoding="ISO-8859-1"?><svg/>`, "content_mismatch", "well-formed"},
	"UTF-7, announced":             {`<?xml version="1.0" encoding="UTF-7"?><svg/>`, "content_mismatch", "well-formed"},
	"UTF-16":                       {"\xff\xfe<\x00s\x00v\x00g\x00/\x00>\x00", "content_mismatch", ""},
}

func TestSVG(t *testing.T) {
	for name, c := range svgCases {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookSVG, "a.svg", []byte(c.file)), c.code, c.part)
			if c.code == "image_unsafe" {
				return
			}
			checkRefusal(t, inspectAs(lookSVG, "a.SVGZ", makeGzip([]byte(c.file))), c.code, c.part)
		})
	}
}

func TestCompressedSVG(t *testing.T) {
	drawn := makeGzip([]byte(svg("")))
	for name, c := range map[string]struct {
		file       []byte
		code, part string
	}{
		"plain":         {[]byte(svg("")), "content_mismatch", "not compressed"},
		"cut off":       {cutOff(drawn, 3), "image_unsafe", "damaged"},
		"with a tail":   {append(append([]byte(nil), drawn...), "tail"...), "image_unsafe", "damaged"},
		"two streams":   {concat(drawn, makeGzip([]byte("<script/>"))), "image_unsafe", "damaged"},
		"of 11 MiB":     {makeGzip([]byte(svg(strings.Repeat(" ", 11<<20)))), "image_unsafe", "unpacks"},
		"of 9 MiB":      {makeGzip([]byte(svg(strings.Repeat(" ", 9<<20)))), "", ""},
		"nothing in it": {makeGzip(nil), "content_mismatch", "no drawing"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, inspectAs(lookSVG, "a.svgz", c.file), c.code, c.part)
		})
	}
}

// With activeContent allow, a drawing must still be one.
func TestActiveSVGAllowed(t *testing.T) {
	for name, c := range svgCases {
		want := c.code
		// A style sheet is only read where it is judged.
		if want == "active_content" || name == "too much style" || name == "too many styles" || name == "too many pieces of a style" {
			want = ""
		}
		settings := Default()
		settings.ActiveContent = Allow
		no := look(lookSVG, strings.NewReader(c.file), int64(len(c.file)), &env{settings: settings, name: "a.svg"})
		if got := codeOf(no); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// svgFuzzMark is what no drawing that passes may hold, looked for without any knowledge of XML.
var svgFuzzMark = regexp.MustCompile(`<(?:script|foreignobject|iframe)[\s/>]|:script>|<!entity`)

func FuzzSVG(f *testing.F) {
	for _, c := range svgCases {
		if len(c.file) < 2000 {
			f.Add(c.file)
		}
	}
	f.Fuzz(func(t *testing.T, file string) {
		if inspectAs(lookSVG, "a.svg", []byte(file)) != nil {
			return
		}
		// A browser that knew nothing of XML but tags would still find no script.
		plain := strings.ToLower(file)
		for _, comment := range []string{"<!--", "<![cdata[", "<?"} {
			if strings.Contains(plain, comment) {
				return
			}
		}
		if mark := svgFuzzMark.FindString(plain); mark != "" {
			t.Fatalf("passed with %s", mark)
		}
	})
}
