package middleware

import (
	"bufio"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/refusal"
)

// flow is the way of an upload that streams: what has been checked goes into a pipe whose other end next reads. When a
// check fails late the pipe is broken, so that the upstream request ends in the middle and Kibana stores nothing.
type flow struct {
	around *around
	pipe   *io.PipeWriter
	digest hash.Hash
	size   int64
	done   chan struct{}

	mutex sync.Mutex
	no    *refusal.Refusal
	ended bool
}

// errBroken is what next sees of a body that was refused while it flowed, or of one that nobody reads any more.
var errBroken = errors.New("casegate: the upload was broken off")

// flowBuffer is how many bytes may have left the pump that next has not taken yet.
const flowBuffer = 256 << 10

// gone stands for "next does not read on": it has answered early or lost Kibana. That is no refusal of ours.
var gone = &refusal.Refusal{}

// forgive ends a panic of the function that defers it. The interpreter only knows what it is for when it has read it before
// the function literal that defers it.
func forgive() {
	_ = recover()
}

// stream hands next a request whose body is written while the rest of it is read.
func stream(g *Gate, u *upload) {
	if !written(u) {
		return
	}
	reader, writer := io.Pipe()
	f := &flow{around: u.around, pipe: writer, digest: u.held.digest, done: make(chan struct{})}
	u.flow = f
	// The transport takes 32 KiB at a time. The buffer lets it do so without waking the pump for each.
	u.req.Body = io.NopCloser(bufio.NewReaderSize(reader, flowBuffer))
	late := &lateAnswer{rw: u.rw, flow: f, header: http.Header{}}
	from := time.Now()
	u.passing = true
	u.flows = true
	before := *u
	go pump(g, u)
	defer func() {
		// What only records must not cost the upload its answer. A panic of next goes on all the same.
		defer forgive()
		_ = reader.CloseWithError(errBroken)
		no, _ := f.state()
		if no != nil && !late.sent {
			// The proxy may panic over an answer that was cut short because of us: the refusal takes its place.
			_ = recover()
			refusal.Write(u.rw, no)
		}
		settle(u, &before, late, from)
	}()
	g.next.ServeHTTP(late, u.req)
}

// settle records the upload when next has returned. Kibana may have answered before the upload's end: then the reading
// stops by itself, nobody waits for the client, and what is recorded is what was known before the flow began.
func settle(u, before *upload, late *lateAnswer, from time.Time) {
	no, over := late.flow.state()
	seen := before
	if over {
		<-late.flow.done
		seen = u
	}
	seen.no = no
	seen.kibana = late.status
	seen.took.Kibana = time.Since(from)
	seen.duration = time.Since(seen.started)
	heed(seen.gate, seen, late.status)
	endings <- seen
}

// pump reads the rest of the form into the pipe. It owns the upload's reading from here on.
func pump(g *Gate, u *upload) {
	f := u.flow
	defer close(f.done)
	defer closeUpload(u)
	no := guarded(g, u, pumped)
	if no == nil {
		u.size = f.size
		if f.digest != nil {
			u.sha256 = hex.EncodeToString(f.digest.Sum(nil))
		}
	}
	f.end(no)
	if no != nil {
		_ = f.pipe.CloseWithError(errBroken)
		return
	}
	_ = f.pipe.Close()
}

// pumped sends what was held so far, and then reads on.
func pumped(g *Gate, u *upload) *refusal.Refusal {
	if no := send(u.flow, u.flow.around.head); no != nil {
		return no
	}
	if u.flow.digest != nil {
		_, _ = u.flow.digest.Write(u.held.memory)
	}
	if no := sendFile(u.flow, u.held.memory); no != nil {
		return no
	}
	if no := read(g, u); no != nil {
		return no
	}
	return send(u.flow, u.flow.around.closing)
}

// sendFile sends bytes of the file, which whoever calls it hashes.
func sendFile(f *flow, chunk []byte) *refusal.Refusal {
	f.size += int64(len(chunk))
	return send(f, chunk)
}

// sendTitle sends a filename part that came after the file.
func sendTitle(f *flow, title string) *refusal.Refusal {
	part := append([]byte("\r\n"), form.TitlePart(f.around.boundary, title)...)
	f.around.closing = f.around.closing[len("\r\n"):]
	return send(f, part)
}

func send(f *flow, some []byte) *refusal.Refusal {
	if _, err := f.pipe.Write(some); err != nil {
		return gone
	}
	return nil
}

// end notes how the reading ended, before next can see it.
func (f *flow) end(no *refusal.Refusal) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.ended = true
	if no != gone {
		f.no = no
	}
}

// state is the refusal, if there is one, and whether the reading has ended.
func (f *flow) state() (no *refusal.Refusal, ended bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.no, f.ended
}

// lateAnswer passes next's answer on unless the upload was refused in the meantime: then the gate's refusal stands in
// its place, and not the proxy's 502.
type lateAnswer struct {
	rw     http.ResponseWriter
	flow   *flow
	header http.Header
	status int
	sent   bool
}

// Header holds next's headers apart until it is known that they will be sent.
func (a *lateAnswer) Header() http.Header {
	return a.header
}

// WriteHeader sends the status and headers, informational ones too.
func (a *lateAnswer) WriteHeader(status int) {
	if no, _ := a.flow.state(); no != nil && !a.sent {
		return
	}
	header := a.rw.Header()
	for name, values := range a.header {
		header[name] = values
	}
	if status >= 200 {
		a.sent = true
		a.status = status
	}
	a.rw.WriteHeader(status)
}

// Write sends bytes of the answer's body.
func (a *lateAnswer) Write(some []byte) (int, error) {
	if !a.sent {
		a.WriteHeader(http.StatusOK)
	}
	if !a.sent {
		return len(some), nil
	}
	return a.rw.Write(some)
}
