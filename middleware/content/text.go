package content

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// binaryBytes are the binary data bytes of the WHATWG MIME Sniffing standard, section 3: no text holds one. Tab, line
// feed, form feed, carriage return and escape are not among them.
const binaryBytes = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1c\x1d\x1e\x1f"

// The encodings that a text may have.
const (
	encodingUTF8 = iota
	encodingUTF16
	encodingUTF32
)

// Why bytes are no text.
const (
	notUTF8    = "bytes that are not UTF-8"
	notUTF16   = "bytes that are not the UTF-16 that their byte order mark announces"
	notUTF32   = "bytes that are not the UTF-32 that their byte order mark announces"
	controlled = "control characters that no text holds"
)

// textReader checks a text block by block. Characters that a block's end cuts are kept for the next block.
type textReader struct {
	encoding int
	order    binary.ByteOrder
	rest     []byte
}

// announces tells the bytes that byte order marks begin with.
var announces = [256]bool{0xff: true, 0xfe: true, 0x00: true, 0xef: true}

// startText reads the byte order mark of a text's first block.
func startText(t *textReader, head []byte) {
	// The mark of UTF-32, least byte first, begins with that of UTF-16.
	switch {
	case at(head, 0, "\xff\xfe\x00\x00"):
		t.encoding = encodingUTF32
		t.order = binary.LittleEndian
	case at(head, 0, "\x00\x00\xfe\xff"):
		t.encoding = encodingUTF32
		t.order = binary.BigEndian
	case at(head, 0, "\xff\xfe"):
		t.encoding = encodingUTF16
		t.order = binary.LittleEndian
	case at(head, 0, "\xfe\xff"):
		t.encoding = encodingUTF16
		t.order = binary.BigEndian
	}
}

// checkText checks the next block and says why it is no text, or "".
func checkText(t *textReader, block []byte) string {
	if t.encoding != encodingUTF8 {
		return checkWide(t, block)
	}
	if len(t.rest) > 0 {
		// The character that the last block's end cut is completed by at most three bytes of this one.
		few := len(block)
		if few > utf8.UTFMax-1 {
			few = utf8.UTFMax - 1
		}
		seam := append(t.rest, block[:few]...)
		if !utf8.FullRune(seam) {
			t.rest = seam
			return ""
		}
		_, size := utf8.DecodeRune(seam)
		if size <= len(t.rest) {
			return notUTF8
		}
		block = block[size-len(t.rest):]
		t.rest = t.rest[:0]
	}
	if len(block) > 0 && block[len(block)-1] >= utf8.RuneSelf {
		whole := cut(block)
		t.rest = append(t.rest, block[whole:]...)
		block = block[:whole]
	}
	if !utf8.Valid(block) {
		return notUTF8
	}
	if holdsControl(block) {
		return controlled
	}
	return ""
}

// searchSize is from how many bytes on a search for each binary byte is faster than one for all of them: the processor
// looks at dozens of bytes at once for a single one, and at one after the other for several.
const searchSize = 64 << 10

// holdsControl tells whether the block holds a binary data byte.
func holdsControl(block []byte) bool {
	if len(block) < searchSize {
		return bytes.ContainsAny(block, binaryBytes)
	}
	for i := 0; i < len(binaryBytes); i++ {
		if bytes.IndexByte(block, binaryBytes[i]) >= 0 {
			return true
		}
	}
	return false
}

// notWhole says what a text is that ends within a character.
func notWhole(t *textReader) string {
	switch t.encoding {
	case encodingUTF16:
		return notUTF16
	case encodingUTF32:
		return notUTF32
	}
	return notUTF8
}

// cut gives the length of the block without a character that its end cuts.
func cut(block []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(block); back++ {
		start := len(block) - back
		if utf8.RuneStart(block[start]) {
			if utf8.FullRune(block[start:]) {
				return len(block)
			}
			return start
		}
	}
	return len(block)
}

// checkWide checks a block of UTF-16 or UTF-32.
func checkWide(t *textReader, block []byte) string {
	if len(t.rest) > 0 {
		block = append(t.rest, block...)
		t.rest = nil
	}
	var text string
	var valid bool
	var whole int
	if t.encoding == encodingUTF16 {
		text, whole, valid = decode16(block, t.order)
	} else {
		text, whole, valid = decode32(block, t.order)
	}
	if !valid {
		if t.encoding == encodingUTF16 {
			return notUTF16
		}
		return notUTF32
	}
	t.rest = append([]byte(nil), block[whole:]...)
	if strings.ContainsAny(text, binaryBytes) {
		return controlled
	}
	return ""
}

// decode16 turns UTF-16 into a string, and says how many bytes it took: not the half of a character at the end. What can't be
// decoded comes out as U+FFFD; a text that has one is valid when it comes out again as it went in.
func decode16(block []byte, order binary.ByteOrder) (text string, whole int, valid bool) {
	units := make([]uint16, len(block)/2)
	if binary.Read(bytes.NewReader(block), order, units) != nil {
		return "", 0, false
	}
	if n := len(units); n > 0 && units[n-1] >= 0xd800 && units[n-1] < 0xdc00 {
		units = units[:n-1]
	}
	runes := utf16.Decode(units)
	text, whole = string(runes), 2*len(units)
	if !strings.Contains(text, "\ufffd") {
		return text, whole, true
	}
	var again bytes.Buffer
	if binary.Write(&again, order, utf16.Encode(runes)) != nil {
		return "", 0, false
	}
	return text, whole, bytes.Equal(again.Bytes(), block[:whole])
}

// decode32 does the same with UTF-32.
func decode32(block []byte, order binary.ByteOrder) (text string, whole int, valid bool) {
	runes := make([]int32, len(block)/4)
	if binary.Read(bytes.NewReader(block), order, runes) != nil {
		return "", 0, false
	}
	text, whole = string(runes), 4*len(runes)
	if !strings.Contains(text, "\ufffd") {
		return text, whole, true
	}
	var again bytes.Buffer
	if binary.Write(&again, order, []int32(text)) != nil {
		return "", 0, false
	}
	return text, whole, bytes.Equal(again.Bytes(), block[:whole])
}

// decodeText gives the beginning of a text as UTF-8, without its byte order mark: what the matchers of text types look at.
func decodeText(t *textReader, head []byte) []byte {
	switch t.encoding {
	case encodingUTF16:
		text, _, _ := decode16(head, t.order)
		head = []byte(text)
	case encodingUTF32:
		text, _, _ := decode32(head, t.order)
		head = []byte(text)
	}
	return bytes.TrimPrefix(head, []byte("\ufeff"))
}

// jsonStart is how a JSON text begins (RFC 8259): a value, and for the two kinds that hold others, what may come first in
// them. A text of one value that is cut after its first brace is what a longer one looks like at the end of the head.
var jsonStart = regexp.MustCompile(`\A[ \t\r\n]*(?:\z|\{[ \t\r\n]*(?:["}]|\z)|\[[ \t\r\n]*(?:[\[{"\-0-9tfn\]]|\z)|"|-?[0-9]|true\b|false\b|null\b)`)

func isJSON(head []byte) bool { return jsonStart.Match(head) }

// xmlStart is a declaration, a comment, a doctype, an instruction or an element.
var xmlStart = regexp.MustCompile(`\A[ \t\r\n]*(?:\z|<[?!A-Za-z_:])`)

func isXML(head []byte) bool { return xmlStart.Match(head) }

// mailStart is a header field of RFC 5322, or the line that mailboxes put before a message.
var mailStart = regexp.MustCompile(`\A(?:From [^\r\n]*\r?\n|>From [^\r\n]*\r?\n)?[!-9;-~]{1,76}:[ \t\r\n]`)

func isMail(head []byte) bool { return len(head) == 0 || mailStart.Match(head) }
