// Package middleware is the gate: it reads an upload whole, checks it in the order in which this file is written, and
// hands Kibana a request that the gate itself wrote. Everything else is refused, and Kibana never sees a byte of it.
package middleware

import (
	"bufio"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/scan"
	"github.com/casegate/casegate/middleware/token"
)

// userHeader names the caller to Kibana and to what stands behind the gate. A client's own copy is always removed.
const userHeader = "X-Casegate-User"

// formOverhead is how many bytes a request may have beyond its file: boundaries, part heads and the file's title.
const formOverhead = 64 << 10

// Gate checks uploads on their way to next and passes everything else untouched.
type Gate struct {
	policy Policy
	next   http.Handler
	// elsewhere serves what is no upload: next, or others in front of it.
	elsewhere http.Handler
	name      string
	router    *router
	tokens    *token.Verifier
	judge     *privilege.Judge
	people    *people
	owners    *privilege.Lookup
	files     *content.Inspector
	scanner   *scan.Scanner
	log       *audit.Log
	largest   int64 // The largest file of any type, in bytes.
	// What the way of every upload needs of the policy. To read a field of a section of the policy, the interpreter
	// makes room for the whole policy at each call.
	owner   string // policy.Privileges.Owner; "" when it is looked up.
	memory  int64  // policy.Delivery.Memory.
	maxHeld int64  // policy.Delivery.MaxHeld.
	hops    int    // policy.TrustedHops.
	hashes  bool   // policy.Audit.SHA256.
	forward bool   // policy.Token.Forward.
	reports bool   // Report mode.
	streams bool   // Plain types flow on while they are read.
}

// New makes the gate in front of next. The error names every fault of the policy, one a line. Name is the middleware's
// instance in logs and audit events. The first gate of a process starts its lanes: a few goroutines that all gates share and
// that wait when there is nothing to do.
func New(policy Policy, next http.Handler, name string) (http.Handler, error) {
	if faults := policy.Faults(); len(faults) > 0 {
		return nil, errors.New("casegate: the policy of " + name + " is faulty:\n" + strings.Join(faults, "\n"))
	}
	largest := policy.Files.MaxSize
	if policy.Files.MaxImageSize > largest {
		largest = policy.Files.MaxImageSize
	}
	startLanes()
	owner := policy.Privileges.Owner
	if owner == "lookup" {
		owner = ""
	}
	policy.Files.Directory = policy.Delivery.Directory
	policy.Files.Held = &heldTotal
	policy.Files.MaxHeld = policy.Delivery.MaxHeld
	g := &Gate{
		policy:  policy,
		next:    next,
		name:    name,
		router:  newRouter(policy.BasePath),
		tokens:  token.New(policy.Token),
		judge:   privilege.New(policy.Privileges),
		people:  newPeople(),
		owners:  privilege.NewLookup(policy.Privileges.OwnerTTL),
		files:   content.New(policy.Files),
		scanner: scan.New(policy.Scan),
		log:     audit.New(policy.Audit),
		largest: largest,
		owner:   owner,
		memory:  policy.Delivery.Memory,
		maxHeld: policy.Delivery.MaxHeld,
		hops:    policy.TrustedHops,
		hashes:  policy.Audit.SHA256,
		forward: policy.Token.Forward,
		reports: policy.Enforcement == "report",
		streams: policy.Delivery.Mode == "stream" && policy.Scan.Clamd == "",
	}
	g.elsewhere = next
	if policy.MetricsPath != "" || policy.BlobUploads != "ignore" {
		g.elsewhere = &others{gate: g}
	}
	return g, nil
}

// upload is one request on its way through the checks: what is known of it so far.
type upload struct {
	gate     *Gate
	rw       http.ResponseWriter
	req      *http.Request
	done     chan bool // A lane is done with it.
	missing  int       // What it has to wait for before it can be admitted.
	ready    bool      // It has been admitted, and may be handed on as soon as its form has been received.
	target   *privilege.Case
	caller   *token.Caller
	person   *person
	owner    string
	title    string // The value of the filename part.
	titled   bool   // The form has a filename part.
	filename string
	kind     *content.Type
	blob     bool   // It is a call of the files API.
	action   string // Which of its calls; "" for an upload proper.

	// The reading, which goes on in a goroutine of its own when the file streams.
	reader     *form.Reader
	buffer     *bufio.Reader // What the reader reads from.
	inFile     bool          // The reader stands in the file's bytes.
	complete   bool          // The form has been read to its end.
	inspection *content.Inspection
	held       *held
	workers    *workers   // Who works on a large file while it is read.
	around     *around    // What Kibana receives around a file that streams.
	flow       *flow      // Where the file's bytes go when they are no longer held.
	recording  *recording // In report mode: the body as it came.

	// How it ends.
	no      *refusal.Refusal
	decided bool    // The checks have come to their end, and no says how.
	passing bool    // The answer has begun, or the request has been handed on.
	flows   bool    // It streams: what is left to do is done there.
	answer  *answer // Kibana's answer to the upload; nil as long as it has not been written anew.
	light   bool    // Nothing is left to give back but the file's share in heldTotal.

	returned bool // Kibana's answer has come to its end.

	// What was remembered of it, for the metrics.
	recalled, ownerRecalled bool

	// What is recorded of it. Times are counted from started on.
	facts    *facts
	started  time.Time
	bodyFrom time.Duration
	passedOn time.Duration
	duration time.Duration
	took     audit.Timings
	size     int64  // The file's, in bytes, when it has been read whole.
	sha256   string // The file's.
	kibana   int    // The status of Kibana's answer to the upload.
}

// ServeHTTP passes what is no upload, and checks what is one.
//
// What is on the way of every upload is done in lanes. The functions around them are small, and are functions and not
// methods: interpreted, a call of a method costs several times that of a function, and every call pays for all that the
// function could do.
func (g *Gate) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	delete(req.Header, userHeader)
	if req.Method == http.MethodPost {
		path := req.URL.Path
		// A path that begins the request's target as it is has nothing encoded in it. Mostly it is all of the target, and a
		// comparison is no call.
		if !plainlyElse.MatchString(path) || req.URL.RawPath != "" || req.RequestURI != path && !strings.HasPrefix(req.RequestURI, path) {
			serveUpload(g, rw, req)
			return
		}
	}
	g.elsewhere.ServeHTTP(rw, req)
}

// serveUpload checks a request that has something of an upload, and answers it or hands it on.
func serveUpload(g *Gate, rw http.ResponseWriter, req *http.Request) {
	u := &upload{gate: g, rw: rw, req: req, done: make(chan bool, 1), started: time.Now()}
	defer over(g, u)
	admissions <- u
	<-u.done
	if u.ready {
		_, _ = u.buffer.Peek(form.BufferSize)
		deliveries <- u
		<-u.done
	}
	if u.answer == nil {
		serveOdd(g, u)
		return
	}
	g.next.ServeHTTP(u.answer, req)
	u.returned = true
}

// serveOdd goes on with an upload that is not like nearly all others, or is refused, or is none.
func serveOdd(g *Gate, u *upload) {
	if u.missing != missingNothing {
		fetchMissing(g, u)
		if u.ready {
			_, _ = u.buffer.Peek(form.BufferSize)
			deliveries <- u
			<-u.done
		}
		if u.answer != nil {
			handOn(g, u)
			return
		}
	}
	if u.no == nil && u.target == nil {
		u.passing = true
		u.decided = true
		u.flows = true
		g.elsewhere.ServeHTTP(u.rw, u.req)
		return
	}
	if u.no == nil {
		u.no = readOn(g, u)
	}
	u.decided = true
	if u.no == nil && u.inFile {
		stream(g, u)
		return
	}
	conclude(g, u)
}

// readOn reads what is left of the upload, or only looks into the file.
func readOn(g *Gate, u *upload) *refusal.Refusal {
	if u.complete {
		return lookInto(g, u)
	}
	return read(g, u)
}

// over ends every upload, however it went: a panic of ours becomes a refusal as long as nothing has been forwarded or
// answered, and one of next, which panics when Kibana's answer breaks off, is recorded and goes on to the server.
// One deferred call does all of it because each costs the interpreter as much as several other calls.
func over(g *Gate, u *upload) {
	if u.flows {
		return
	}
	if !u.passing {
		overEarly(g, u, recover())
		return
	}
	u.duration = time.Since(u.started)
	if !u.light || u.answer.status > 400 {
		settleOdd(g, u)
	} else {
		atomic.AddInt64(&heldTotal, -u.size)
	}
	endings <- u
}

// settleOdd gives back what an upload holds beside the usual, and heeds that Kibana refused it.
func settleOdd(g *Gate, u *upload) {
	if u.answer != nil && u.answer.status > 400 {
		heed(g, u, u.answer.status)
	}
	closeUpload(u)
}

// overEarly ends an upload that has neither been answered nor handed on: something of ours has panicked.
func overEarly(g *Gate, u *upload, recovered any) {
	u.no = internal(recovered)
	if !u.decided {
		u.decided = true
		endLate(g, u)
		return
	}
	u.passing = true
	refusal.Write(u.rw, u.no)
	over(g, u)
}

// endLate ends an upload whose checks did not come to their end by themselves.
func endLate(g *Gate, u *upload) {
	defer over(g, u)
	conclude(g, u)
}

// others serves what is no upload where there are metrics or where blob uploads are not ignored.
type others struct {
	gate *Gate
}

// ServeHTTP answers requests for the metrics and to Kibana's other upload door, and passes on all the others.
func (o *others) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	g := o.gate
	if g.policy.MetricsPath != "" && req.URL.Path == g.policy.MetricsPath {
		serveMetrics(rw, req)
		return
	}
	if g.policy.BlobUploads != "ignore" && otherDoor(g, rw, req) {
		return
	}
	g.next.ServeHTTP(rw, req)
}

// guarded runs checks with a panic of ours turned into a refusal: nothing has been forwarded by then.
func guarded(g *Gate, u *upload, checks func(g *Gate, u *upload) *refusal.Refusal) (no *refusal.Refusal) {
	defer func() {
		if recovered := recover(); recovered != nil {
			no = internal(recovered)
		}
	}()
	return checks(g, u)
}

// conclude refuses the upload or hands it on.
func conclude(g *Gate, u *upload) {
	switch {
	case g.reports:
		report(g, u)
	case u.no != nil:
		u.passing = true
		refusal.Write(u.rw, u.no)
	case u.action != "":
		deliverBlob(g, u)
	default:
		deliver(g, u)
	}
}

// closeUpload gives back what the upload holds.
func closeUpload(u *upload) {
	if u.workers != nil {
		stopWorkers(u.workers)
	}
	if u.reader != nil {
		form.Close(u.reader)
	}
	if u.held != nil {
		closeHeld(u.held)
	}
	if u.recording != nil {
		closeHeld(u.recording.held)
	}
}
