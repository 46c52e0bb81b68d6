package middleware

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/refusal"
)

// deliverUploads is the lane that makes of the client's request the one that the gate writes of what it has read (check 10).
//
// Nearly all uploads come as soon as the client's form has arrived: one part, with a file small enough for memory that a
// glance shows to be harmless (checks 7 and 8). Such a file stays where the reader has it until it is copied into the body
// that goes on. All others go back without an answer to be read and looked into first: those that are no such form as if
// nobody had looked at them, the others with complete set. Then they come again; the body of one that streams is left to
// who streams it.
func deliverUploads() {
	var (
		u        *upload
		g        *Gate
		req      *http.Request
		header   http.Header
		file     []byte
		path     string
		size     int64
		sum      [sha256.Size]byte
		one      = &form.One{}
		seen     = &content.Seen{}
		anew     = &form.Writing{}
		readLane = lane.New()
		fileLane = lane.New()
		formLane = lane.New()
	)
	go form.Single(readLane, one)
	go content.Glance(fileLane, seen)
	go form.Write(formLane, anew)
	defer func() {
		recovered := recover()
		close(readLane.Go)
		close(fileLane.Go)
		close(formLane.Go)
		go deliverUploads()
		u.no = internal(recovered)
		u.done <- true
	}()
	for ; ; u.done <- true {
		u = <-deliveries
		g = u.gate
		if u.held == nil {
			one.Reader = u.reader
			readLane.Go <- true
			if !<-readLane.Done {
				panic(readLane.Panicked)
			}
			file = one.File
			size = int64(len(file))
			if file == nil || size > g.memory {
				continue
			}
			seen.Inspector = g.files
			seen.Filename = one.Filename
			seen.File = file
			fileLane.Go <- true
			if !<-fileLane.Done {
				panic(fileLane.Panicked)
			}
			if seen.Type == nil {
				continue
			}
			u.filename = one.Filename
			u.kind = seen.Type
			if atomic.AddInt64(&heldTotal, size) > g.maxHeld {
				atomic.AddInt64(&heldTotal, -size)
				u.no = noStorage("delivery.maxHeld is reached")
				continue
			}
			u.held = &held{memory: file, size: size}
			u.size = size
			if g.hashes {
				sum = sha256.Sum256(file)
				u.sha256 = hex.EncodeToString(sum[:])
			}
			u.complete = true
			if !seen.Passed || g.scanner != nil {
				continue
			}
		}

		anew.Filename = u.filename
		anew.Title = u.title
		anew.Titled = u.titled
		anew.MIME = u.kind.MIME
		anew.File = u.held.memory
		anew.Apart = u.held.file != nil || u.inFile
		anew.Reader = u.reader
		formLane.Go <- true
		if !<-formLane.Done {
			panic(formLane.Panicked)
		}
		req = u.req
		header = req.Header
		endHops(req)
		if !g.forward {
			g.tokens.Strip(header, u.caller)
		}
		header["Content-Type"] = []string{"multipart/form-data; boundary=" + anew.Boundary}
		if header["Accept-Encoding"] == nil {
			// Or the proxy asks for gzip by itself and unpacks the answer, which costs it a third of an upload.
			header["Accept-Encoding"] = []string{"identity"}
		}
		path = u.target.Path + "/files"
		if req.URL.Path != path || req.URL.RawPath != "" || req.RequestURI != path {
			writePath(req, path)
			u.facts.path = req.URL.Path
		}
		if u.inFile {
			u.around = &around{boundary: anew.Boundary, head: anew.Head, closing: anew.Closing}
			req.ContentLength = -1
			continue
		}
		if anew.Apart {
			size = int64(len(anew.Head)) + u.held.size + int64(len(anew.Closing))
			req.Body = bodyAround(u.held, anew.Head, anew.Closing)
		} else {
			size = int64(len(anew.Body))
			req.Body = io.NopCloser(bytes.NewReader(anew.Body))
			// The body has the file's bytes now, and the reader's buffer may be another's.
			u.held.memory = nil
			u.reader = anew.Reader
			u.light = u.reader == nil
			anew.Body = nil
		}
		req.ContentLength = size
		u.answer = &answer{ResponseWriter: u.rw}
		u.decided = true
		u.passing = true
		u.passedOn = time.Since(u.started)
		if u.took.Body == 0 {
			u.took.Body = u.passedOn - u.bodyFrom
		}
	}
}

// lookInto judges the file of a form of one part that a glance did not settle (checks 8 and 9).
func lookInto(g *Gate, u *upload) *refusal.Refusal {
	no := content.Whole(g.files, u.kind, u.filename, u.held.memory)
	if no != nil {
		return no
	}
	u.took.Body = time.Since(u.started) - u.bodyFrom
	if g.scanner == nil {
		return nil
	}
	return scanned(g, u, readerOf(u.held))
}

// around is what stands around the file of a form that is written piece by piece.
type around struct {
	boundary      string
	head, closing []byte
}

// deliver hands next the request that the gate writes.
func deliver(g *Gate, u *upload) {
	if written(u) {
		handOn(g, u)
	}
}

// written has the request written anew, and says whether it was; a panic of the lane is answered as a refusal.
func written(u *upload) bool {
	deliveries <- u
	<-u.done
	if u.no == nil {
		return true
	}
	u.passing = true
	refusal.Write(u.rw, u.no)
	return false
}

// handOn calls next.
func handOn(g *Gate, u *upload) {
	g.next.ServeHTTP(u.answer, u.req)
	u.returned = true
}

// pass hands next a request that is not the gate's own.
func pass(g *Gate, u *upload) {
	u.answer = &answer{ResponseWriter: u.rw}
	u.passing = true
	u.passedOn = time.Since(u.started)
	handOn(g, u)
}

// heed drops the remembered owner of a case that Kibana does not know or let this caller attach to.
func heed(g *Gate, u *upload, status int) {
	if u.target == nil {
		return
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound {
		g.owners.Forget(*u.target)
	}
}

// bodyAround is what is held between a head and a closing, as native readers.
func bodyAround(h *held, head, closing []byte) io.ReadCloser {
	return io.NopCloser(io.MultiReader(bytes.NewReader(head), io.NewSectionReader(readerOf(h), 0, h.size), bytes.NewReader(closing)))
}

// endHops removes what belongs to the client's own connection and framing, and what is only true of the client's bytes.
// Connection is among them so that a client can't name one of the gate's headers in it and have the proxy strip that. The
// new body's length is said by the request itself, which is where proxies take it from.
func endHops(req *http.Request) {
	header := req.Header
	delete(header, "Connection")
	delete(header, "Upgrade")
	delete(header, "Te")
	delete(header, "Trailer")
	delete(header, "Transfer-Encoding")
	delete(header, "Content-Length")
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
