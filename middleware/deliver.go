package middleware

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/refusal"
)

// deliver hands next the request that the gate writes of what it has read (check 10).
func deliver(g *Gate, rw http.ResponseWriter, u *upload) {
	boundary := form.NewBoundary()
	head := form.FileHead(boundary, u.filename, u.kind.MIME)
	if u.titled {
		head = append(form.TitlePart(boundary, u.title), head...)
	}
	closing := form.Closing(boundary)
	length := int64(len(head)) + u.held.size + int64(len(closing))
	rewrite(g, u, boundary)
	u.req.ContentLength = length
	u.req.Header["Content-Length"] = []string{strconv.FormatInt(length, 10)}
	u.req.Body = bodyAround(u.held, head, closing)
	pass(g, rw, u)
}

// pass calls next and notes how Kibana answered.
func pass(g *Gate, rw http.ResponseWriter, u *upload) {
	a := &answer{ResponseWriter: rw}
	u.answer = a
	u.passedOn = time.Since(u.started)
	u.passing = true
	g.next.ServeHTTP(a, u.req)
	if a.status == 0 {
		// Whoever writes no status means this one.
		a.status = http.StatusOK
	}
}

// heed drops the remembered owner of a case that Kibana does not know or let this caller attach to.
func heed(g *Gate, u *upload) {
	if u.target == nil {
		return
	}
	if u.kibana == http.StatusUnauthorized || u.kibana == http.StatusForbidden || u.kibana == http.StatusNotFound {
		g.owners.Forget(*u.target)
	}
}

// bodyAround is what is held between a head and a closing, as native readers.
func bodyAround(h *held, head, closing []byte) io.ReadCloser {
	if h.file == nil {
		return io.NopCloser(bytes.NewReader(bytes.Join([][]byte{head, h.memory, closing}, nil)))
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(head), io.NewSectionReader(h.file, 0, h.size), bytes.NewReader(closing)))
}

// rewrite makes the request's line and headers those of the body that the gate writes.
func rewrite(g *Gate, u *upload, boundary string) {
	req := u.req
	endHops(req)
	if !g.forward {
		g.tokens.Strip(req.Header, u.caller)
	}
	req.Header["Content-Type"] = []string{"multipart/form-data; boundary=" + boundary}
	path := u.target.Path + "/files"
	if req.URL.Path != path || req.URL.RawPath != "" || req.RequestURI != path {
		writePath(req, path)
	}
}

// endHops removes what belongs to the client's own connection and framing, and what is only true of the client's bytes.
// Connection is among them so that a client can't name one of the gate's headers in it and have the proxy strip that.
func endHops(req *http.Request) {
	header := req.Header
	delete(header, "Connection")
	delete(header, "Upgrade")
	delete(header, "Te")
	delete(header, "Trailer")
	delete(header, "Transfer-Encoding")
	delete(header, "Expect")
	delete(header, "Content-Encoding")
	delete(header, "Content-Md5")
	delete(header, "Digest")
	delete(header, "Content-Digest")
	delete(header, "Repr-Digest")
	req.TransferEncoding = nil
	req.Trailer = nil
	req.GetBody = nil
}

// writePath writes the one reading of the path into every place that a proxy might take it from.
func writePath(req *http.Request, escaped string) {
	decoded, err := url.PathUnescape(escaped)
	if err != nil {
		return
	}
	req.URL.Path = decoded
	req.URL.RawPath = escaped
	req.RequestURI = req.URL.RequestURI()
}

// internal is the refusal after a panic of ours.
func internal(recovered any) *refusal.Refusal {
	return refusal.New("internal", "the gate failed; nothing was forwarded").Because(fmt.Sprint(recovered))
}
