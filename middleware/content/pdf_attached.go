package content

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"math/rand"
	"regexp"
	"strconv"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// Files that are attached to a PDF. None may have the name of a program, or begin like one.
const (
	// pdfAttachmentsMost bounds the attached files whose first bytes are looked at.
	pdfAttachmentsMost = 1000
	// pdfPackedMost is how many packed bytes of an attached file are unpacked: what runs names itself by then.
	pdfPackedMost = 4 << 10
	// pdfCrowdedFirst is how many attached files are looked at for blocks that are made to cost, and of how many of the
	// others one is.
	pdfCrowdedFirst, pdfCrowdedOne = 8, 8
	// pdfReach is how far from the entry that says so an attached file's name, or its beginning, is looked for.
	pdfReach = 1 << 10
)

// pdfFileName takes the names of files: in parentheses, or as hexadecimal digits.
var pdfFileName = regexp.MustCompile(`/U?F[\x00\t\n\f\r ]*(?:\(((?:[^()\\]|\\(?s:.))+)\)|<([0-9A-Fa-f\x00\t\n\f\r ]+)>)`)

// attachedName judges the names around the entry EF, which says that the file of this description is attached.
func (p *pdfScan) attachedName(data []byte, at int) *refusal.Refusal {
	begin := at - pdfReach
	if begin < 0 {
		begin = 0
	}
	for _, found := range pdfFileName.FindAllSubmatch(data[begin:], 16) {
		if name := pdfText(found[1], found[2]); forbiddenName(name) {
			return executable(p.name+": its attached file "+shown(name), "a file that runs when it is opened")
		}
	}
	return nil
}

// attachedBytes judges the first bytes of an attached file, plain or compressed.
func (p *pdfScan) attachedBytes(data []byte) *refusal.Refusal {
	at := bytes.Index(data[:least(len(data), pdfReach)], []byte("stream"))
	if at < 0 {
		return nil
	}
	body := bytes.TrimPrefix(bytes.TrimPrefix(data[at+len("stream"):], []byte("\r")), []byte("\n"))
	what := forbidden(body[:least(len(body), headSize)])
	if what == "" {
		head, no := p.unpacked(body)
		if no != nil {
			return no
		}
		what = forbidden(head)
	}
	if what == "" {
		return nil
	}
	return executable(p.name+": an attached file", what)
}

// unpacked is the beginning of a compressed stream, as much of it as can be unpacked: it may go on in the next chunk.
func (p *pdfScan) unpacked(body []byte) ([]byte, *refusal.Refusal) {
	packed := body[:least(len(body), pdfPackedMost)]
	reader, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, nil
	}
	if p.attachments <= pdfCrowdedFirst || rand.Intn(pdfCrowdedOne) == 0 {
		if no := crowdedPiece(p.e, packed); no != nil {
			return nil, no
		}
	}
	head, _ := io.ReadAll(io.LimitReader(reader, headSize))
	return head, nil
}

// pdfOctal is an escape of a string.
var pdfOctal = regexp.MustCompile(`\\(?:[0-7]{1,3}|(?s:.))`)

// pdfText is a string of a PDF, written in parentheses or in hexadecimal digits, as far as a file's name needs it:
// UTF-16 loses its zero bytes.
func pdfText(literal, digits []byte) string {
	if len(digits) > 0 {
		plain := strings.Map(pdfDigit, string(digits))
		text, err := hex.DecodeString(plain[:len(plain)&^1])
		if err != nil {
			return ""
		}
		return strings.ReplaceAll(string(text), "\x00", "")
	}
	text := ""
	from := 0
	for _, at := range pdfOctal.FindAllIndex(literal, -1) {
		escape := string(literal[at[0]+1 : at[1]])
		text += string(literal[from:at[0]])
		from = at[1]
		if code, err := strconv.ParseUint(escape, 8, 16); err == nil {
			escape = string([]byte{byte(code)})
		}
		text += escape
	}
	return strings.ReplaceAll(text+string(literal[from:]), "\x00", "")
}

// pdfDigit drops everything but hexadecimal digits.
func pdfDigit(r rune) rune {
	if strings.ContainsRune("0123456789abcdefABCDEF", r) {
		return r
	}
	return -1
}
