package privilege

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
)

// dropped are the headers of an upload that a look-up does not carry: those of the connection (RFC 9110, 7.6.1), and
// those that describe a body. Content-*, If-* and X-Casegate-* are dropped by their
// prefixes, but for the user.
var dropped = map[string]bool{
	"Connection":          true,
	"Digest":              true,
	"Expect":              true,
	"Http2-Settings":      true,
	"Keep-Alive":          true,
	"Proxy-Authenticate":  true,
	"Proxy-Authorization": true,
	"Proxy-Connection":    true,
	"Range":               true,
	"Repr-Digest":         true,
	"Te":                  true,
	"Trailer":             true,
	"Transfer-Encoding":   true,
	"Upgrade":             true,
}

// userHeader names the caller, as the gate found out. The look-up carries it so that what stands behind the gate, such as
// a rate limit by user, counts it for the right one.
const userHeader = "X-Casegate-User"

// unlike are headers that differ from one request of a caller to the next and say nothing of who the caller is. All
// others decide together whether two requests may share an answer, for any of them could be a credential.
var unlike = map[string]bool{
	"B3":                      true,
	"Elastic-Apm-Traceparent": true,
	"Traceparent":             true,
	"Tracestate":              true,
	"X-B3-Parentspanid":       true,
	"X-B3-Spanid":             true,
	"X-B3-Traceid":            true,
	"X-Request-Id":            true,
}

// request makes the look-up of an upload: GET of the case with the credentials of the upload and nothing of its body.
// It returns nil when the path of the case is no escaped path.
func request(ctx context.Context, req *http.Request, c Case) *http.Request {
	path, err := url.PathUnescape(c.Path)
	if err != nil {
		return nil
	}
	ask := req.Clone(ctx)
	ask.Method = http.MethodGet
	ask.URL = &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: path, RawPath: c.Path}
	ask.RequestURI = c.Path
	ask.Header = headers(req.Header)
	ask.Body = http.NoBody
	ask.GetBody = nil
	ask.ContentLength = 0
	ask.TransferEncoding = nil
	ask.Trailer = nil
	ask.Close = false
	ask.Form = nil
	ask.PostForm = nil
	ask.MultipartForm = nil
	return ask
}

// noComments asks Kibana to leave the comments out of its answer. It would do so for every look-up, but Kibana calls it
// deprecated and says so in its log each time.
const noComments = "includeComments=false"

// withoutComments is the look-up of a case that has too many comments for the other.
func withoutComments(ask *http.Request) *http.Request {
	again := ask.Clone(ask.Context())
	again.URL.RawQuery = noComments
	again.RequestURI += "?" + noComments
	return again
}

// headers copies what a look-up carries. Headers that Connection names are copied too: the gate clears Connection on
// the upload, so the upload carries them as well.
func headers(from http.Header) http.Header {
	copied := from.Clone()
	for name := range from {
		canonical := http.CanonicalHeaderKey(name)
		if dropped[canonical] || strings.HasPrefix(canonical, "Content-") || strings.HasPrefix(canonical, "If-") ||
			(strings.HasPrefix(canonical, "X-Casegate-") && canonical != userHeader) {
			delete(copied, name)
		}
	}
	copied.Set("Accept", "application/json")
	copied.Set("Accept-Encoding", "identity")
	// The upload may have named the version inside Content-Type, which is not copied.
	copied.Set("Elastic-Api-Version", "2023-10-31")
	return copied
}

// credentials is a digest of all by which Kibana, or what stands before it, could tell callers apart: two look-ups with
// the same digest may share an answer.
func credentials(ask *http.Request) string {
	digest := sha256.New()
	host := ask.RemoteAddr
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 {
		host = host[:colon]
	}
	certificate := ""
	if ask.TLS != nil && len(ask.TLS.PeerCertificates) > 0 {
		certificate = string(ask.TLS.PeerCertificates[0].Raw)
	}
	// Header values hold no line ends, and the digest of the certificate has a fixed length.
	sum := sha256.Sum256([]byte(certificate))
	digest.Write(sum[:])
	digest.Write([]byte(host + "\n" + ask.Host + "\n" + ask.URL.RawPath + "\n"))
	// WriteSubset leaves out, sorts and writes natively; a digest takes every write.
	_ = ask.Header.WriteSubset(digest, unlike)
	return string(digest.Sum(nil))
}
