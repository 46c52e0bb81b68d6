package middleware

import (
	"io"
	"strconv"
	"time"

	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/refusal"
)

// maxTitle is how many bytes of the filename part are read before its length is judged in characters.
const maxTitle = 4 << 10

// read reads the form (check 7), looks at the file in it (check 8) and has it scanned (check 9). It stops half-way,
// with nil and still in the file, when the file is to stream from here on; called again, it goes on from there.
func read(g *Gate, u *upload) *refusal.Refusal {
	for {
		if u.inFile {
			no := readFile(g, u)
			if no != nil || u.inFile {
				return no
			}
		}
		part, no := form.Next(u.reader)
		if no != nil {
			return limited(g, no)
		}
		if part == nil {
			return finish(g, u)
		}
		no = readHead(g, u, part)
		if no != nil {
			return no
		}
	}
}

// readHead takes a part's head, and all of the title.
func readHead(g *Gate, u *upload, part *form.Part) *refusal.Refusal {
	if part.Name == "filename" {
		return readTitle(g, u)
	}
	no := form.CheckFilename(part.Filename)
	if no != nil {
		return no
	}
	u.filename = part.Filename
	kind, no := content.ByName(g.files, part.Filename)
	if no != nil {
		return no
	}
	u.kind = kind
	u.inspection = g.files.Open(kind, part.Filename)
	u.held = hold(g)
	u.held.stays = g.streams && kind.Streams && u.recording == nil
	u.held.large = u.req.ContentLength > g.memory+formOverhead
	u.inFile = true
	return nil
}

func readTitle(g *Gate, u *upload) *refusal.Refusal {
	title, no := u.reader.Text(maxTitle)
	if no != nil {
		return limited(g, no)
	}
	u.title = title
	u.titled = true
	if no := form.CheckTitle(title); no != nil {
		return no
	}
	if u.flow != nil {
		return sendTitle(u.flow, title)
	}
	return nil
}

// readFile takes the file's bytes, to its end or until it is to stream.
func readFile(g *Gate, u *upload) *refusal.Refusal {
	for u.flow == nil && u.held.file == nil {
		chunk, no := form.Chunk(u.reader)
		if no != nil {
			return limited(g, no)
		}
		if chunk == nil {
			u.inFile = false
			return nil
		}
		no = content.Write(u.inspection, chunk)
		if no != nil {
			return no
		}
		no = holdMore(u.held, chunk)
		if no != nil || (u.held.stays && u.held.size > g.memory) {
			return no
		}
	}
	return readLarge(g, u)
}

// readLarge takes the rest of a large file: workers judge each chunk, and write it to disk, while the next one is read. None
// goes on before it has been judged, and on hold none before all have.
func readLarge(g *Gate, u *upload) *refusal.Refusal {
	ahead := form.TakeTurns(u.reader)
	startWorkers(u)
	var last []byte
	for u.inFile {
		chunk, no := form.Chunk(u.reader)
		late := waitWorkers(u.workers)
		if late != nil {
			return late
		}
		if no != nil {
			return limited(g, no)
		}
		u.inFile = chunk != nil
		if u.inFile {
			submit(u.workers, chunk)
		}
		judged := last
		if !ahead {
			// The next chunk would take this one's place.
			no = waitWorkers(u.workers)
			if no != nil {
				return no
			}
			judged = chunk
		}
		last = chunk
		if u.flow != nil && judged != nil {
			no = sendFile(u.flow, judged)
			if no != nil {
				return no
			}
		}
	}
	stopWorkers(u.workers)
	return nil
}

// finish judges the file after the form's end.
func finish(g *Gate, u *upload) *refusal.Refusal {
	u.complete = true
	if u.flow != nil {
		return u.inspection.Finish(nil, 0)
	}
	u.size = u.held.size
	u.sha256 = hashOf(u.held)
	file := readerOf(u.held)
	no := u.inspection.Finish(file, u.held.size)
	if no != nil {
		return no
	}
	u.took.Body = time.Since(u.started) - u.bodyFrom
	if g.scanner == nil {
		return nil
	}
	return scanned(g, u, file)
}

func scanned(g *Gate, u *upload, file io.ReaderAt) *refusal.Refusal {
	from := time.Now()
	no := g.scanner.Scan(u.req.Context(), io.NewSectionReader(file, 0, u.held.size))
	u.took.Scan = time.Since(from)
	return no
}

// limited names the limit where the form's reader only knows that there is one.
func limited(g *Gate, no *refusal.Refusal) *refusal.Refusal {
	if no.Code == "body_too_large" {
		return bodyTooLarge(g)
	}
	return no
}

func bodyTooLarge(g *Gate) *refusal.Refusal {
	return refusal.New("body_too_large", "the request is larger than any file may be: attach files of at most "+refusal.Size(g.largest)).
		With("limit", strconv.FormatInt(g.largest, 10))
}
