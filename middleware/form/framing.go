package form

import (
	"bytes"
	"io"

	"github.com/casegate/casegate/middleware/refusal"
)

// The reader's steps are functions and not methods, and what a refusal says is put together elsewhere, because of the
// interpreter: a method costs it six times as much as a function, and every expression of a function costs something at
// each call, also where it is not reached. It also mixes up parallel assignments to fields: they stand one by one.

// blankLine ends a head.
var blankLine = []byte("\r\n\r\n")

// endings are what may stand after the closing boundary, with the two hyphens that make it one. got sends two line ends.
var endings = map[string]bool{"--": true, "--\r\n": true, "--\r\n\r\n": true}

// longestEnding is the longest of them, in bytes.
const longestEnding = 6

// open goes past the first delimiter, with which the body must begin.
func open(r *Reader) *refusal.Refusal {
	if r.filled == 0 && !r.ended {
		if no := fill(r); no != nil {
			return no
		}
	}
	if bytes.HasPrefix(r.window, r.dashes) {
		return pass(r, len(r.dashes))
	}
	return openFault(r)
}

// skip reads the rest of the current part.
func skip(r *Reader) *refusal.Refusal {
	for r.inPart {
		if _, no := nextChunk(r); no != nil {
			return no
		}
	}
	return r.no
}

// nextPart reads the head at the window's beginning.
func nextPart(r *Reader) (*Part, *refusal.Refusal) {
	r.number++
	text, no := takeHead(r)
	if no != nil {
		return nil, no
	}
	r.inPart = true
	r.length = 0
	found := commonHead.FindStringSubmatch(text)
	if found == nil {
		return uncommonPart(r, text)
	}
	r.declared = -1
	return admit(r, found[1])
}

// admit makes the part of which the head has been found good: the file where it has a name, or else the title.
func admit(r *Reader, filename string) (*Part, *refusal.Refusal) {
	if filename == "" {
		if r.seenTitle {
			return nil, secondTitle(r)
		}
		r.seenTitle = true
		return &Part{Name: "filename"}, nil
	}
	if r.seenFile {
		return nil, secondFile(r)
	}
	r.seenFile = true
	return &Part{Name: "file", Filename: filename}, nil
}

// uncommonPart reads a head that is not in the common form.
func uncommonPart(r *Reader, text string) (*Part, *refusal.Refusal) {
	head, fault := readHead(text)
	if fault != "" {
		return nil, refuse(r, place(r)+fault)
	}
	r.declared = head.length
	switch head.name {
	case "file":
		if !head.hasFilename {
			return nil, stop(r, refusal.New("file_missing", "the part file has no filename: send it as a file"))
		}
		if r.seenFile {
			return nil, secondFile(r)
		}
		r.seenFile = true
	case "filename":
		if head.hasFilename {
			return nil, stop(r, unexpected("the part filename has a filename: send it as plain text, and the file as the part file"))
		}
		if r.seenTitle {
			return nil, secondTitle(r)
		}
		r.seenTitle = true
		if fault := head.textFault(); fault != "" {
			return nil, refuse(r, place(r)+fault)
		}
		r.latin = head.charset != "" && head.charset != "utf-8"
	default:
		return nil, stop(r, unexpected("the form has a part other than file and filename: leave it out"))
	}
	return &Part{Name: head.name, Filename: head.filename}, nil
}

// takeHead returns the head that begins at the window, and goes past the empty line at its end.
func takeHead(r *Reader) (string, *refusal.Refusal) {
	if len(r.window) < lookAhead && !r.ended {
		if no := fill(r); no != nil {
			return "", no
		}
	}
	area := r.window
	if len(area) > headArea {
		area = area[:headArea]
	}
	end := bytes.Index(area, blankLine)
	if end < 2 {
		return "", headFault(r, area, end)
	}
	r.window = r.window[end+4:]
	if bytes.HasPrefix(r.window, r.needle) {
		return "", emptyFault(r)
	}
	return string(area[2:end]), nil
}

// nextChunk returns the bytes of the current part up to the next delimiter or the window's end.
func nextChunk(r *Reader) ([]byte, *refusal.Refusal) {
	if len(r.window) < lookAhead && !r.ended {
		if no := fill(r); no != nil {
			return nil, no
		}
	}
	window := r.window
	at := bytes.Index(window, r.needle)
	if at >= 0 && (at == 0 || window[at-1] != '\n' && window[at-1] != '\r') {
		// It stands within a line. At the window's beginning it has been looked at before.
		at = nextLine(r, at)
	}
	if !r.ended && (at < 0 || at+len(r.dashes)+2 > len(window)) {
		// A delimiter at the very end can't be judged before the next bytes are here: it stays, with the line end before it.
		cut := len(window) - len(r.dashes) - 3
		cut -= (r.length + cut) % page
		r.window = window[cut:]
		r.length += cut
		return window[:cut], nil
	}
	if at < 2 || window[at-1] != '\n' || window[at-2] != '\r' || !bytes.HasPrefix(window[at:], r.dashes) {
		return nil, lineFault(r, at)
	}
	r.inPart = false
	r.length += at - 2
	if r.declared >= 0 && r.declared != r.length {
		return nil, lengthFault(r)
	}
	no := pass(r, at+len(r.dashes))
	if no != nil || at == 2 {
		return nil, no
	}
	return window[:at-2], nil
}

// nextLine returns where the needle next stands at a line's beginning in the window, for a reader that takes LF or CR
// alone for a line's end too, or -1. Its two searches keep a file full of boundaries within lines from costing an
// interpreted step for each of them.
func nextLine(r *Reader, from int) int {
	rest := r.window[from:]
	at := bytes.Index(rest, append([]byte("\n"), r.needle...))
	if at >= 0 {
		rest = rest[:at]
	}
	if before := bytes.Index(rest, append([]byte("\r"), r.needle...)); before >= 0 {
		at = before
	}
	if at < 0 {
		return -1
	}
	return from + at + 1
}

// pass goes past a delimiter that ends after n bytes of the window, and judges what follows it. RFC 2046 lets a line
// that only begins like a delimiter be one, and readers really differ there; so nothing but a line end or two hyphens
// may follow. The line end stays in the window: with it an empty head is like any other.
func pass(r *Reader, n int) *refusal.Refusal {
	rest := r.window[n:]
	r.window = rest
	if len(rest) >= 2 {
		if rest[0] == '\r' && rest[1] == '\n' {
			return nil
		}
		if rest[0] == '-' && rest[1] == '-' {
			r.closed = true
			return nil
		}
	}
	return delimiterFault(r)
}

// finish judges what follows the closing delimiter.
func finish(r *Reader) *refusal.Refusal {
	if len(r.window) < lookAhead && !r.ended {
		if no := fill(r); no != nil {
			return no
		}
	}
	if r.seenFile && len(r.window) <= longestEnding && endings[string(r.window)] {
		return nil
	}
	return endFault(r)
}

// fill moves what is left of the window to the front of the buffer, or to the other one, and fills it up.
func fill(r *Reader) *refusal.Refusal {
	size := BufferSize
	if r.spare != nil {
		turn(r)
		size = turnSize
	} else if r.filled > 0 {
		// It can't fail: all these bytes are in the buffer.
		_, _ = r.source.Discard(r.filled - len(r.window))
	}
	window, err := r.source.Peek(size)
	r.window = window
	r.filled = len(window)
	if err == io.EOF {
		r.ended = true
		return nil
	}
	if err != nil {
		return readFault(r, err)
	}
	return nil
}

// turn goes on in the other buffer, which begins with what is left of the window.
func turn(r *Reader) {
	var left io.Reader = bytes.NewReader(r.window)
	next := r.spare
	r.spare = r.source
	r.source = next
	next.Reset(io.MultiReader(left, r.body))
}
