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
func (g *Gate) deliver(rw http.ResponseWriter, u *upload) {
	boundary := form.NewBoundary()
	head := []byte{}
	if u.titled {
		head = form.TitlePart(boundary, u.title)
	}
	head = append(head, form.FileHead(boundary, u.filename, u.kind.MIME)...)
	closing := form.Closing(boundary)

	length := int64(len(head)) + u.held.size + int64(len(closing))
	g.rewrite(u, boundary)
	u.req.ContentLength = length
	u.req.Header.Set("Content-Length", strconv.FormatInt(length, 10))
	u.req.Body = u.held.body(head, closing)
	g.pass(rw, u)
}

// pass calls next and notes how Kibana answered.
func (g *Gate) pass(rw http.ResponseWriter, u *upload) {
	from := time.Now()
	a := &answer{rw: rw}
	defer func() {
		u.kibana = a.status
		u.took.Kibana = time.Since(from)
		g.heed(u)
	}()
	g.next.ServeHTTP(a, u.req)
}

// heed drops the remembered owner of a case that Kibana does not know or let this caller attach to.
func (g *Gate) heed(u *upload) {
	if u.target == nil {
		return
	}
	if u.kibana == http.StatusUnauthorized || u.kibana == http.StatusForbidden || u.kibana == http.StatusNotFound {
		g.owners.Forget(u.asked())
	}
}

// body is what is held between a head and a closing, as native readers.
func (h *held) body(head, closing []byte) io.ReadCloser {
	if h.file == nil {
		whole := make([]byte, 0, len(head)+len(h.memory)+len(closing))
		whole = append(whole, head...)
		whole = append(whole, h.memory...)
		whole = append(whole, closing...)
		return io.NopCloser(bytes.NewReader(whole))
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(head), io.NewSectionReader(h.file, 0, h.size), bytes.NewReader(closing)))
}

// rewrite makes the request's line and headers those of the body that the gate writes.
func (g *Gate) rewrite(u *upload, boundary string) {
	g.endHops(u.req)
	header := u.req.Header
	g.tokens.Strip(header, u.caller)
	header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	if u.caller.User != "" {
		header.Set(userHeader, u.caller.User)
	}
	g.plainPath(u)
}

// endHops removes what belongs to the client's own connection and framing.
func (g *Gate) endHops(req *http.Request) {
	for _, name := range hopHeaders {
		delete(req.Header, name)
	}
	req.TransferEncoding = nil
	req.Trailer = nil
	req.GetBody = nil
}

// hopHeaders end at the gate. Connection is among them so that a client can't name one of the gate's headers in it and
// have the proxy strip that.
var hopHeaders = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Content-Encoding", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest",
}

// plainPath writes the one reading of the path into every place that a proxy might take it from.
func (g *Gate) plainPath(u *upload) {
	decoded, err := url.PathUnescape(u.target.path)
	if err != nil || (u.req.URL.Path == decoded && u.req.URL.EscapedPath() == u.target.path && u.req.RequestURI == "") {
		return
	}
	u.req.URL.Path = decoded
	u.req.URL.RawPath = u.target.path
	u.req.RequestURI = u.req.URL.RequestURI()
}

// internal is the refusal after a panic of ours.
func internal(recovered any) *refusal.Refusal {
	return refusal.New("internal", "the gate failed; nothing was forwarded").Because(fmt.Sprint(recovered))
}

// SizeName writes a size as the configuration does.
func SizeName(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return strconv.FormatInt(n>>30, 10) + "GiB"
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + "MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + "KiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
