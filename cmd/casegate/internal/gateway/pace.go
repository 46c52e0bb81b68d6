package gateway

import (
	"io"
	"net/http"
	"time"
)

// pace bounds how long a client takes for its body: timeout, and a second more for every rate bytes received. Only the time
// spent waiting for the client counts, so that a slow Kibana is not held against it.
type pace struct {
	next    http.Handler
	timeout time.Duration
	rate    int64
}

func (p *pace) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		p.next.ServeHTTP(rw, req)
		return
	}
	body := &pacedBody{ReadCloser: req.Body, control: http.NewResponseController(rw), left: p.timeout, rate: p.rate}
	paced := req.WithContext(req.Context())
	paced.Body = body
	p.next.ServeHTTP(rw, paced)
}

// pacedBody sets the connection's read deadline before each read.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	left    time.Duration
	rate    int64
}

func (b *pacedBody) Read(buffer []byte) (int, error) {
	started := time.Now()
	if err := b.control.SetReadDeadline(started.Add(b.left)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(buffer)
	b.left += time.Duration(n)*time.Second/time.Duration(b.rate) - time.Since(started)
	if err != nil {
		b.release()
	}
	return n, err
}

func (b *pacedBody) Close() error {
	err := b.ReadCloser.Close()
	b.release()
	return err
}

// release ends the deadline with the body: net/http goes on reading the connection to notice a client that leaves.
func (b *pacedBody) release() { _ = b.control.SetReadDeadline(time.Time{}) }
