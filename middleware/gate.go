// Package middleware is the gate: it reads an upload whole, checks it in the order in which this file is written, and
// hands Kibana a request that the gate itself wrote. Everything else is refused, and Kibana never sees a byte of it.
package middleware

import (
	"errors"
	"net/http"
	"strings"
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
	policy  Policy
	next    http.Handler
	name    string
	router  *router
	tokens  *token.Verifier
	judge   *privilege.Judge
	people  *people
	owners  *privilege.Lookup
	files   *content.Inspector
	scanner *scan.Scanner
	log     *audit.Log
	largest int64 // The largest file of any type, in bytes.
	// What the way of every upload needs of the policy. To read a field of a section of the policy, the interpreter
	// makes room for the whole policy at each call.
	owner   string // policy.Privileges.Owner.
	memory  int64  // policy.Delivery.Memory.
	maxHeld int64  // policy.Delivery.MaxHeld.
	hops    int    // policy.TrustedHops.
	hashes  bool   // policy.Audit.SHA256.
	forward bool   // policy.Token.Forward.
	reports bool   // Report mode.
	streams bool   // Plain types flow on while they are read.
	apart   bool   // There are metrics or blob uploads to look for.
}

// New makes the gate in front of next. The error names every fault of the policy, one a line. Name is the middleware's
// instance in logs and audit events.
func New(policy Policy, next http.Handler, name string) (http.Handler, error) {
	if faults := policy.Faults(); len(faults) > 0 {
		return nil, errors.New("casegate: the policy of " + name + " is faulty:\n" + strings.Join(faults, "\n"))
	}
	largest := policy.Files.MaxSize
	if policy.Files.MaxImageSize > largest {
		largest = policy.Files.MaxImageSize
	}
	policy.Files.Directory = policy.Delivery.Directory
	policy.Files.Held = &heldTotal
	policy.Files.MaxHeld = policy.Delivery.MaxHeld
	return &Gate{
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
		owner:   policy.Privileges.Owner,
		memory:  policy.Delivery.Memory,
		maxHeld: policy.Delivery.MaxHeld,
		hops:    policy.TrustedHops,
		hashes:  policy.Audit.SHA256,
		forward: policy.Token.Forward,
		reports: policy.Enforcement == "report",
		streams: policy.Delivery.Mode == "stream" && policy.Scan.Clamd == "",
		apart:   policy.MetricsPath != "" || policy.BlobUploads != "ignore",
	}, nil
}

// upload is one request on its way through the checks: what is known of it so far.
type upload struct {
	req      *http.Request
	target   *privilege.Case
	caller   *token.Caller
	person   *person
	owner    string
	boundary string
	title    string // The value of the filename part.
	titled   bool   // The form has a filename part.
	filename string
	kind     *content.Type
	action   string // Which of the files API's calls it is; "" for an upload proper.

	// The reading, which goes on in a goroutine of its own when the file streams.
	reader     *form.Reader
	inFile     bool // The reader stands in the file's bytes.
	complete   bool // The form has been read to its end.
	inspection *content.Inspection
	held       *held
	workers    *workers   // Who works on a large file while it is read.
	flow       *flow      // Where the file's bytes go when they are no longer held.
	recording  *recording // In report mode: the body as it came.

	// How it ends.
	no      *refusal.Refusal
	decided bool    // The checks have come to their end, and no says how.
	passing bool    // The answer has begun, or the request has been handed on.
	flows   bool    // It streams: what is left to do is done there.
	answer  *answer // Kibana's answer to the upload; nil as long as it has not been handed on.

	// What is recorded of it. Times are counted from started on.
	started  time.Time
	bodyFrom time.Duration
	passedOn time.Duration
	took     audit.Timings
	size     int64  // The file's, in bytes, when it has been read whole.
	sha256   string // The file's.
	kibana   int    // The status of Kibana's answer to the upload.
}

// ServeHTTP passes what is no upload, and checks what is one.
//
// What is on the way of every upload is written in functions and not in methods, and what is rarely done is apart:
// interpreted, a call of a method costs several times that of a function, and every call pays for all that the function
// could do.
func (g *Gate) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	delete(req.Header, userHeader)
	if !g.apart && req.Method != http.MethodPost {
		g.next.ServeHTTP(rw, req)
		return
	}
	servePost(g, rw, req)
}

// servePost looks at what could be an upload, or is served apart.
func servePost(g *Gate, rw http.ResponseWriter, req *http.Request) {
	if g.apart && serveApart(g, rw, req) {
		return
	}
	if plainlyElse(req) {
		g.next.ServeHTTP(rw, req)
		return
	}
	tryUpload(g, rw, req)
}

// tryUpload serves a request that has something of an upload.
func tryUpload(g *Gate, rw http.ResponseWriter, req *http.Request) {
	where, no := findSafely(g, req)
	if where == nil && no == nil {
		g.next.ServeHTTP(rw, req)
		return
	}
	serveUpload(g, rw, &upload{req: req, target: where, no: no, started: time.Now()})
}

// findSafely is findUpload, with a panic of ours turned into a refusal.
func findSafely(g *Gate, req *http.Request) (where *privilege.Case, no *refusal.Refusal) {
	defer func() {
		if recovered := recover(); recovered != nil {
			no = internal(recovered)
		}
	}()
	return findUpload(g.router, req)
}

// serveUpload checks an upload, and answers it or hands it on.
func serveUpload(g *Gate, rw http.ResponseWriter, u *upload) {
	defer over(g, rw, u)
	if u.no == nil {
		u.no = check(g, u)
	}
	u.decided = true
	if u.no == nil && u.inFile {
		stream(g, rw, u)
		return
	}
	conclude(g, rw, u)
}

// over ends every upload, however it went: a panic of ours becomes a refusal as long as nothing has been forwarded or
// answered, and one of next, which panics when Kibana's answer breaks off, is recorded and goes on to the server.
// One deferred call does all of it because each costs the interpreter as much as several other calls.
func over(g *Gate, rw http.ResponseWriter, u *upload) {
	if !u.decided {
		refuseLate(g, rw, u, internal(recover()))
		return
	}
	if u.flows {
		return
	}
	if !u.passing {
		u.no = internal(recover())
		u.passing = true
		refusal.Write(rw, u.no)
	}
	since := time.Since(u.started)
	if u.answer != nil {
		u.took.Kibana = since - u.passedOn
		u.kibana = u.answer.status
		if u.kibana > 400 {
			heed(g, u)
		}
	}
	closeUpload(u)
	recordSafely(g, u, u.no, since)
}

// refuseLate ends an upload whose checks did not come to their end by themselves.
func refuseLate(g *Gate, rw http.ResponseWriter, u *upload, no *refusal.Refusal) {
	u.no = no
	u.decided = true
	defer over(g, rw, u)
	conclude(g, rw, u)
}

// serveApart answers requests for the metrics and to Kibana's other upload door, and says whether it was one.
func serveApart(g *Gate, rw http.ResponseWriter, req *http.Request) bool {
	if g.policy.MetricsPath != "" && req.URL.Path == g.policy.MetricsPath {
		serveMetrics(rw, req)
		return true
	}
	return g.policy.BlobUploads != "ignore" && otherDoor(g, rw, req)
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
func conclude(g *Gate, rw http.ResponseWriter, u *upload) {
	if u.complete {
		u.size = u.held.size
		u.sha256 = hashOf(u.held)
	}
	switch {
	case g.reports:
		report(g, rw, u, u.no)
	case u.no != nil:
		u.passing = true
		refusal.Write(rw, u.no)
	case u.action != "":
		deliverBlob(g, rw, u)
	default:
		deliver(g, rw, u)
	}
}

// check runs the checks in their order. Nothing of the body is read before everything that headers decide has passed.
func check(g *Gate, u *upload) *refusal.Refusal {
	no := identify(g, u)
	u.took.Token = time.Since(u.started)
	if no != nil {
		return no
	}
	no = checkHeaders(g, u)
	if no != nil {
		return no
	}
	no = authorize(g, u)
	if no != nil {
		return no
	}
	u.bodyFrom = u.took.Token + u.took.Owner
	body := u.req.Body
	if g.reports {
		body = recorded(g, u)
	}
	u.reader = form.NewReader(http.MaxBytesReader(nil, body, g.largest+formOverhead), u.boundary)
	filename, file := form.Single(u.reader)
	if file != nil && int64(len(file)) <= g.memory {
		return readSingle(g, u, filename, file)
	}
	return read(g, u)
}

// identify finds out who calls (check 2), and refuses who could attach to no case of the space (check 3).
func identify(g *Gate, u *upload) *refusal.Refusal {
	caller, no := token.Check(g.tokens, u.req)
	if no != nil {
		return no
	}
	u.caller = caller
	u.person = personOf(g, caller)
	if caller.PassedOn {
		return nil
	}
	if caller.User != "" {
		u.req.Header[userHeader] = []string{caller.User}
	}
	if privilege.Any(u.person.rights, u.target.Space) {
		return nil
	}
	return missingEverywhere(u)
}

func missingEverywhere(u *upload) *refusal.Refusal {
	return refusal.New("privilege_missing",
		"the token gives no privilege to attach files to cases of the space "+u.target.Space+": ask for all on Cases")
}

// checkHeaders checks what Kibana demands of the request's headers (check 4), and how the body is declared (check 5).
func checkHeaders(g *Gate, u *upload) *refusal.Refusal {
	header := u.req.Header
	if header["Kbn-Xsrf"] == nil && header["Kbn-Version"] == nil {
		return refusal.New("xsrf_missing", "Request must contain a kbn-xsrf header.")
	}
	boundary, no := form.Boundary(header)
	if no != nil {
		return no
	}
	u.boundary = boundary
	if u.req.ContentLength > g.largest+formOverhead {
		return bodyTooLarge(g)
	}
	return nil
}

// authorize finds the case's owner and checks that the caller may attach to its cases (check 6).
func authorize(g *Gate, u *upload) *refusal.Refusal {
	if u.caller.PassedOn || g.owner == "any" {
		return nil
	}
	u.owner = g.owner
	if u.owner == "lookup" {
		u.owner = privilege.Remembered(g.owners, u.target)
		if u.owner == "" {
			no := lookUp(g, u)
			if no != nil {
				return no
			}
		}
	}
	if privilege.Has(u.person.rights, u.owner, u.target.Space) {
		return nil
	}
	return missingHere(u)
}

// lookUp asks Kibana for the case's owner.
func lookUp(g *Gate, u *upload) *refusal.Refusal {
	from := time.Now()
	owner, no := g.owners.Owner(withCredentials(g, u), *u.target, g.next)
	u.took.Owner = time.Since(from)
	u.owner = owner
	return no
}

func missingHere(u *upload) *refusal.Refusal {
	return refusal.New("privilege_missing",
		"the case belongs to "+u.owner+", and the token gives no privilege to attach files to its cases in the space "+u.target.Space).
		With("owner", u.owner)
}

// withCredentials is the request with the credentials that the upload itself will carry.
func withCredentials(g *Gate, u *upload) *http.Request {
	if g.forward {
		return u.req
	}
	stripped := u.req.WithContext(u.req.Context())
	stripped.Header = u.req.Header.Clone()
	g.tokens.Strip(stripped.Header, u.caller)
	return stripped
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
