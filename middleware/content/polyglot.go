package content

import (
	"bytes"
	"encoding/binary"
	"regexp"
)

const (
	// tailSize is how much of a file's end is looked at: the end record of a ZIP and the longest comment behind it.
	tailSize = 64<<10 + 22
	// reach is how much behind an end mark must be seen to know what was appended.
	reach = 512
	// maxEnds is how many end marks of one file are looked behind. Pictures with a film appended hold some tens by chance.
	maxEnds = 1000

	// eocdSize is the size of a ZIP's end record without its comment, and maxRecords how many of them are looked at.
	eocdSize   = 22
	maxRecords = 200
)

var eocdMark = []byte("PK\x05\x06")

// zipEnd tells whether a ZIP reader could find an archive at the end of a file of the size: an end record (APPNOTE.TXT,
// section 4.3.16) with a directory before it. tail is the file's end. More marks than a file has by chance
// count as one that is right.
func zipEnd(tail []byte, size int64) bool {
	from := 0
	for tries := 0; tries < maxRecords; tries++ {
		place := bytes.Index(tail[from:], eocdMark)
		if place < 0 {
			return false
		}
		place += from
		if place+eocdSize <= len(tail) && zipRecord(tail[:place], tail[place:], size-int64(len(tail)-place)) {
			return true
		}
		from = place + 1
	}
	return true
}

// zipRecord judges one end record. before is what stands before it as far as it is known; offset is its place in the file.
func zipRecord(before, record []byte, offset int64) bool {
	// Programs find the directory by its entries' marks too, so what the record says of it makes no difference.
	if bytes.Contains(before, []byte("PK\x01\x02")) {
		return true
	}
	// ZIP64 has its own record right before.
	if len(before) >= 20 && at(before, len(before)-20, "PK\x06\x07") {
		return true
	}
	// The directory may begin before what is seen.
	directory := int64(binary.LittleEndian.Uint32(record[12:]))
	return directory > int64(len(before)) && directory <= offset
}

// pageStart is what a browser, or a PHP reader, would run of the bytes behind the end of a picture.
var pageStart = regexp.MustCompile(`\A<(?:(?i:!doctype[ \t\r\n]+html|html|head|body|script|iframe|svg)[ \t\r\n>/]|\?php\b|\?=)`)

// pageMark is the same anywhere.
var pageMark = regexp.MustCompile(`<(?:(?i:!doctype[ \t\r\n]+html|html|script|iframe)[ \t\r\n>/]|\?php[ \t\r\n])`)

// appended says what the bytes behind the end of a file are: a program, a page or script, or "" for anything else. filler
// before it is passed over.
func appended(rest []byte) (program, page string) {
	rest = bytes.TrimLeft(rest, "\x00\t\r\n ")
	if len(rest) < 4 {
		return "", ""
	}
	page = ""
	program = forbidden(rest)
	if program == "" && rest[0] == '<' && pageStart.Match(rest) {
		page = "text/html"
	}
	return program, page
}

// gifTails are how programs and pages begin right behind the one byte that ends a GIF. The byte alone is everywhere.
var gifTails = []string{";MZ", ";\x7fELF", ";#!", ";\xca\xfe\xba\xbe", ";\xcf\xfa\xed\xfe", ";\xce\xfa\xed\xfe", ";<script", ";<html", ";<?php"}

// appendedGIF gives what appended gives, for any place in a GIF that could be its end.
func appendedGIF(data []byte) (program, page string) {
	for _, tail := range gifTails {
		place := indexOf(data, []byte(tail))
		if place < 0 {
			continue
		}
		behind := data[place+1:]
		if program, page = appended(behind[:least(len(behind), reach)]); program != "" || page != "" {
			return program, page
		}
	}
	return "", ""
}
