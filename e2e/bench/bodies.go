package main

import "strings"

// nearBoundaries is a PDF full of delimiters that lack their last character.
func nearBoundaries(boundary string, size int) []byte {
	return filled("\r\n--"+boundary[:len(boundary)-1]+"!", size)
}

// boundariesInLines is a PDF with a boundary within a line in each chunk, so that the reader looks for one behind LF and one
// behind CR as well, and with as many of their first bytes as delay the search most.
func boundariesInLines(boundary string, size int) []byte {
	return filled(strings.Repeat("-\n\r      ", 10_000)+"x--"+boundary, size)
}

// filled is a PDF full of the text.
func filled(text string, size int) []byte {
	pdf := largePDF(size)
	for at := 100; at+len(text) < size-400; at += len(text) {
		copy(pdf[at:], text)
	}
	return pdf
}

// chunked frames a body in chunks of one byte (RFC 9112, section 7.1).
func chunked(body []byte) []byte {
	framed := make([]byte, 0, 6*len(body)+5)
	for _, one := range body {
		framed = append(framed, '1', '\r', '\n', one, '\r', '\n')
	}
	return append(framed, "0\r\n\r\n"...)
}
