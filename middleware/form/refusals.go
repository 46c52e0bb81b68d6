package form

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"

	"github.com/casegate/casegate/middleware/refusal"
)

func secondFile(r *Reader) *refusal.Refusal {
	return stop(r, unexpected("the form has more than one part file: attach one file at a time"))
}

func secondTitle(r *Reader) *refusal.Refusal {
	return stop(r, unexpected("the form has more than one part filename"))
}

// openFault says what is wrong with a body that does not begin with the boundary.
func openFault(r *Reader) *refusal.Refusal {
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

// headFault says what is wrong with a head that has no empty line at its end, or nothing before it.
func headFault(r *Reader, area []byte, end int) *refusal.Refusal {
	switch {
	case end == 0:
		return refuse(r, place(r)+"has no headers: it needs a Content-Disposition")
	case len(area) == headArea:
		return refuse(r, place(r)+"has headers of more than 8 KiB, or no empty line (CR LF CR LF) after them")
	case bytes.Contains(area, []byte("\n\n")):
		return refuse(r, place(r)+"has lines that end in LF without CR")
	}
	return refuse(r, "the form is not complete: it ends within the headers of a part")
}

func emptyFault(r *Reader) *refusal.Refusal {
	return refuse(r, place(r)+"begins with a line that begins with the boundary: it is an empty part for some readers")
}

// lineFault says what is wrong with a line of a part's bytes that begins like the boundary; at is -1 where none does.
func lineFault(r *Reader, at int) *refusal.Refusal {
	switch {
	case at < 0:
		return refuse(r, "the form is not complete: its last part is not closed by the boundary")
	case r.window[at-1] == '\r':
		return refuse(r, place(r)+"has a line that begins with the boundary after a CR without LF")
	case at == 1 || r.window[at-2] != '\r':
		return refuse(r, place(r)+"has a line that begins with the boundary after a LF without CR")
	}
	return refuse(r, place(r)+"has a line that begins like the boundary")
}

func lengthFault(r *Reader) *refusal.Refusal {
	return refuse(r, place(r)+"has a Content-Length that is not its length")
}

// delimiterFault says what is wrong with what follows a boundary, at the window's beginning.
func delimiterFault(r *Reader) *refusal.Refusal {
	switch {
	case len(r.window) < 2:
		return refuse(r, "the form is not complete: it ends after a boundary")
	case r.window[0] == '\n':
		return refuse(r, "the form has a boundary line that ends in LF without CR")
	case r.window[0] == ' ' || r.window[0] == '\t':
		return refuse(r, "the form has blanks after the boundary on its line")
	}
	return refuse(r, "the form has a line that begins with the boundary and goes on: it is a part's beginning for some readers")
}

// endFault says what is wrong with a form that is closed.
func endFault(r *Reader) *refusal.Refusal {
	if len(r.window) <= longestEnding && endings[string(r.window)] {
		return stop(r, refusal.New("file_missing", "the form has no part file: send the file in a part of that name"))
	}
	return refuse(r, "the form has something after its closing boundary")
}

// readFault is the refusal for a body that could not be read to its end.
func readFault(r *Reader, err error) *refusal.Refusal {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return stop(r, refusal.New("body_too_large", "the request is larger than any file that may be attached"))
	}
	return stop(r, malformed("the form is not complete: the body broke off").Because(err.Error()))
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
