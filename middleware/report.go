package middleware

import (
	"bytes"
	"errors"
	"io"
)

// reportHeader tells, in report mode, the code that would have refused the request.
const reportHeader = "X-Casegate-Report"

// report lets an upload pass whatever the checks say, with exactly the bytes that came, and says on the answer what
// would have become of it.
func report(g *Gate, u *upload) {
	if u.recording != nil {
		u.req.Body = u.recording.replay()
	}
	if u.no != nil {
		u.rw.Header().Set(reportHeader, u.no.Code)
	}
	pass(g, u)
}

// bodyOf is the request's body, kept while it is read when it has to be passed on as it came.
func bodyOf(g *Gate, u *upload) io.ReadCloser {
	if g.reports {
		return recorded(g, u)
	}
	return u.req.Body
}

func recorded(g *Gate, u *upload) io.ReadCloser {
	u.recording = &recording{body: u.req.Body, held: &held{limits: &g.policy.Delivery}}
	return u.recording
}

// recording is a body that keeps what is read of it, so that the same bytes can go on to Kibana afterwards.
type recording struct {
	body io.ReadCloser
	held *held
	kept int64  // How many bytes of held are good.
	last []byte // What was read and could not be held: reading ended there.
	end  error  // How the body ended; nil as long as it has not.
}

var errNotHeld = errors.New("casegate: the body can't be held")

// Read fills p as far as the body goes: a client that sends byte by byte must not cost an interpreted step a byte.
func (r *recording) Read(p []byte) (int, error) {
	if r.last != nil {
		return 0, errNotHeld
	}
	if r.end != nil {
		return 0, r.end
	}
	n, err := fill(r.body, p)
	r.end = err
	if n > 0 {
		if no := holdMore(r.held, p[:n]); no != nil {
			r.last = append([]byte{}, p[:n]...)
			return n, errNotHeld
		}
		r.kept += int64(n)
	}
	return n, err
}

// fill reads as much as there is and fits, a little less than p. Unlike io.ReadFull it tells a body's end from one that
// was cut short.
func fill(body io.Reader, p []byte) (int, error) {
	if len(p) <= 2*bytes.MinRead {
		return body.Read(p)
	}
	// With this much to spare the buffer never moves away from p.
	buffer := bytes.NewBuffer(p[:0])
	n, err := io.CopyN(buffer, body, int64(len(p)-bytes.MinRead))
	return int(n), err
}

// Close closes the body.
func (r *recording) Close() error {
	return r.body.Close()
}

// replay is the body from its beginning: what was held, and then what nobody has read yet, or the way in which it ended.
func (r *recording) replay() io.ReadCloser {
	var rest io.Reader = r.body
	if r.end != nil {
		ended, end := io.Pipe()
		_ = end.CloseWithError(r.end)
		rest = ended
	}
	return io.NopCloser(io.MultiReader(
		io.NewSectionReader(readerOf(r.held), 0, r.kept),
		bytes.NewReader(r.last),
		rest,
	))
}
