package form

import (
	"bufio"
	"io"
	"net/http"
	"strings"

	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/refusal"
)

// Opening is the beginning of a form's reading.
type Opening struct {
	// Header is the request's. It is judged as Boundary says: it gives the boundary, or No says why not.
	Header   http.Header
	Boundary string
	No       *refusal.Refusal
	// Body is the request's, of which Reader reads the form. Nothing is read of it yet. Buffer is what the reader reads
	// from: whoever has peeked at BufferSize bytes of it has waited for the client.
	Body   io.Reader
	Reader *Reader
	Buffer *bufio.Reader
}

// Open opens forms.
func Open(l *lane.Lane, o *Opening) {
	defer lane.End(l)
	var (
		header          http.Header
		types, versions []string
		boundary        string
		source          *bufio.Reader
		dashes          []byte
		needle          []byte
		last            int
	)
	for ; <-l.Go; l.Done <- true {
		o.No = nil
		o.Boundary = ""
		header = o.Header
		types = header["Content-Type"]
		versions = header["Elastic-Api-Version"]
		// This is what nearly every client sends. The longer way would say the same.
		if len(types) == 1 && len(types[0]) > len(plainType) && types[0][:len(plainType)] == plainType &&
			header["Content-Encoding"] == nil && (versions == nil || len(versions) == 1 && versions[0] == apiVersion) {
			boundary = types[0][len(plainType):]
			if len(boundary) <= maxBoundary && strings.TrimLeft(boundary, plainBoundary) == "" {
				o.Boundary = boundary
			}
		}
		if o.Boundary == "" {
			o.Boundary, o.No = boundaryOf(header)
			if o.No != nil {
				continue
			}
			boundary = o.Boundary
		}
		if o.Body == nil {
			continue
		}

		source = nil
		idleLock <- true
		last = len(idle) - 1
		if last >= 0 {
			source = idle[last]
			idle = idle[:last]
		}
		<-idleLock
		if source == nil {
			source = bufio.NewReaderSize(o.Body, BufferSize)
		} else {
			source.Reset(o.Body)
		}
		boundary = "--" + boundary
		dashes = []byte(boundary)
		needle = dashes
		if len(needle) > maxNeedle {
			needle = dashes[:maxNeedle]
		}
		o.Reader = &Reader{
			body: o.Body, source: source, dashes: dashes, needle: needle, opening: boundary + "\r\n", closing: boundary + "--\r\n",
		}
		o.Buffer = source
		o.Body = nil
	}
}
