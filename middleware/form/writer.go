package form

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"

	"github.com/casegate/casegate/middleware/lane"
)

// randomBytes makes a boundary that nobody can foresee: 240 bits out of crypto/rand, so that no file's bytes can be made to
// hold it. It is nearly as long as one may be, because Kibana's readers skip through a file by the boundary's length.
const randomBytes = 30

// manyBoundaries is how many boundaries' randomness is drawn at once.
const manyBoundaries = 32

// What stands between the values of a form that the gate writes.
const (
	boundaryStart = "casegate-"
	titleStart    = "\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\n"
	fileStart     = "\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
	typeStart     = "\"\r\nContent-Type: "
	headEnd       = "\r\n\r\n"
)

// noRandomness is a panic that never comes: since Go 1.24 rand.Read ends the process instead, and before, Linux always
// had randomness by the time that a gateway runs. A failure must still not make a boundary that can be foreseen.
const noRandomness = "form: no randomness"

// Writing is a form that Write writes: the title, where there is one, then the file.
type Writing struct {
	// Filename and Title have passed CheckFilename and CheckTitle, so they can't leave their places; they go out as UTF-8
	// without escapes (RFC 7578, section 4.2).
	Filename string
	Title    string
	Titled   bool // There is a title.
	MIME     string
	// File is the file, where it is in memory.
	File []byte
	// Apart says that it is not: then Head comes before it, and Closing behind it.
	Apart bool
	// Reader is where File was read. It is closed, and nil then, when Body has the file's bytes and nobody else needs its
	// buffer.
	Reader *Reader

	// Boundary is a new one for each form, Body the whole form.
	Boundary      string
	Body          []byte
	Head, Closing []byte
}

// Write writes the forms that Kibana receives.
func Write(l *lane.Lane, w *Writing) {
	defer lane.End(l)
	var (
		drawn    = make([]byte, manyBoundaries*randomBytes)
		random   string
		boundary string
		head     string
		closing  string
		r        *Reader
		source   *bufio.Reader
		err      error
	)
	for ; <-l.Go; l.Done <- true {
		if random == "" {
			_, err = rand.Read(drawn)
			if err != nil {
				panic(noRandomness)
			}
			random = hex.EncodeToString(drawn)
		}
		boundary = boundaryStart + random[:2*randomBytes]
		random = random[2*randomBytes:]
		head = "--" + boundary + fileStart + w.Filename + typeStart + w.MIME + headEnd
		if w.Titled {
			head = "--" + boundary + titleStart + w.Title + "\r\n" + head
		}
		closing = "\r\n--" + boundary + "--\r\n"
		w.Boundary = boundary
		if w.Apart {
			w.Head = []byte(head)
			w.Closing = []byte(closing)
			continue
		}
		w.Body = bytes.Join([][]byte{[]byte(head), w.File, []byte(closing)}, nil)
		r = w.Reader
		if r == nil || r.spare != nil || r.source == nil {
			continue
		}
		source = r.source
		r.source = nil
		r.window = nil
		r.no = closedReader
		source.Reset(nil)
		idleLock <- true
		if len(idle) < idleBuffers {
			idle = append(idle, source)
		}
		<-idleLock
		source = nil
		w.Reader = nil
	}
}

// TitlePart is the whole part filename with the line end after it, where it follows the file: a line end comes before it
// then, and Closing goes without its own. The title has passed CheckTitle.
func TitlePart(boundary, title string) []byte {
	return []byte("--" + boundary + titleStart + title + "\r\n")
}
