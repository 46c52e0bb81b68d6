package content

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/h2non/filetype"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	unknownBinary = "application/octet-stream"
	unknownText   = "text/plain; charset=unknown-8bit"
)

// recognise names the type whose signature is unmistakable, or "". It walks the whole catalogue: only refusals and types
// without a signature of their own ask.
func recognise(head []byte) string {
	for i := range catalogue {
		r := &catalogue[i]
		if r.known == bySignature && !r.weak && fits(r, head) {
			return r.mime
		}
	}
	mime := http.DetectContentType(head)
	if semicolon := strings.IndexByte(mime, ';'); semicolon > 0 {
		mime = mime[:semicolon]
	}
	switch mime {
	case unknownBinary, "text/plain", "image/bmp":
		// A bitmap to the standard is two letters; the catalogue asks for more. What is text is found out below.
	default:
		return mime
	}
	var t textReader
	startText(&t, head)
	if len(head) > 0 && checkText(&t, head) == "" {
		return "text/plain"
	}
	return ""
}

// found names what content that is not what its name says is. It never fails: what nothing recognises is binary data.
func found(head []byte) string {
	if mime := recognise(head); mime != "" {
		return mime
	}
	kind, err := filetype.Match(head)
	if err == nil && kind != filetype.Unknown {
		return kind.MIME.Value
	}
	if !bytes.ContainsAny(head, binaryBytes) {
		return unknownText
	}
	return unknownBinary
}

// mismatch is the refusal of content that is not what the file's name says.
func mismatch(filename, expected, actual string) *refusal.Refusal {
	advice := "attach it under its real name"
	what := actual
	switch actual {
	case unknownText:
		what, advice = "text that is not UTF-8", "save it as UTF-8"
	case unknownBinary:
		what, advice = "something else", "check the file, and attach it under its real name"
	}
	return refusal.New("content_mismatch", filename+" is named as "+expected+" but its content is "+what+": "+advice).
		With("expected", expected).With("found", actual)
}
