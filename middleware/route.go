package middleware

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
)

// router tells uploads from everything else. Kibana's route is POST /api/cases/{id}/files, in a space other than the
// default one POST /s/{space}/api/cases/{id}/files, both after the base path.
type router struct {
	basePath string
	plain    *regexp.Regexp
	simple   *regexp.Regexp // As plain, for the identifiers that cases nearly always have: it needs no other look.
}

// maxSpace is the longest identifier of a space, and no simple path is longer: to count in the expressions would cost them
// several times what it costs to look.
const maxSpace = 255

// maxCaseID is the longest identifier of a case in its escaped form; Kibana's own have 36 characters.
const maxCaseID = 1024

// The identifiers of spaces are Kibana's own: lower-case letters, digits, - and _. A case's identifier is opaque;
// what could be read as more than one segment, as a parameter or as a second encoding never gets here.
func newRouter(basePath string) *router {
	start := `^(` + regexp.QuoteMeta(basePath) + `(?:/s/([a-z0-9_-]+))?/api/cases/`
	return &router{
		basePath: basePath,
		plain:    regexp.MustCompile(start + `([^/]+))/files/?$`),
		simple:   regexp.MustCompile(start + `([0-9A-Za-z_-]+))/files$`),
	}
}

// uploadEnd finds an upload in a path that has been read as loosely as any reader might: some take an empty identifier.
var uploadEnd = regexp.MustCompile(`(?i)/api/cases/[^/]*/files/?$`)

// ambiguous holds what different readers of a path treat differently, in what is left after unreserved characters have
// been decoded: encoded slashes, backslashes, percent signs and dots-to-be, parameters, fragments, queries, control bytes.
var ambiguous = regexp.MustCompile(`(?i)\\|;|#|\?|//|/\.\.?(/|$)|%(2f|5c|25|3b|23|3f|7f|[01][0-9a-f])`)

// plainlyElse is a path that is no upload in any reading, as long as nothing in it is encoded: no segment is empty, begins with
// a dot, or with the letters fi, as the route's end does in whatever case, and no character means something else to some
// reader. It is written so that Go's regexp package can run it in one pass.
var plainlyElse = regexp.MustCompile(`^(?:/(?:[0-9A-EG-Za-eg-z_~$&+,:=@-][0-9A-Za-z._~$&+,:=@-]*|[fF](?:[0-9A-HJ-Za-hj-z._~$&+,:=@-][0-9A-Za-z._~$&+,:=@-]*)?))*/?$`)

// findUpload says whether a POST with the escaped path is an upload. It gives nil and nil for everything else, and a refusal
// for a path that one reader would take for an upload and another would not. Whoever asks has found that the path is not
// simple; of one that is, it says the same.
func findUpload(r *router, req *http.Request, escaped string) (*privilege.Case, *refusal.Refusal) {
	if mayBeUpload(escaped) {
		return readUpload(r, escaped)
	}
	// Some proxies forward RequestURI and not URL: an upload there must not hide behind another path here.
	if req.RequestURI == "" || strings.HasPrefix(req.RequestURI, escaped) || !mayBeUpload(rawPath(req.RequestURI)) {
		return nil, nil
	}
	return nil, refusal.New("path_ambiguous", "the request's path could be read in two ways: send it plain")
}

// readUpload takes apart a path that some reader would take for an upload.
func readUpload(r *router, escaped string) (*privilege.Case, *refusal.Refusal) {
	escaped = decodeUnreserved(escaped)
	if ambiguous.MatchString(escaped) {
		return nil, refusal.New("path_ambiguous",
			"the path holds empty or dot segments, encoded slashes, backslashes, parameters or the like: send it plain, as "+r.example())
	}
	match := r.plain.FindStringSubmatch(escaped)
	if match == nil || len(match[2]) > maxSpace {
		return nil, refusal.New("path_ambiguous",
			"the path does not stand directly under the gate's basePath "+quotedBase(r.basePath)+": expected "+r.example())
	}
	caseID, err := url.PathUnescape(match[3])
	if err != nil || len(match[3]) > maxCaseID {
		return nil, refusal.New("path_ambiguous", "the case's identifier is not well encoded, or longer than any of Kibana's")
	}
	space := match[2]
	if space == "" {
		space = "default"
	}
	return &privilege.Case{Space: space, ID: caseID, Path: match[1]}, nil
}

func (r *router) example() string {
	return r.basePath + "/api/cases/{id}/files or " + r.basePath + "/s/{space}/api/cases/{id}/files"
}

func quotedBase(basePath string) string {
	if basePath == "" {
		return `"" (none)`
	}
	return `"` + basePath + `"`
}

// mayBeUpload says whether any reader could take the escaped path for an upload. Nearly all paths are plain, and for
// them this is a few library calls.
func mayBeUpload(escaped string) bool {
	return mayEnd(escaped, uploadEnd)
}

// mayEnd says whether any reader of the path could find the end in it.
func mayEnd(escaped string, end *regexp.Regexp) bool {
	if end.MatchString(escaped) {
		return true
	}
	if !strings.ContainsAny(escaped, `%\;#?`) && !strings.Contains(escaped, "//") && !strings.Contains(escaped, "/.") {
		return false
	}
	return end.MatchString(decodeUnreserved(escaped)) || end.MatchString(loosest(escaped))
}

// loosest reads a path as the most lenient of readers would: decoded twice, backslashes as slashes, parameters and
// fragments dropped, empty and dot segments resolved.
func loosest(escaped string) string {
	for i := 0; i < 2; i++ {
		decoded, err := url.PathUnescape(escaped)
		if err != nil {
			break
		}
		escaped = decoded
	}
	slashed := strings.ReplaceAll(escaped, `\`, "/")
	return path.Clean("/" + parameters.ReplaceAllString(slashed, ""))
}

// parameters are ;name=value at the end of a segment, and everything from a fragment or query on.
var parameters = regexp.MustCompile(`;[^/]*|[#?].*$`)

// rawPath is the path of a request target, in origin form or in absolute form (RFC 9112, section 3.2).
func rawPath(requestURI string) string {
	parsed, err := url.ParseRequestURI(requestURI)
	if err != nil {
		return requestURI
	}
	return parsed.EscapedPath()
}

// encodedUnreserved are percent-encodings that mean just what the character itself means (RFC 3986, section 2.3).
var encodedUnreserved = regexp.MustCompile(`(?i)%(2d|2e|5f|7e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])`)

func decodeUnreserved(escaped string) string {
	if !strings.Contains(escaped, "%") {
		return escaped
	}
	return encodedUnreserved.ReplaceAllStringFunc(escaped, func(encoded string) string {
		decoded, err := url.PathUnescape(encoded)
		if err != nil {
			return encoded
		}
		return decoded
	})
}
