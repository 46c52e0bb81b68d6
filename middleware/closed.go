package middleware

import (
	"net/http"

	"github.com/casegate/casegate/middleware/refusal"
)

// closed stands where a gate with a faulty configuration would: it refuses everything that could be an upload by any
// reading and passes the rest, so that a mistake in the configuration never opens the door.
type closed struct {
	next  http.Handler
	blobs bool
}

// NewClosed makes the handler for a faulty configuration. Policy is what could be read of it: when it closes or checks
// the files API, that door is closed too.
func NewClosed(policy Policy, next http.Handler) http.Handler {
	return &closed{next: next, blobs: policy.BlobUploads != "ignore"}
}

// ServeHTTP answers uploads with 503 misconfigured.
func (c *closed) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	delete(req.Header, userHeader)
	if c.couldUpload(req.Method, req.URL.EscapedPath()) || c.couldUpload(req.Method, rawPath(req.RequestURI)) {
		refusal.Write(rw, refusal.New("misconfigured",
			"the gate in front of Kibana is not configured properly and takes no uploads: tell the operator, whose gateway log names each fault"))
		return
	}
	c.next.ServeHTTP(rw, req)
}

func (c *closed) couldUpload(method, escaped string) bool {
	if method == http.MethodPost && mayBeUpload(escaped) {
		return true
	}
	return c.blobs && (method == http.MethodPost || method == http.MethodPut) && mayEnd(escaped, blobEnd)
}
