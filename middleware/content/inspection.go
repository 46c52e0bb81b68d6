package content

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// Inspection judges one file. It belongs to one goroutine.
//
// What is on the way of every file is written in functions that take the Inspection, and not in methods: interpreted, a
// call of a method costs five times that of a function.
type Inspection struct {
	settings *Settings
	t        *Type
	name     string
	no       *refusal.Refusal
	// size counts the bytes that came; base those in blocks before the one that is looked at.
	size, base int64
	// pending gathers small chunks, so that their number does not make the work grow.
	pending []byte
	text    textReader
	// tail is the end of what stands before base.
	tail []byte
	// picture is set for images and PDF, which may not be anything else at the same time.
	picture bool
	// pdf looks for what is active in a PDF, while it is read.
	pdf *pdfScan
	// ends counts the end marks that were looked behind; endAt is where the header says that the file ends.
	ends  int
	endAt int64
	// segment is where the next segment of a JPEG begins; 0 when the walk is over.
	segment  int64
	segments int
}

// Open begins the inspection of one file of the type.
func (i *Inspector) Open(t *Type, filename string) *Inspection {
	n := &Inspection{settings: &i.settings, t: t, name: filename, picture: t.picture}
	if t.row.look == lookPDF {
		n.pdf = newPDFScan(&i.settings, filename)
	}
	return n
}

// Write takes the next bytes, in order. A refusal is final: everything that follows gives it again. The chunk is neither
// changed nor kept.
func Write(n *Inspection, chunk []byte) *refusal.Refusal {
	if n.no != nil {
		return n.no
	}
	n.size += int64(len(chunk))
	if n.size > n.t.Limit {
		n.no = tooLarge(n.name, n.t)
		return n.no
	}
	if len(n.pending) == 0 && len(chunk) >= headSize {
		n.no = judgeBlock(n, chunk, false)
		return n.no
	}
	n.no = gather(n, chunk)
	return n.no
}

// gather adds a small chunk to those that wait, and judges them when they are enough.
func gather(n *Inspection, chunk []byte) *refusal.Refusal {
	if n.pending == nil {
		// The usual file is this one chunk. Interpreted, a copy costs a fifth of an append to nothing.
		n.pending = bytes.Clone(chunk)
		return nil
	}
	room := headSize - len(n.pending)
	if len(chunk) < room {
		n.pending = append(n.pending, chunk...)
		return nil
	}
	n.pending = append(n.pending, chunk[:room]...)
	no := judgeBlock(n, n.pending, false)
	n.pending = n.pending[:0]
	if no != nil {
		return no
	}
	rest := chunk[room:]
	if len(rest) >= headSize {
		return judgeBlock(n, rest, false)
	}
	n.pending = append(n.pending, rest...)
	return nil
}

// Finish judges the whole after the last byte. file is the held file, or nil when it flowed on while it was read; then only
// what Write saw is judged.
func (n *Inspection) Finish(file io.ReaderAt, size int64) *refusal.Refusal {
	if n.no == nil {
		n.no = finish(n, file, size)
	}
	return n.no
}

// finish looks at what is left, then at the end, then at the whole.
func finish(n *Inspection, file io.ReaderAt, size int64) *refusal.Refusal {
	if no := judgeBlock(n, n.pending, true); no != nil {
		return no
	}
	return conclude(n, n.t.row, file, size)
}

// conclude judges the end, and then the whole.
func conclude(n *Inspection, r *row, file io.ReaderAt, size int64) *refusal.Refusal {
	if r.known == byText {
		if len(n.text.rest) > 0 {
			return n.notText(notWhole(&n.text))
		}
		return nil
	}
	if n.picture {
		if no := closePicture(n); no != nil {
			return no
		}
	}
	if n.pdf != nil {
		return n.pdf.finish()
	}
	if file == nil || (r.look == lookNone && r.shape != shapeTIFF) {
		return nil
	}
	return lookAt(n, r, file, size)
}

// lookAt runs what needs the whole file.
func lookAt(n *Inspection, r *row, file io.ReaderAt, size int64) *refusal.Refusal {
	if r.shape == shapeTIFF {
		if no := checkTIFF(file, size, n.name); no != nil {
			return no
		}
	}
	if r.look == lookNone || (r.archive && n.settings.Archives == Allow) {
		return nil
	}
	return look(r.look, file, size, &env{settings: *n.settings, name: n.name, mime: n.t.MIME})
}

// Whole judges a file that is there in one piece, as Open, Write and Finish would, in fewer steps. The file is neither
// changed nor kept.
func Whole(i *Inspector, t *Type, filename string, file []byte) *refusal.Refusal {
	n := &Inspection{settings: &i.settings, t: t, name: filename, picture: t.picture, size: int64(len(file))}
	if n.size > t.Limit {
		return tooLarge(filename, t)
	}
	r := t.row
	if no := begin(n, r, file); no != nil {
		return no
	}
	if r.known == byText {
		return wholeText(n, file)
	}
	if n.picture || r.shape == shapeOLE {
		if no := search(n, r, file); no != nil {
			return no
		}
		n.tail = file
		if len(file) > tailSize {
			n.tail = file[len(file)-tailSize:]
		}
	}
	n.base = n.size
	if r.look == lookPDF {
		return wholePDF(n, file)
	}
	return conclude(n, r, bytes.NewReader(file), n.size)
}

func wholeText(n *Inspection, file []byte) *refusal.Refusal {
	if len(file) < headSize {
		// The refusal says what the file is instead.
		n.pending = file
	}
	if reason := checkText(&n.text, file); reason != "" {
		return n.notText(reason)
	}
	if len(n.text.rest) > 0 {
		n.base = n.size
		return n.notText(notWhole(&n.text))
	}
	return nil
}

func wholePDF(n *Inspection, file []byte) *refusal.Refusal {
	n.pdf = newPDFScan(n.settings, n.name)
	if no := writePDF(n.pdf, file); no != nil {
		return no
	}
	return conclude(n, n.t.row, nil, n.size)
}

// judgeBlock looks at the next bytes of the file: at least headSize of them, but for the last ones.
func judgeBlock(n *Inspection, block []byte, last bool) *refusal.Refusal {
	r := n.t.row
	if n.base == 0 {
		if no := begin(n, r, block); no != nil {
			return no
		}
	}
	if r.known == byText {
		if reason := checkText(&n.text, block); reason != "" {
			return n.notText(reason)
		}
	} else if n.picture || r.shape == shapeOLE {
		if no := search(n, r, block); no != nil {
			return no
		}
		if last && n.base == 0 {
			// A file of one block is its own tail.
			n.tail = block
		} else {
			keepTail(n, block)
		}
	}
	n.base += int64(len(block))
	if n.pdf != nil {
		return writePDF(n.pdf, block)
	}
	return nil
}

// keepTail remembers the end of what was seen.
func keepTail(n *Inspection, block []byte) {
	if len(block) >= tailSize {
		if n.tail == nil {
			n.tail = make([]byte, tailSize)
		}
		n.tail = n.tail[:copy(n.tail[:tailSize], block[len(block)-tailSize:])]
		return
	}
	if over := len(n.tail) + len(block) - tailSize; over > 0 {
		n.tail = n.tail[:copy(n.tail, n.tail[over:])]
	}
	n.tail = append(n.tail, block...)
}

// begin judges the first block.
func begin(n *Inspection, r *row, block []byte) *refusal.Refusal {
	head := block
	if len(head) > headSize {
		head = block[:headSize]
	}
	if what := forbidden(head); what != "" {
		return executable(n.name, what)
	}
	switch {
	case r.known == byText:
		return beginText(n, r, head)
	case r.known == byInspection:
		return nil
	case r.known == byNothing:
		if mime := recognise(head); mime != "" {
			return mismatch(n.name, n.t.MIME, mime)
		}
	case !fits(r, head):
		return n.notFitting(head)
	}
	if n.picture {
		return beginPicture(n, r, head)
	}
	return nil
}

// beginText judges the first block of a text: what it announces, and what it may be dressed as text.
func beginText(n *Inspection, r *row, head []byte) *refusal.Refusal {
	readable := head
	if len(head) > 1 && announces[head[0]] {
		startText(&n.text, head)
		readable = decodeText(&n.text, head)
		// A script of Unix in UTF-16 does not run there, but Windows' own programs read one.
		if what := forbidden(readable); what != "" {
			return executable(n.name, what)
		}
	}
	if r.match != nil && !r.match(readable) {
		return n.notFitting(head)
	}
	what := dressed(readable)
	if what == "" {
		return nil
	}
	if htaMark.Match(readable) {
		return executable(n.name, "an HTML application (HTA)")
	}
	if n.settings.ActiveContent == Refuse && n.t.MIME != "text/html" {
		return refusal.New("active_content", n.name+" is named as "+n.t.MIME+" but is "+what+
			": attach it inside an archive, or quote it within a report").With("found", what)
	}
	return nil
}

// notFitting is the refusal of a file whose beginning is not what its name says.
func (n *Inspection) notFitting(head []byte) *refusal.Refusal {
	if len(head) == 0 {
		return refusal.New("content_mismatch", n.name+" is empty, and an empty file is no "+n.t.MIME+": attach the file itself").
			With("expected", n.t.MIME).With("found", "empty")
	}
	actual := found(head)
	if actual == n.t.MIME {
		// The signature is there, and what must follow it is not.
		actual = unknownBinary
	}
	return mismatch(n.name, n.t.MIME, actual)
}

// notText is the refusal of bytes that no text holds.
func (n *Inspection) notText(reason string) *refusal.Refusal {
	actual := unknownBinary
	if n.base == 0 && len(n.pending) > 0 {
		actual = found(n.pending)
	} else if reason != controlled {
		actual = unknownText
	}
	if strings.HasPrefix(actual, "text/plain") {
		actual = unknownText
	}
	if actual == unknownText {
		return refusal.New("content_mismatch", n.name+" is named as "+n.t.MIME+" but holds "+reason+": save it as UTF-8").
			With("expected", n.t.MIME).With("found", actual)
	}
	if actual == unknownBinary {
		return refusal.New("content_mismatch", n.name+" is named as "+n.t.MIME+" but holds "+reason+": attach it under its real name").
			With("expected", n.t.MIME).With("found", actual)
	}
	return mismatch(n.name, n.t.MIME, actual)
}

// tooLarge is the refusal of a file over its type's limit.
func tooLarge(filename string, t *Type) *refusal.Refusal {
	return refusal.New("file_too_large", filename+" is larger than "+refusal.Size(t.Limit)+", the limit for "+t.MIME+
		": attach a smaller file").With("limit", strconv.FormatInt(t.Limit, 10))
}
