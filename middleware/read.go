package middleware

import (
	"io"
	"time"

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
		part, no := u.reader.Next()
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
	kind, no := g.files.ByName(part.Filename)
	if no != nil {
		return no
	}
	u.kind = kind
	u.inspection = g.files.Open(kind, part.Filename)
	u.held = hold(g)
	u.held.stays = g.streams && kind.Streams && u.recording == nil
	u.held.large = u.req.ContentLength > g.policy.Delivery.Memory+formOverhead
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
	for {
		chunk, no := u.reader.Chunk()
		if no != nil {
			return limited(g, no)
		}
		if chunk == nil {
			u.inFile = false
			return nil
		}
		no = u.inspection.Write(chunk)
		if no != nil {
			return no
		}
		no = keep(u, chunk)
		if no != nil || (u.held.stays && u.flow == nil && u.held.size > g.policy.Delivery.Memory) {
			return no
		}
	}
}

// keep sends the file's next bytes on, or holds them.
func keep(u *upload, chunk []byte) *refusal.Refusal {
	if u.flow != nil {
		return sendFile(u.flow, chunk)
	}
	return holdMore(u.held, chunk)
}

// finish judges the file after the form's end.
func finish(g *Gate, u *upload) *refusal.Refusal {
	u.complete = true
	if u.flow != nil {
		return u.inspection.Finish(nil, 0)
	}
	file := readerOf(u.held)
	no := u.inspection.Finish(file, u.held.size)
	if no != nil {
		return no
	}
	u.scanFrom = time.Now()
	u.took.Body = u.scanFrom.Sub(u.bodyFrom)
	if g.scanner == nil {
		return nil
	}
	return scanned(g, u, file)
}

func scanned(g *Gate, u *upload, file io.ReaderAt) *refusal.Refusal {
	no := g.scanner.Scan(u.req.Context(), io.NewSectionReader(file, 0, u.held.size))
	u.took.Scan = time.Since(u.scanFrom)
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
	limit := SizeName(g.largest)
	return refusal.New("body_too_large", "the request is larger than any file may be: attach files of at most "+limit).
		With("limit", limit)
}
