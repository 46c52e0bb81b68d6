package content

import (
	"bytes"
	"regexp"
)

// Marks of content that runs or loads something although it is named as text. Each is looked for at the start alone: logs,
// reports and listings quote every one of them somewhere, and are what cases are full of.

// htmlStart is how a browser recognises a page, behind comments and declarations. It hits a listing of a whole page or
// drawing; it does not hit XML, nor text that begins with a single tag such as <b>, <p> or <a>.
var htmlStart = regexp.MustCompile(`\A[ \t\r\n\f]*(?:<!--(?:[^-]|-[^-]|--+[^->])*--+>[ \t\r\n\f]*|<\?[^>]*>[ \t\r\n\f]*|<!(?i:doctype)[^>]*>[ \t\r\n\f]*)*(?i:<!doctype[ \t\r\n]+(?:html|svg)\b|<html[ \t\r\n>/]|<head[ \t\r\n>]|<body[ \t\r\n>]|<script[ \t\r\n>/]|<meta[ \t\r\n>/]|<iframe[ \t\r\n>]|<svg[ \t\r\n>/]|<svg:svg[ \t\r\n>]|<hta:application\b|<xhtml:html[ \t\r\n>])`)

// tagStart is how a file that is named as a page begins: pages without the outer elements, and parts of pages, are pages too.
var tagStart = regexp.MustCompile(`\A[ \t\r\n\f]*(?:\z|<[!?/A-Za-z])`)

func isHTML(head []byte) bool { return tagStart.Match(head) }

// htaMark is the element that makes a page an application of Windows.
var htaMark = regexp.MustCompile(`<(?i:hta:application)\b`)

// scriptStart is how scripts of Windows begin whose first statement is unmistakable:
//   - @echo off, behind remarks or not: batch. It hits listings of whole batch files.
//   - #requires -version and the like, [CmdletBinding(…)]: PowerShell. It hits listings of whole scripts.
//   - On Error Resume Next, Set x = CreateObject(…), WScript.…, new ActiveXObject(…) as the first statement: VBScript and JScript.
//   - a <job>, <package>, <scriptlet> or <component> that goes on with a script: Windows Script Host files.
//   - [InternetShortcut]: a .url file, the textual kind of Windows shortcut.
var scriptStart = regexp.MustCompile(`\A[ \t\r\n\f]*(?i:(?:(?:@?rem\b|::)[^\n]*\n\s*){0,16}@echo[ \t]+off\b|` +
	`#requires[ \t]+-(?:version|modules?|psedition|runasadministrator|pssnapin|assembly)\b|` +
	`\[cmdletbinding\(|` +
	`on[ \t]+error[ \t]+resume[ \t]+next[ \t]*(?:\r?\n|:|\z)|` +
	`set[ \t]+\w+[ \t]*=[ \t]*(?:wscript\.)?createobject[ \t]*\(|` +
	`wscript\.(?:echo|sleep|quit|createobject|shell|arguments|scriptfullname|timeout|interactive)\b|` +
	`(?:(?:var|let|const)[ \t]+)?\w+[ \t]*=[ \t]*new[ \t]+activexobject[ \t]*\(|` +
	`(?:<\?xml[^>]*>\s*)?(?:<package[^>]*>\s*)?<(?:job|scriptlet|component)\b[^>]*>\s*(?:<[^s][^>]*>[^<]*)*<script\b|` +
	`\[internetshortcut\][ \t]*\r?\n)`)

// Where the sorting of a text by its first byte leads.
const (
	textPlain = iota
	textBlank
	textTag
	textWord
)

// dresses sorts texts by their first byte, so that an ordinary log costs one look.
var dresses = [256]uint8{
	' ': textBlank, '\t': textBlank, '\r': textBlank, '\n': textBlank, '\f': textBlank, '<': textTag,
	'@': textWord, '#': textWord, '[': textWord, ':': textWord, '_': textWord,
	'a': textWord, 'b': textWord, 'c': textWord, 'd': textWord, 'e': textWord, 'f': textWord, 'g': textWord, 'h': textWord, 'i': textWord,
	'j': textWord, 'k': textWord, 'l': textWord, 'm': textWord, 'n': textWord, 'o': textWord, 'p': textWord, 'q': textWord, 'r': textWord,
	's': textWord, 't': textWord, 'u': textWord, 'v': textWord, 'w': textWord, 'x': textWord, 'y': textWord, 'z': textWord,
	'A': textWord, 'B': textWord, 'C': textWord, 'D': textWord, 'E': textWord, 'F': textWord, 'G': textWord, 'H': textWord, 'I': textWord,
	'J': textWord, 'K': textWord, 'L': textWord, 'M': textWord, 'N': textWord, 'O': textWord, 'P': textWord, 'Q': textWord, 'R': textWord,
	'S': textWord, 'T': textWord, 'U': textWord, 'V': textWord, 'W': textWord, 'X': textWord, 'Y': textWord, 'Z': textWord,
}

// dressed says what a text is that runs or loads something when it is opened as what it is, or "". head is the readable
// beginning of the text.
func dressed(head []byte) string {
	if len(head) == 0 {
		return ""
	}
	kind := dresses[head[0]]
	if kind == textBlank {
		head = bytes.TrimLeft(head, " \t\r\n\f")
		if len(head) == 0 {
			return ""
		}
		kind = dresses[head[0]]
	}
	if kind == textPlain {
		return ""
	}
	if kind == textTag && htmlStart.Match(head) {
		return "an HTML page or SVG drawing"
	}
	if scriptStart.Match(head) {
		return "a script or shortcut"
	}
	return ""
}

// least is the smaller of two numbers: the builtin is not there for interpreted code.
func least(a, b int) int {
	if a < b {
		return a
	}
	return b
}
