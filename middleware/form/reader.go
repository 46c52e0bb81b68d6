// Package form reads the body of an upload as one plain multipart/form-data form, and writes the form that Kibana gets.
// The reader accepts what the clients in its tests send and refuses every body that two readers could read differently
// (RFC 2046, RFC 7578); the writer's form has one shape only.
package form

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"sync"
	"sync/atomic"

	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// page is what a disk is written by. Chunks end where a page of the file does, so that whoever writes them to a file
	// always fills whole pages.
	page = 4 << 10
	// BufferSize is how much of a body is looked at in one step, in bytes: a chunk of 256 KiB and what is left of a page.
	BufferSize = 256<<10 + page
	// turnSize is the same for a reader that takes turns: with a large file each step should do more.
	turnSize = 1<<20 + page
	// maxTurning is how many readers take turns at once, with 16 MiB in all.
	maxTurning = 8
	// idleBuffers is how many buffers are kept for the next requests: 8 MiB in all.
	idleBuffers = 32
	// lookAhead is what a step of the reader must see at once: a whole head and the delimiters around it.
	lookAhead = headArea + 512
	// headArea is the longest head with the line end before it and the empty line after it.
	headArea = maxHead + 6
	// maxNeedle is the longest text that is searched for, less the line end before it. bytes.Index finds up to 63 bytes
	// many times as fast as longer ones on most processors, whatever the file holds; only boundaries of more than 60
	// characters are longer.
	maxNeedle = 62
	// maxText is the longest text part, in bytes.
	maxText = 4 << 10
)

// idle holds the buffers that no reader uses. bufio.Reader is a buffer that moves its rest to the front and fills
// itself up in compiled code; unlike io.ReadFull it also tells a body's end from a body that was cut short.
// It is a slice with a lock (see package lane) and not a channel of buffers: a select of the interpreter is not safe for
// concurrent use.
var (
	idleLock = make(chan bool, 1)
	idle     []*bufio.Reader
)

// giveBuffer keeps a buffer for the next reader, unless there are enough.
func giveBuffer(source *bufio.Reader) {
	source.Reset(nil)
	idleLock <- true
	if len(idle) < idleBuffers {
		idle = append(idle, source)
	}
	<-idleLock
}

// turnBuffers keeps the large buffers of readers that take turns until the next collection of garbage, and turning counts
// those readers.
var (
	turnBuffers = sync.Pool{New: newTurnBuffer}
	turning     int64
)

func newTurnBuffer() any {
	return bufio.NewReaderSize(nil, turnSize)
}

// asciiText is text that is the same in every charset that a part may name.
var asciiText = regexp.MustCompile(`^[\x00-\x7f]*$`)

// closedReader is what a reader says that is used after Close, which is a mistake of ours.
var closedReader = refusal.New("internal", "the form was closed before it was read")

// Part is one part of the form: the file, or the text part filename.
type Part struct {
	// Name is "file" or "filename".
	Name string
	// Filename is the file's name, which CheckFilename has still to judge; "" for the part filename.
	Filename string
}

// Reader takes one form apart. It is for one goroutine. After a refusal every call returns the same refusal.
type Reader struct {
	body   io.Reader
	source *bufio.Reader
	// spare is the buffer that is filled next, of a reader that takes turns.
	spare *bufio.Reader
	// window is what the buffer holds and nobody has consumed; filled is how long it was when the buffer was filled.
	window []byte
	filled int
	// ended says that window reaches to the end of the body.
	ended bool
	// dashes is --boundary, without the line end before it, because no line of a text must cost a step of the search.
	dashes []byte
	// needle is what is searched for: dashes, or their beginning where they are long.
	needle []byte
	// opening and closing are the delimiters with the line ends that nearly all clients write behind them.
	opening, closing string

	// number counts the parts. length is how much of the current one has been read, and declared what its Content-Length
	// says, or -1.
	number   int
	inPart   bool
	length   int
	declared int
	// latin says that the title is in a charset of which only the ASCII half is the same in UTF-8.
	latin bool

	closed    bool
	seenFile  bool
	seenTitle bool
	no        *refusal.Refusal
}

// TakeTurns lets every chunk stay valid while the next one is read, by means of two larger buffers, and says whether it
// does: not when many readers have them already, whose uploads keep the processors busy as it is. The chunks before it are
// not valid any more. The body must repeat the error that it ended with, as http.MaxBytesReader does.
func TakeTurns(r *Reader) bool {
	if r.ended {
		// Nothing more is read, and nothing moves.
		return true
	}
	if r.spare != nil || r.source == nil {
		return r.spare != nil
	}
	if atomic.AddInt64(&turning, 1) > maxTurning {
		atomic.AddInt64(&turning, -1)
		return false
	}
	// What is left of the window outlives its buffer: the first turn begins with it.
	r.window = bytes.Clone(r.window)
	giveBuffer(r.source)
	r.source = turnBuffers.Get().(*bufio.Reader)
	r.spare = turnBuffers.Get().(*bufio.Reader)
	return true
}

// Close gives the reader's buffers back. The bytes that Chunk returned are not valid any more, and the reader is of no more use.
func Close(r *Reader) {
	source := r.source
	if source == nil {
		return
	}
	r.source = nil
	r.window = nil
	r.no = closedReader
	if r.spare == nil {
		giveBuffer(source)
		return
	}
	giveTurns(r, source)
}

// giveTurns gives back both buffers of a reader that took turns.
func giveTurns(r *Reader, source *bufio.Reader) {
	spare := r.spare
	r.spare = nil
	source.Reset(nil)
	spare.Reset(nil)
	turnBuffers.Put(source)
	turnBuffers.Put(spare)
	atomic.AddInt64(&turning, -1)
}

// Next goes to the next part; what is left of the current one is read and left out. It returns nil and nil when the
// form is complete: closed, with a file in it, and the body at its end.
func Next(r *Reader) (*Part, *refusal.Refusal) {
	if r.inPart || r.no != nil {
		if no := skip(r); no != nil {
			return nil, no
		}
	}
	if r.number == 0 {
		if no := open(r); no != nil {
			return nil, no
		}
	}
	if r.closed {
		return nil, finish(r)
	}
	return nextPart(r)
}

// Chunk returns the next bytes of the current part: some 256 KiB, valid until the next call of any method. Of a reader that
// takes turns they are some 1 MiB, valid until the call of Chunk after the next. At the part's end, which has been
// verified by then, it returns nil and nil.
func Chunk(r *Reader) ([]byte, *refusal.Refusal) {
	if r.inPart {
		return nextChunk(r)
	}
	return nil, r.no
}

// Text returns the value of the part filename, which CheckTitle has still to judge. A value of more than limit bytes,
// or more than 4 KiB, is refused.
func (r *Reader) Text(limit int) (string, *refusal.Refusal) {
	if limit > maxText {
		limit = maxText
	}
	text := ""
	for r.inPart {
		chunk, no := nextChunk(r)
		if no != nil {
			return "", no
		}
		if len(text)+len(chunk) > limit {
			return "", stop(r, refusal.New("filename_invalid", "the value of the part filename is longer than 160 characters: shorten it"))
		}
		text += string(chunk)
	}
	if r.no != nil {
		return "", r.no
	}
	if r.latin && !asciiText.MatchString(text) {
		return "", refuse(r, place(r)+"has a charset other than utf-8: send its value as UTF-8")
	}
	return text, nil
}
