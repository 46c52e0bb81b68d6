package middleware

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/casegate/casegate/middleware/refusal"
)

// reportHeader tells, in report mode, the code that would have refused the request.
const reportHeader = "X-Casegate-Report"

// report lets an upload pass whatever the checks say, with exactly the bytes that came, and says on the answer what
// would have become of it.
func report(g *Gate, rw http.ResponseWriter, u *upload, no *refusal.Refusal) {
	if u.recording != nil {
		u.req.Body = u.recording.replay()
	}
	if no != nil {
		rw.Header().Set(reportHeader, no.Code)
	}
	pass(g, rw, u)
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
}

var errNotHeld = errors.New("casegate: the body can't be held")

// Read fills p as far as the body goes: a client that sends byte by byte must not cost an interpreted step a byte.
func (r *recording) Read(p []byte) (int, error) {
	if r.last != nil {
		return 0, errNotHeld
	}
	n, err := io.ReadFull(r.body, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if n > 0 {
		if no := holdMore(r.held, p[:n]); no != nil {
			r.last = append([]byte{}, p[:n]...)
			return n, errNotHeld
		}
		r.kept += int64(n)
	}
	return n, err
}

// Close closes the body.
func (r *recording) Close() error {
	return r.body.Close()
}

// replay is the body from its beginning: what was held, and then what nobody has read yet.
func (r *recording) replay() io.ReadCloser {
	return io.NopCloser(io.MultiReader(
		io.NewSectionReader(readerOf(r.held), 0, r.kept),
		bytes.NewReader(r.last),
		r.body,
	))
}
