package form

import (
	"net/http"
	"strings"

	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/refusal"
)

const (
	// apiVersion is the one version of Kibana's public API that has the upload route.
	apiVersion = "2023-10-31"
	// maxContentType is the longest Content-Type, in bytes: every allowed parameter with the longest boundary fits.
	maxContentType = 256
	// maxBoundary is the longest boundary, in characters (RFC 2046, section 5.1.1).
	maxBoundary = 70

	// plainType is how nearly every client begins; the boundary follows without quotes.
	plainType = "multipart/form-data; boundary="
	// plainBoundary are the characters of a boundary that need no quotes: those of both RFC 2046 and a token.
	plainBoundary = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'+_."
	// quotedBoundary are all of RFC 2046's.
	quotedBoundary = plainBoundary + "(),/:=? "
)

// Boundary judges the headers that say how the body is to be read, and returns the boundary of the form. Exactly one
// Content-Type must be there; beside the boundary it may carry Elastic-Api-Version, where the API page's own example
// puts it, and charset=utf-8. A Content-Encoding is refused unless it is "identity", which encodes nothing.
func Boundary(header http.Header) (boundary string, no *refusal.Refusal) {
	o := &Opening{Header: header}
	once := lane.Once()
	Open(once, o)
	lane.Result(once)
	return o.Boundary, o.No
}

// boundaryOf judges the headers one by one.
func boundaryOf(header http.Header) (boundary string, no *refusal.Refusal) {
	if encodings := header["Content-Encoding"]; len(encodings) > 0 {
		if len(encodings) > 1 || !strings.EqualFold(encodings[0], "identity") {
			return "", refusal.New("content_encoding", "the body has a Content-Encoding: send the form as it is, not compressed")
		}
	}
	if versions := header["Elastic-Api-Version"]; len(versions) > 0 {
		if len(versions) > 1 {
			return "", refusal.New("version_unsupported", "Elastic-Api-Version was sent more than once: send it once, as "+apiVersion)
		}
		if versions[0] != apiVersion {
			return "", wrongVersion()
		}
	}
	types := header["Content-Type"]
	switch len(types) {
	case 0:
		return "", refusal.New("content_type", "the request has no Content-Type: send the file as multipart/form-data")
	case 1:
		return readContentType(types[0])
	}
	return "", refusal.New("content_type", "Content-Type was sent more than once: send it once")
}

// readContentType reads a Content-Type by the whole grammar.
func readContentType(text string) (boundary string, no *refusal.Refusal) {
	if len(text) > maxContentType {
		return "", refusal.New("content_type", "Content-Type is too long: send multipart/form-data with a boundary and nothing else")
	}
	if controlByte.MatchString(text) {
		return "", refusal.New("content_type", "Content-Type has a control character")
	}
	media := mediaType.FindString(text)
	if !strings.EqualFold(media, "multipart/form-data") {
		return "", refusal.New("content_type", "Content-Type is not multipart/form-data: send the file as a form with the part file")
	}
	list, fault := parameters(text[len(media):])
	if fault != "" {
		return "", refusal.New("content_type", "Content-Type "+fault)
	}
	boundary, found := "", false
	for _, one := range list {
		switch name := strings.ToLower(one.Name); name {
		case "boundary":
			found = true
			boundary = one.Value
			if fault := boundaryFault(boundary); fault != "" {
				return "", refusal.New("content_type", "Content-Type has a boundary that "+fault)
			}
		case "elastic-api-version":
			if one.Value != apiVersion {
				return "", wrongVersion()
			}
		case "charset":
			if !strings.EqualFold(one.Value, "utf-8") {
				return "", refusal.New("content_type", "Content-Type has a charset other than utf-8")
			}
		default:
			if strings.HasPrefix(name, "boundary*") {
				return "", refusal.New("content_type", "Content-Type has its boundary in the form of RFC 2231: write boundary=")
			}
			return "", refusal.New("content_type", "Content-Type has a parameter other than boundary, charset and Elastic-Api-Version")
		}
	}
	if !found {
		return "", refusal.New("content_type", "Content-Type has no boundary: let the HTTP client write this header itself")
	}
	return boundary, nil
}

// boundaryFault says why a boundary is none. A blank can only come out of a quoted one, and at its end many readers
// drop it.
func boundaryFault(boundary string) string {
	switch {
	case boundary == "":
		return "is empty"
	case len(boundary) > maxBoundary:
		return "is longer than 70 characters"
	case strings.TrimLeft(boundary, quotedBoundary) != "":
		return "holds characters that RFC 2046 does not allow in one"
	case boundary[len(boundary)-1] == ' ':
		return "ends in a blank"
	case strings.Contains(strings.ToLower(boundary), "boundary="):
		return "holds another boundary="
	}
	return ""
}

func wrongVersion() *refusal.Refusal {
	return refusal.New("version_unsupported", "Elastic-Api-Version is not one that has this route: send "+apiVersion)
}
