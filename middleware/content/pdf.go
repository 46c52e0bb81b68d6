package content

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// What is looked for in a PDF (ISO 32000), and what else it may hit:
//
//   - /JavaScript: every action that runs a script names it. Forms whose fields check or compute their values have it;
//     what office programs, browsers and printers' drivers write does not.
//   - /Rendition with /JS: the one action that may carry a script without that name.
//   - /Launch: an action that starts a program. Nothing that office programs write has it.
//   - /RichMedia: Flash and films that a reader plays.
//   - /XFA with a value: forms in Adobe's XML language, which carry scripts. LiveCycle writes them, nothing else does.
//   - /EF and /EmbeddedFile: attached files are fine (invoices carry their data that way) unless one has the name of a
//     file that runs (/F or /UF beside /EF), or begins like a program.
//
// Names may be written with escapes (/#4aavaScript), which are resolved. A name stands in plain sight even when the
// strings of the file are encrypted. What can't be seen without a PDF engine is what stands in object streams (PDF 1.5),
// which are compressed, and what attached files hold behind their first bytes or behind filters other than Flate; the
// scanner is for that. A page's text is compressed by everything that writes PDFs, so that a document about these names
// passes.
//
// Every search is one of compiled code over a whole chunk or a large piece of it. Where slashes are as rare as in compressed
// data, which is nearly all of a large file, names are searched by their slash and the two signs behind it, escaped or not.
// Elsewhere hostile chunks must cost as much as others: there each name is looked for by itself (index.go says how), and
// expressions only look for what is escaped.

const (
	// pdfSeam is how much before and behind the border of two chunks is looked at together.
	pdfSeam = 4 << 10
	// pdfSparse is how rare slashes are, one in so many bytes, where names are searched by their first signs.
	// Compressed data has one in 256.
	pdfSparse = 192
	// pdfDense bounds number signs in a chunk that is searched for escapes as a matter of course: one in so many bytes.
	// Compressed data has one in 256, and ASCII-85 one in 85.
	pdfDense = 32
	// pdfDenseMost bounds the chunks beyond that, in bytes of the whole file.
	pdfDenseMost = 4 << 20
	// pdfHitsMost bounds what is looked at by interpreted steps. Compressed data of 100 MiB holds some 400 escaped letters
	// by chance.
	pdfHitsMost = 4096
	// pdfNearFew is how many names that begin like marks make a file one in which names are searched whole.
	pdfNearFew = 512
	// pdfNameMost is the longest name, with every letter escaped, that is compared.
	pdfNameMost = 64

	// pdfPiece is how much of a chunk pdfStart looks through at once. Go's regexp marks each byte for each instruction of a
	// program, here five, as long as there is room for it in 256 Ki bits, and is several times slower beyond.
	pdfPiece = 48 << 10
	// pdfBehind is how much behind its slash the longest text reaches that pdfSpelling finds.
	pdfBehind = 3

	pdfDelimiters = "\x00\t\n\f\r ()<>[]{}/%"
)

// pdfMarks are the names that are looked for; a name goes on with a delimiter behind them.
var pdfMarks = []string{"JavaScript", "Launch", "RichMedia", "Rendition", "XFA", "JS", "EmbeddedFile", "EF"}

// pdfNeedles are the marks as they are searched for.
var pdfNeedles = [][]byte{
	[]byte("/JavaScript"), []byte("/Launch"), []byte("/RichMedia"), []byte("/Rendition"), []byte("/XFA"), []byte("/JS"),
	[]byte("/EmbeddedFile"), []byte("/EF"),
}

// pdfLongest is the longest of them.
var pdfLongest = []byte("/EmbeddedFile")

var (
	pdfNumberSign = []byte("#")
	pdfSlash      = []byte("/")
)

// pdfStart finds how the marks begin, in any spelling, and other names: three signs each. It is tried first because it is so
// simple, and the piece so small, that regexp goes on from a slash several times as fast as with other expressions.
var pdfStart = regexp.MustCompile(`/[#EJLRX][#45FSaeim]`)

// pdfSpelling finds only how the marks begin. To follow a name that is none to its end is what would make hostile files slow.
var pdfSpelling = regexp.MustCompile(`/(?:J(?:#|a#|av|S)|L(?:#|a#|au)|R(?:#|e#|en|i#|ic)|X[#F]|E(?:#|m#|mb|F)|#[45])`)

// pdfEscapes find an escaped letter from A to X, which are more than those that the names are made of. No program escapes
// letters. They are as simple as pdfStart, for its reason.
var pdfEscapes = []*regexp.Regexp{regexp.MustCompile(`#[46][1-9a-fA-F]`), regexp.MustCompile(`#[57][0-8]`)}

// pdfName is what may follow a slash.
var pdfName = regexp.MustCompile(`/[^\x00\t\n\f\r ()<>\[\]{}/%]{1,63}`)

// pdfXFA is the entry of a form, which is an array of parts or a reference to a stream.
var pdfXFA = regexp.MustCompile(`\A[\x00\t\n\f\r ]*(?:\[|[0-9]+[\x00\t\n\f\r ]+[0-9]+[\x00\t\n\f\r ]+R)`)

// pdfScan looks through a PDF that comes in chunks, which it neither changes nor keeps. They should be large.
type pdfScan struct {
	active bool
	name   string
	// tail is the end of what came before.
	tail []byte
	// piece is a copy of a part of the chunk, where slashes are crowded.
	piece []byte
	// seen are the marks that were found.
	seen map[string]bool
	// hits, dense and attachments count what is bounded.
	hits, near, dense, attachments int
	// e counts the blocks of attached files.
	e *env
}

func newPDFScan(s *Settings, filename string) *pdfScan {
	return &pdfScan{active: s.ActiveContent != Allow, name: filename, e: &env{name: filename}}
}

// writePDF looks through the next chunk.
func writePDF(p *pdfScan, chunk []byte) *refusal.Refusal {
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	begin := chunk[:least(len(chunk), pdfSeam)]
	if len(p.tail) > 0 {
		seam := append(p.tail, begin...)
		if no := searchPDF(p, seam); no != nil {
			return no
		}
		p.tail = seam
	}
	if len(chunk) > pdfSeam || len(p.tail) == 0 {
		if no := searchPDF(p, chunk); no != nil {
			return no
		}
	}
	if len(chunk) >= pdfSeam {
		p.tail = append(p.tail[:0], chunk[len(chunk)-pdfSeam:]...)
	} else if len(p.tail) == 0 {
		p.tail = append(p.tail, chunk...)
	} else if len(p.tail) > pdfSeam {
		p.tail = append(p.tail[:0], p.tail[len(p.tail)-pdfSeam:]...)
	}
	return nil
}

// finish judges what only means something together.
func (p *pdfScan) finish() *refusal.Refusal {
	if p.active && p.seen["Rendition"] && p.seen["JS"] {
		return p.refuse("JavaScript")
	}
	return nil
}

func (p *pdfScan) refuse(what string) *refusal.Refusal {
	return refusal.New("active_content", p.name+" holds "+what+": save it without that, or print it to a new PDF").With("found", what)
}

// tooMany refuses what no program writes, so that nothing has to be looked at without end.
func (p *pdfScan) tooMany(what string) *refusal.Refusal {
	return refusal.New("content_mismatch", p.name+" holds more "+what+" than a PDF should: print it to a new PDF").
		With("expected", "application/pdf").With("found", unknownBinary)
}

// searchPDF looks for everything in a piece of the file. Nearly always there is nothing, which costs no call but those of
// compiled code.
func searchPDF(p *pdfScan, data []byte) *refusal.Refusal {
	if bytes.Count(data, pdfNumberSign)*pdfDense > len(data) {
		p.dense += len(data)
		if p.dense > pdfDenseMost {
			return p.tooMany("number signs")
		}
	}
	if bytes.Count(data, pdfSlash)*pdfSparse <= len(data) && p.near < pdfNearFew {
		return searchSparse(p, data)
	}
	return searchDense(p, data)
}

// searchSparse looks for names, plain or escaped, where there are few of any kind.
func searchSparse(p *pdfScan, data []byte) *refusal.Refusal {
	size := len(data)
	for at := 0; at < size; at += pdfPiece {
		end := least(size, at+pdfPiece+pdfBehind)
		start := pdfStart.FindIndex(data[at:end])
		if start == nil {
			continue
		}
		places := pdfSpelling.FindAllIndex(data[at+start[0]:end], pdfNearFew)
		p.near += len(places)
		if p.near >= pdfNearFew {
			return searchDense(p, data)
		}
		if no := p.spelledAt(places, data, at+start[0], at+pdfPiece); no != nil {
			return no
		}
	}
	return nil
}

// searchDense looks for plain names, and for escapes.
func searchDense(p *pdfScan, data []byte) *refusal.Refusal {
	if no := searchNames(p, data); no != nil {
		return no
	}
	if bytes.IndexByte(data, '#') < 0 {
		return nil
	}
	for _, escape := range pdfEscapes {
		if no := searchEscapes(p, data, escape); no != nil {
			return no
		}
	}
	return nil
}

func searchEscapes(p *pdfScan, data []byte, escape *regexp.Regexp) *refusal.Refusal {
	size := len(data)
	for at := 0; at < size; at += pdfPiece {
		// An escape reaches two bytes behind its number sign.
		places := escape.FindAllIndex(data[at:least(size, at+pdfPiece+2)], pdfHitsMost+1)
		if len(places) == 0 {
			continue
		}
		if no := p.escapedAt(places, data, at); no != nil {
			return no
		}
	}
	return nil
}

// searchNames looks for plain names. Where slashes are crowded, it does so by pieces.
func searchNames(p *pdfScan, data []byte) *refusal.Refusal {
	size := len(data)
	if bytes.Count(data, pdfSlash)*runUpFrom <= size {
		return namesIn(p, data, data, 0, size)
	}
	for at := 0; at < size; at += runUpPiece {
		p.piece = withRunUp(p.piece, data[at:], pdfLongest)
		if no := namesIn(p, p.piece, data, at, least(size, at+runUpPiece)); no != nil {
			return no
		}
	}
	return nil
}

// namesIn looks for plain names in a piece of the data, and at those that begin there.
func namesIn(p *pdfScan, piece, data []byte, begin, end int) *refusal.Refusal {
	for _, needle := range pdfNeedles {
		if bytes.Contains(piece, needle) {
			if no := p.plain(needle, data, begin, end); no != nil {
				return no
			}
		}
	}
	return nil
}

// plain looks at each place, from begin on and before end, where a name is written plainly. Names of attached files count each
// time, the others once.
func (p *pdfScan) plain(mark, data []byte, begin, end int) *refusal.Refusal {
	name := string(mark[1:])
	from := begin
	last := least(len(data), end+len(name))
	for !p.seen[name] {
		at := bytes.Index(data[from:last], mark)
		if at < 0 {
			return nil
		}
		p.hits++
		if p.hits > pdfHitsMost {
			return p.tooMany("names that begin like actions")
		}
		from += at + len(mark)
		if from < len(data) && strings.IndexByte(pdfDelimiters, data[from]) < 0 {
			continue
		}
		if no := p.mark(name, data, from); no != nil {
			return no
		}
	}
	return nil
}

// escapedAt judges the names that hold the escaped letters at the places, which are counted from the byte on.
func (p *pdfScan) escapedAt(places [][]int, data []byte, from int) *refusal.Refusal {
	for _, place := range places {
		p.hits++
		if p.hits > pdfHitsMost {
			return p.tooMany("escaped letters")
		}
		letter := from + place[0]
		begin := letter - pdfNameMost
		if begin < 0 {
			begin = 0
		}
		slash := bytes.LastIndexByte(data[begin:letter], '/')
		if slash < 0 {
			continue
		}
		if no := p.named(data, begin+slash); no != nil {
			return no
		}
	}
	return nil
}

// spelledAt judges the names that begin at the places, which are counted from the byte on, before the end.
func (p *pdfScan) spelledAt(places [][]int, data []byte, from, end int) *refusal.Refusal {
	for _, place := range places {
		slash := from + place[0]
		if slash >= end {
			// It belongs to the next piece.
			return nil
		}
		if no := p.named(data, slash); no != nil {
			return no
		}
	}
	return nil
}

// named judges the name, escaped or not, that begins at the slash.
func (p *pdfScan) named(data []byte, slash int) *refusal.Refusal {
	written := pdfName.Find(data[slash:least(len(data), slash+pdfNameMost)])
	name := pdfUnescaped(string(written))
	for _, mark := range pdfMarks {
		if name != "/"+mark {
			continue
		}
		if no := p.mark(mark, data, slash+len(written)); no != nil {
			return no
		}
	}
	return nil
}

// mark judges a name that ends at the place.
func (p *pdfScan) mark(name string, data []byte, at int) *refusal.Refusal {
	what := ""
	switch name {
	case "EmbeddedFile", "EF":
		p.attachments++
		if p.attachments > pdfAttachmentsMost {
			return p.tooMany("attached files")
		}
		if name == "EF" {
			return p.attachedName(data[:least(len(data), at+pdfReach)], at)
		}
		return p.attachedBytes(data[at:])
	case "XFA":
		if !pdfXFA.Match(data[at:least(len(data), at+128)]) {
			return nil
		}
		what = "a form with scripts (XFA)"
	case "JavaScript":
		what = "JavaScript"
	case "Launch":
		what = "an action that starts a program (Launch)"
	case "RichMedia":
		what = "embedded media that run (RichMedia)"
	}
	p.seen[name] = true
	if p.active && what != "" {
		return p.refuse(what)
	}
	return nil
}

// pdfUnescaped resolves the escapes of a name.
func pdfUnescaped(name string) string {
	plain := ""
	for {
		at := strings.IndexByte(name, '#')
		if at < 0 || at+3 > len(name) {
			return plain + name
		}
		code, err := hex.DecodeString(name[at+1 : at+3])
		if err != nil {
			return plain + name
		}
		plain += name[:at] + string(code)
		name = name[at+3:]
	}
}
