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
// with nil, when the file is to stream from here on.
func (g *Gate) read(u *upload) *refusal.Refusal {
	for !u.complete {
		if no := g.step(u); no != nil {
			return g.limited(no)
		}
		if u.flow == nil && u.inFile && g.streams(u) {
			return nil
		}
	}
	if u.flow != nil {
		return u.inspection.Finish(nil, 0)
	}
	return g.finish(u)
}

// finish judges the file now that it is held whole.
func (g *Gate) finish(u *upload) *refusal.Refusal {
	file := u.held.reader()
	if no := u.inspection.Finish(file, u.held.size); no != nil {
		return no
	}
	scanFrom := time.Now()
	u.took.Body = scanFrom.Sub(u.bodyFrom)
	if g.scanner == nil {
		return nil
	}
	defer func() {
		u.took.Scan = time.Since(scanFrom)
	}()
	return g.scanner.Scan(u.req.Context(), io.NewSectionReader(file, 0, u.held.size))
}

// step reads the next piece of the form: a part's head, the whole title, or some of the file's bytes.
func (g *Gate) step(u *upload) *refusal.Refusal {
	if u.inFile {
		return g.readChunk(u)
	}
	part, no := u.reader.Next()
	if no != nil {
		return no
	}
	if part == nil {
		u.complete = true
		return nil
	}
	if part.Name == "filename" {
		return g.readTitle(u)
	}
	return g.openFile(u, part.Filename)
}

func (g *Gate) readTitle(u *upload) *refusal.Refusal {
	title, no := u.reader.Text(maxTitle)
	if no != nil {
		return no
	}
	u.title = title
	u.titled = true
	if no := form.CheckTitle(title); no != nil {
		return no
	}
	if u.flow != nil {
		return u.flow.title(title)
	}
	return nil
}

func (g *Gate) openFile(u *upload, filename string) *refusal.Refusal {
	no := form.CheckFilename(filename)
	if no != nil {
		return no
	}
	u.filename = filename
	u.kind, no = g.files.ByName(filename)
	if no != nil {
		return no
	}
	u.inspection = g.files.Open(u.kind, filename)
	u.held = g.hold()
	u.held.stays = g.policy.Delivery.Mode == "stream" && u.kind.Streams && g.scanner == nil && u.recording == nil
	u.inFile = true
	return nil
}

// hold makes an empty store for an upload's bytes.
func (g *Gate) hold() *held {
	h := &held{limits: g.policy.Delivery}
	if g.policy.Audit.SHA256 {
		h.digest = &digest{}
	}
	return h
}

func (g *Gate) readChunk(u *upload) *refusal.Refusal {
	chunk, no := u.reader.Chunk()
	if no != nil {
		return no
	}
	if chunk == nil {
		u.inFile = false
		return nil
	}
	if no := u.inspection.Write(chunk); no != nil {
		return no
	}
	if u.flow != nil {
		return u.flow.write(chunk)
	}
	return u.held.write(chunk)
}

// limited names the limit where the form's reader only knows that there is one.
func (g *Gate) limited(no *refusal.Refusal) *refusal.Refusal {
	if no.Code == "body_too_large" {
		return g.bodyTooLarge()
	}
	return no
}

func (g *Gate) bodyTooLarge() *refusal.Refusal {
	limit := SizeName(g.largest)
	return refusal.New("body_too_large", "the request is larger than any file may be: attach files of at most "+limit).
		With("limit", limit)
}
