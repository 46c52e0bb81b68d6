package form

import (
	"bytes"
	"io"

	"github.com/casegate/casegate/middleware/lane"
)

// One is the form that nearly all uploads are: one part, the file, in the common form, small enough to be seen whole, with
// a name beyond doubt.
type One struct {
	// Reader is one of which nothing has been read, and whose client has been waited for: see Opening. Next begins at the
	// body's beginning, as if nobody had looked at it, when the form is no such one.
	Reader *Reader
	// Filename is the file's name, with nothing for CheckFilename to find. File are its bytes, which are valid until
	// Close; nil for every other form.
	Filename string
	File     []byte
}

// Single reads forms of one part. It accepts nothing that Next, Chunk and CheckFilename would not accept; they say why the
// others are refused, if they are.
func Single(l *lane.Lane, o *One) {
	defer lane.End(l)
	var (
		r              *Reader
		window, file   []byte
		found          [][]byte
		begin, end, at int
		name           string
		last           byte
		err            error
	)
	for ; <-l.Go; l.Done <- true {
		o.File = nil
		r = o.Reader
		window, err = r.source.Peek(BufferSize)
		r.window = window
		r.filled = len(window)
		if err != io.EOF {
			if err != nil {
				_ = readFault(r, err)
			}
			continue
		}
		r.ended = true
		begin = len(r.opening)
		end = bytes.Index(window, blankLine)
		if end < begin || end > maxHead || string(window[:begin]) != r.opening {
			continue
		}
		found = plainHead.FindSubmatch(window[begin:end])
		if found == nil || len(found[1]) > maxName {
			continue
		}
		file = window[end+len(blankLine):]
		at = bytes.Index(file, r.needle)
		if at < 3 || file[at-1] != '\n' || file[at-2] != '\r' || len(file)-at != len(r.closing) || string(file[at:]) != r.closing {
			continue
		}
		name = string(found[1])
		last = name[len(name)-1]
		if last == '.' || last == ' ' || deviceStarts[name[0]] && deviceName.MatchString(name) {
			continue
		}
		o.Filename = name
		o.File = file[:at-2]
	}
}
