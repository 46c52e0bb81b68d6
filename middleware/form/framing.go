package form

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/casegate/casegate/middleware/refusal"
)

// The reader's own steps are functions and not methods: interpreted, a method costs six times as much as a function.

// blankLine ends a head.
var blankLine = []byte("\r\n\r\n")

// open goes past the first delimiter, with which the body must begin.
func open(r *Reader) *refusal.Refusal {
	if no := fill(r); no != nil {
		return no
	}
	if bytes.HasPrefix(r.window, r.dashes) {
		return pass(r, len(r.dashes))
	}
	switch {
	case len(r.window) == 0:
		return refuse(r, "the body is empty: send a form with the part file")
	case bytes.Contains(r.window, r.dashes):
		return refuse(r, "the form has something before its first boundary")
	case bytes.HasPrefix(r.dashes, r.window):
		return refuse(r, "the form is not complete: it ends within its first boundary")
	}
	return refuse(r, "the body does not begin with the boundary that Content-Type names")
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
	switch {
	case len(rest) < 2:
		return refuse(r, "the form is not complete: it ends after a boundary")
	case rest[0] == '\n':
		return refuse(r, "the form has a boundary line that ends in LF without CR")
	case rest[0] == ' ' || rest[0] == '\t':
		return refuse(r, "the form has blanks after the boundary on its line")
	}
	return refuse(r, "the form has a line that begins with the boundary and goes on: it is a part's beginning for some readers")
}

// nextLine returns where the dashes next stand at a line's beginning in the window, for a reader that takes LF or CR
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
	if end < 0 {
		switch {
		case len(area) == headArea:
			return "", refuse(r, place(r)+"has headers of more than 8 KiB, or no empty line (CR LF CR LF) after them")
		case bytes.Contains(area, []byte("\n\n")):
			return "", refuse(r, place(r)+"has lines that end in LF without CR")
		}
		return "", refuse(r, "the form is not complete: it ends within the headers of a part")
	}
	text := ""
	if end > 2 {
		text = string(area[2:end])
	}
	r.window = r.window[end+4:]
	if bytes.HasPrefix(r.window, r.needle) {
		return "", refuse(r, place(r)+"begins with a line that begins with the boundary: it is an empty part for some readers")
	}
	return text, nil
}

// readUncommon reads a head that is not in the common form into the part.
func readUncommon(r *Reader, part *Part, text string) *refusal.Refusal {
	head, fault := readHead(text)
	if fault != "" {
		return refuse(r, place(r)+fault)
	}
	part.Name = head.name
	part.Filename = head.filename
	r.declared = head.length
	switch head.name {
	case "file":
		if !head.hasFilename {
			return stop(r, refusal.New("file_missing", "the part file has no filename: send it as a file"))
		}
	case "filename":
		if head.hasFilename {
			return stop(r, unexpected("the part filename has a filename: send it as plain text, and the file as the part file"))
		}
		if fault := head.textFault(); fault != "" {
			return refuse(r, place(r)+fault)
		}
		r.latin = head.charset != "" && head.charset != "utf-8"
	default:
		return stop(r, unexpected("the form has a part other than file and filename: leave it out"))
	}
	return nil
}

// finish judges what follows the closing delimiter.
func finish(r *Reader) *refusal.Refusal {
	if len(r.window) < lookAhead && !r.ended {
		if no := fill(r); no != nil {
			return no
		}
	}
	rest := r.window[2:]
	if !r.ended || len(rest) > 4 || string(rest) != "\r\n\r\n"[:len(rest)] || len(rest)%2 == 1 {
		return refuse(r, "the form has something after its closing boundary")
	}
	if !r.seenFile {
		return stop(r, refusal.New("file_missing", "the form has no part file: send the file in a part of that name"))
	}
	return nil
}

// fill moves what is left of the window to the front of the buffer and fills the buffer up.
func fill(r *Reader) *refusal.Refusal {
	if used := r.filled - len(r.window); used > 0 {
		// It can't fail: all these bytes are in the buffer.
		_, _ = r.source.Discard(used)
	}
	window, err := r.source.Peek(bufferSize)
	r.window = window
	r.filled = len(window)
	if err == io.EOF {
		r.ended = true
	} else if err != nil {
		return stop(r, readFault(err))
	}
	return nil
}

// readFault is the refusal for a body that could not be read to its end.
func readFault(err error) *refusal.Refusal {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refusal.New("body_too_large", "the request is larger than any file that may be attached")
	}
	return malformed("the form is not complete: the body broke off").Because(err.Error())
}

// place begins a message about the current part.
func place(r *Reader) string {
	return "part " + strconv.Itoa(r.number) + " of the form "
}

// refuse ends the reading with form_malformed.
func refuse(r *Reader, message string) *refusal.Refusal {
	return stop(r, malformed(message))
}

// stop ends the reading.
func stop(r *Reader, no *refusal.Refusal) *refusal.Refusal {
	r.inPart = false
	r.no = no
	return no
}

func malformed(message string) *refusal.Refusal {
	return refusal.New("form_malformed", message)
}

func unexpected(message string) *refusal.Refusal {
	return refusal.New("form_part_unexpected", message)
}
