package content

import "bytes"

// bytes.Index looks for a text's first byte, many bytes at once, and begins anew behind each that is not followed by the rest.
// Where one byte in nine is of that sort, it takes fifteen times as long as without. Only where they are denser than one in
// eight it compares at every place instead, which has no bad case for short texts, and stays with that to the end.
const (
	// runUpFrom is how dense a text's first bytes are, one in so many bytes, from where on to compare at every place takes less
	// time.
	runUpFrom = 40
	// runUpPiece is how much is looked through at once there, in bytes: a copy of it lies in the processor's own memory.
	runUpPiece = 128 << 10
	// runUpSigns is how many first bytes, each with a NUL behind it, lie before a piece, so that bytes.Index gives up looking for
	// them, on every processor.
	runUpSigns = 8
	// runUpBegin is where in a copy the piece begins.
	runUpBegin = 2 * runUpSigns
)

// indexOf gives what bytes.Index gives. The text has two bytes or more, and no NUL.
func indexOf(data, text []byte) int {
	if len(data) <= runUpPiece || bytes.Count(data, text[:1])*runUpFrom <= len(data) {
		return bytes.Index(data, text)
	}
	return indexAfterRunUp(data, text)
}

func indexAfterRunUp(data, text []byte) int {
	var piece []byte
	for from := 0; from < len(data); from += runUpPiece {
		piece = withRunUp(piece, data[from:], text)
		at := bytes.Index(piece, text)
		if at >= 0 {
			return from + at - runUpBegin
		}
	}
	return -1
}

// withRunUp copies a piece of the data, and as much behind it as the text needs that begins in the piece, to where another one
// was. bytes.Index looks for texts with this first byte there in a time that depends on nothing but the piece's length, and
// finds those of two bytes or more, without NUL, from runUpBegin on.
func withRunUp(piece, data, text []byte) []byte {
	if piece == nil {
		piece = make([]byte, 0, runUpBegin+runUpPiece+len(text))
	}
	piece = append(piece[:0], bytes.Repeat([]byte{text[0], 0}, runUpSigns)...)
	return append(piece, data[:least(len(data), runUpPiece+len(text)-1)]...)
}
