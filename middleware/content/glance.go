package content

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/casegate/casegate/middleware/lane"
)

// Seen is a file that is there in one piece.
type Seen struct {
	Inspector *Inspector
	Filename  string
	File      []byte

	// Type is what the name stands for; nil when ByName has still to be asked.
	Type *Type
	// Passed says that the file may pass. When it is not set, Whole has still to be asked.
	Passed bool
}

// pngStart is the signature with the length and the name of the first chunk, which is always IHDR.
const pngStart = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

// Glance looks at what most files are: a picture in PNG without anything behind it, or a text that begins like nothing
// else. It passes nothing that ByName and Whole would not pass; interpreted, it costs a tenth of them.
func Glance(l *lane.Lane, s *Seen) {
	defer lane.End(l)
	var (
		name                string
		file, head          []byte
		t                   *Type
		r                   *row
		dot                 int
		area, width, height uint64
		place               int
		marked              bool
	)
	for ; <-l.Go; l.Done <- true {
		s.Type = nil
		s.Passed = false
		name = s.Filename
		file = s.File
		dot = strings.LastIndexByte(name, '.')
		if dot <= 0 {
			continue
		}
		t = s.Inspector.types[name[dot+1:]]
		if t == nil {
			continue
		}
		s.Type = t
		r = t.row
		// A first byte that begins nothing forbidden is beyond doubt.
		if len(file) == 0 || int64(len(file)) > t.Limit || first[file[0]] != 0 {
			continue
		}
		if len(file) >= discMark+5 && discMarks[string(file[discMark:discMark+5])] {
			continue
		}
		head = file
		if len(head) > headSize {
			head = file[:headSize]
		}
		if r.known == byText {
			s.Passed = !announces[file[0]] && file[len(file)-1] < utf8.RuneSelf && (r.match == nil || r.match(head)) &&
				dressed(head) == "" && utf8.Valid(file) && !holdsControl(file)
			continue
		}
		if r.shape != shapePNG || len(file) < trailer || string(file[:16]) != pngStart {
			continue
		}
		if !pngKinds[string(file[24:29])] {
			continue
		}
		area = binary.BigEndian.Uint64(file[16:])
		width = area >> 32
		height = area & 0xffffffff
		if width == 0 || height == 0 || width > maxPixels/height {
			continue
		}
		if len(head) > pageReach {
			head = file[:pageReach]
		}
		if bytes.Contains(head, pdfMark) || pageMark.Match(head) || bytes.Contains(file, eocdMark) {
			continue
		}
		place = bytes.Index(file, endPNG)
		if place >= 0 && place+len(endPNG)+4 <= len(file) {
			continue
		}
		_, marked = trailers[string(file[len(file)-trailer:len(file)-trailer+4])]
		s.Passed = !marked
	}
}
