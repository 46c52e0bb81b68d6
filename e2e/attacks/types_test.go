package attacks

import (
	"bytes"
	"strings"

	"github.com/casegate/casegate/e2e/harness"
)

const page = "<!DOCTYPE html><html><script>alert(1)</script></html>"

func typeAttacks() []attack {
	const first = "never-allowed content is found by its first bytes, whatever the name"
	const twoTypes = "a picture or PDF may be nothing else at the same time"
	const text = "text must be text, and no page or script dressed as one"
	png, jpeg := harness.PNG(8, 8), harness.JPEG(16, 16)
	zipBehind := func(end func(size, place uint32) []byte) sender { return file("a.png", pictureAndZIP(png, end)) }
	return []attack{
		{"type-elf", "a Linux program named as a picture", first, "", "executable_content", file("a.png", harness.ELF()), nil},
		{"type-pe", "a Windows program named as a PDF", first, "", "executable_content", file("a.pdf", harness.PE()), nil},
		{"type-macho", "a macOS program named as text", first, "", "executable_content", file("a.txt", []byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01")), nil},
		{"type-class", "a Java class named as CSV", first, "", "executable_content", file("a.csv", []byte("\xca\xfe\xba\xbe\x00\x00\x00\x41\x00\x10")), nil},
		{"type-wasm", "WebAssembly named as text", first, "", "executable_content", file("a.txt", []byte("\x00asm\x01\x00\x00\x00")), nil},
		{"type-shortcut", "a Windows shortcut named as text", first, "", "executable_content", file("a.txt", []byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46aaaa")), nil},
		{"type-installer", "an MSI named as a FlashPix picture, whose container it shares", first, "", "executable_content", file("a.fpx", join([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600), []byte("\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"), make([]byte, 900))), nil},
		{"type-script-bom", "`#!/bin/sh` behind a byte order mark", first, "", "executable_content", file("a.txt", []byte("\ufeff#!/bin/sh\nid\n")), nil},
		{"type-script-utf16", "`#!/bin/sh` in UTF-16", first, "", "executable_content", file("a.txt", wide("#!/bin/sh\nid\n")), nil},
		{"type-batch", "a batch file named as text", text, "", "active_content", file("a.txt", []byte("rem x\r\n@echo off\r\ndel *\r\n")), nil},
		{"type-hta", "an HTA named as text", text, "", "executable_content", file("a.txt", []byte("<html><HTA:APPLICATION ID=a><script>x</script>")), nil},
		{"type-html", "a page named as text, behind a comment", text, "", "active_content", file("a.txt", []byte("<!-- x -->\n"+page)), nil},
		{"type-html-utf16", "a page in UTF-16", text, "", "active_content", file("a.txt", wide(page)), nil},
		{"type-html-utf32", "a page in UTF-32", text, "", "active_content", file("a.txt", wider(page)), nil},
		{"type-html-json", "a page named as JSON", "JSON must begin like JSON", "", "content_mismatch", file("a.json", []byte(page)), nil},
		{"type-json-bom", "a script named as JSON behind a byte order mark", first, "", "executable_content", file("a.json", []byte("\ufeff#!/usr/bin/env node\n{}")), nil},
		{"type-binary-text", "binary data in a text, far from its beginning", text, "", "content_mismatch", file("a.txt", join(lines(400<<10), []byte{0}, lines(100))), nil},
		{"type-html-unknown", "a page under a picture's type without a signature (.azv)", "content that is recognised as another type does not pass", "", "content_mismatch", file("a.azv", []byte(page)), nil},
		{"type-png-html", "a PNG with a page in its first kilobyte", twoTypes, "", "content_mismatch", file("a.png", join(png[:33], []byte("\x00\x00\x00\x40tEXtx\x00<script>alert(1)</script>"), make([]byte, 40), png[33:])), nil},
		{"type-png-page-behind", "a page behind a PNG's end", twoTypes, "", "content_mismatch", file("a.png", join(png, []byte(page))), nil},
		{"type-png-program-behind", "a program behind a PNG's end", twoTypes, "", "executable_content", file("a.png", join(png, make([]byte, 64), harness.ELF())), nil},
		{"type-png-php", "PHP behind a JPEG's end", twoTypes, "", "content_mismatch", file("a.jpg", join(jpeg, []byte("<?php system($_GET['c']);"))), nil},
		{"type-png-pdf", "a PDF in a PNG's first kilobyte", twoTypes, "", "content_mismatch", file("a.png", join(png[:33], []byte("\x00\x00\x00\x20tEXt%PDF-1.7"), make([]byte, 40), png[33:])), nil},
		{"type-gifar", "a GIF that is a JAR", twoTypes, "office", "content_mismatch", file("a.gif", pictureAndZIP(gif(), func(size, place uint32) []byte { return endRecord(1, size, place, 0) })), nil},
		{"type-png-zip", "a PNG that is a ZIP", twoTypes, "", "content_mismatch", zipBehind(func(size, place uint32) []byte { return endRecord(1, size, place, 0) }), nil},
		{"type-png-zip-size", "the same, and the end record states a wrong size (unzip and Go open it)", twoTypes, "", "content_mismatch", zipBehind(func(_, place uint32) []byte { return endRecord(1, 10, place, 0) }), nil},
		{"type-png-zip-count", "the same, and the end record states no members (Python opens it)", twoTypes, "", "content_mismatch", zipBehind(func(size, place uint32) []byte { return endRecord(0, size, place, 0) }), nil},
		{"type-png-zip-comment", "the same, and the end record states a comment that is not there (unzip opens it)", twoTypes, "", "content_mismatch", zipBehind(func(size, place uint32) []byte { return endRecord(1, size, place, 0xffff) }), nil},
		{"type-jpeg-iso", "a JPEG that is a disc's image", twoTypes, "", "executable_content", file("a.jpg", join(jpeg, make([]byte, 0x8001-len(jpeg)), []byte("CD001\x01"), make([]byte, 4096))), nil},
		{"type-png-pixels", "a PNG of 60000 × 60000 pixels, for viewers to choke on", "at most 64 megapixels", "", "image_unsafe", file("a.png", join(png[:16], []byte("\x00\x00\xea\x60\x00\x00\xea\x60"), png[24:])), nil},
		{"type-empty-picture", "an empty file named as a picture", "the signature must be there", "", "content_mismatch", file("a.png", nil), nil},
	}
}

func activeAttacks() []attack {
	const names = "names of actions are found, escaped or not"
	const drawing = "a drawing may neither run nor load anything"
	const oneWay = "a drawing is well-formed XML in UTF-8"
	draw := func(inside string) sender { return file("a.svg", svg(inside)) }
	return []attack{
		{"pdf-javascript", "JavaScript that runs on opening", names, "", "active_content", file("a.pdf", pdf("<</S/JavaScript/JS(app.alert(1))>>")), nil},
		{"pdf-javascript-escaped", "`/Java#53cript`", names, "", "active_content", file("a.pdf", pdf("<</S/Java#53#63ript/JS(app.alert(1))>>")), nil},
		{"pdf-launch", "an action that starts a program", names, "", "active_content", file("a.pdf", pdf("<</S/Launch/F(cmd.exe)>>")), nil},
		{"pdf-attached-program", "an attached file named tool.exe", "names of attached files are looked at", "", "executable_content", file("a.pdf", pdf("<</Type/Filespec/F(tool.exe)/EF<</F 10 0 R>>>>")), nil},
		{
			"pdf-attached-blocks", "an attached file of blocks with the costliest codes that there are", "what is far more work to read than its kind is refused", "", "archive_unsafe",
			file("a.pdf", pdf("<</Type/EmbeddedFile/Filter/FlateDecode>>stream\n\x78\x9c"+string(crowdedStream())+"\nendstream")), nil,
		},
		{"pdf-zip", "a PDF that is a ZIP", "a picture or PDF may be nothing else at the same time", "", "content_mismatch", file("a.pdf", pictureAndZIP(harness.PDF("x"), func(size, place uint32) []byte { return endRecord(1, size, place, 0) })), nil},
		{"pdf-program-behind", "a program behind a PDF's end", "a picture or PDF may be nothing else at the same time", "", "executable_content", file("a.pdf", join(harness.PDF("x"), harness.PE())), nil},
		{"svg-script", "a script", drawing, "", "active_content", draw("<script>alert(1)</script>"), nil},
		{"svg-script-prefixed", "a script under a namespace prefix", drawing, "", "active_content", draw(`<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>`), nil},
		{"svg-handler", "an event handler", drawing, "", "active_content", draw(`<g OnLoad="alert(1)"/>`), nil},
		{"svg-foreign", "HTML in a foreignObject", drawing, "", "active_content", draw(`<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>`), nil},
		{"svg-xhtml", "an XHTML image with a handler, in its own namespace", drawing, "", "active_content", draw(`<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="x" onerror="alert(1)"/>`), nil},
		{"svg-link", "`java&#10;script:` in a link", drawing, "", "active_content", draw(`<a xlink:href="java&#10;script:alert(1)"><text>x</text></a>`), nil},
		{"svg-animated-link", "an animation that sets href", drawing, "", "active_content", draw(`<a><set attributeName="xlink:href" to="javascript:alert(1)"/></a>`), nil},
		{"svg-data", "an SVG within, as a base64 data address", drawing, "", "active_content", draw(`<image href="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="/>`), nil},
		{"svg-use", "`use` of a drawing elsewhere", drawing, "", "active_content", draw(`<use href="https://evil.example/x.svg#a"/>`), nil},
		{"svg-import", "`@im\\70ort` in a style sheet", drawing, "", "active_content", draw(`<style>@im\70ort "//evil.example/x.css";</style>`), nil},
		{"svg-css-address", "`u\\72l(…)` in an attribute", drawing, "", "active_content", draw(`<rect style="fill:u\72l(//evil.example/x)"/>`), nil},
		{"svg-stylesheet", "an xml-stylesheet instruction", drawing, "", "active_content", file("a.svg", join([]byte(`<?xml-stylesheet href="//evil.example/x.xsl"?>`), svg(""))), nil},
		{"svg-base", "xml:base, which makes all references foreign", drawing, "", "active_content", draw(`<g xml:base="https://evil.example/"><use href="#a"/></g>`), nil},
		{"svg-entities", "entities of an internal subset (a billion laughs)", drawing, "", "active_content", file("a.svg", join([]byte(`<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>`), svg("<text>&b;</text>"))), nil},
		{"svg-external-entity", "an external entity", drawing, "", "active_content", file("a.svg", join([]byte(`<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>`), svg("<text>&a;</text>"))), nil},
		{"svg-utf16", "a drawing in UTF-16", oneWay, "", "content_mismatch", file("a.svg", wide(string(svg("<script/>")))), nil},
		{"svg-utf7", "`encoding = \"UTF-7\"`, with blanks that hide it from Go's reader", oneWay, "", "content_mismatch", file("a.svg", join([]byte(`<?xml version="1.0" encoding = "UTF-7"?>`), svg("<text>+ADw-script+AD4-alert(1)+ADw-/script+AD4-</text>"))), nil},
		{"svg-two-roots", "a second root behind the first", oneWay, "", "content_mismatch", file("a.svg", join(svg(""), svg("<script/>"))), nil},
		{"svg-deep", "300 elements within each other", "drawings have limits", "", "image_unsafe", draw(strings.Repeat("<g>", 300) + strings.Repeat("</g>", 300)), nil},
		{"svgz-script", "a script in a compressed drawing", drawing, "", "active_content", file("a.svgz", harness.Gzip(svg("<script>alert(1)</script>"))), nil},
		{"svgz-nested", "a compressed drawing, compressed again", oneWay, "", "content_mismatch", file("a.svgz", harness.Gzip(harness.Gzip(svg("<script/>")))), nil},
		{"svgz-two-streams", "a second stream behind the first", "one stream alone", "", "image_unsafe", file("a.svgz", join(harness.Gzip(svg("")), harness.Gzip([]byte("<script/>")))), nil},
		{"svgz-bomb", "20 MiB of blanks in a compressed drawing", "it unpacks to no more than an image may have", "", "image_unsafe", file("a.svgz", harness.Gzip(join(svg(""), bytes.Repeat([]byte(" "), 20<<20)))), nil},
	}
}
