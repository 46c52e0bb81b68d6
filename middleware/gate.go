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
	rights  *rightsCache
	owners  *privilege.Lookup
	files   *content.Inspector
	scanner *scan.Scanner
	log     *audit.Log
	largest int64
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
	return &Gate{
		policy:  policy,
		next:    next,
		name:    name,
		router:  newRouter(policy.BasePath),
		tokens:  token.New(policy.Token),
		judge:   privilege.New(policy.Privileges),
		rights:  newRightsCache(),
		owners:  privilege.NewLookup(policy.Privileges.OwnerTTL),
		files:   content.New(policy.Files),
		scanner: scan.New(policy.Scan),
		log:     audit.New(policy.Audit),
		largest: largest,
	}, nil
}

// upload is one request on its way through the checks: what is known of it so far.
type upload struct {
	req      *http.Request
	target   *target
	caller   *token.Caller
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
	flow       *flow      // Where the file's bytes go when they are no longer held.
	recording  *recording // In report mode: the body as it came.

	// What is recorded of it.
	started  time.Time
	bodyFrom time.Time
	took     audit.Timings
	size     int64  // The file's, in bytes, when it has been read whole.
	sha256   string // The file's.
	kibana   int    // The status of Kibana's answer to the upload.
}

// ServeHTTP passes what is no upload, and checks what is one.
func (g *Gate) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	delete(req.Header, userHeader)
	if g.policy.MetricsPath != "" && req.URL.Path == g.policy.MetricsPath {
		g.serveMetrics(rw, req)
		return
	}
	if g.policy.BlobUploads != "ignore" && g.otherDoor(rw, req) {
		return
	}
	where, no := g.router.upload(req)
	if where == nil && no == nil {
		g.next.ServeHTTP(rw, req)
		return
	}
	u := &upload{req: req, target: where, started: time.Now()}
	if no == nil {
		no = g.checked(u)
	}
	g.answer(rw, u, no)
}

// answer refuses the upload or hands it on, and records what became of it.
func (g *Gate) answer(rw http.ResponseWriter, u *upload, no *refusal.Refusal) {
	if no == nil && u.inFile {
		g.stream(rw, u)
		return
	}
	defer u.close()
	if u.complete {
		u.measure()
	}
	// next panics when Kibana's answer breaks off: that is recorded too, and goes on to the server.
	defer g.record(u, no)
	switch {
	case g.policy.Enforcement == "report":
		g.report(rw, u, no)
	case no != nil:
		refusal.Write(rw, no)
	case u.action != "":
		g.deliverBlob(rw, u)
	default:
		g.deliver(rw, u)
	}
}

// checked is check, with a panic of ours turned into a refusal: nothing has been forwarded by then.
func (g *Gate) checked(u *upload) (no *refusal.Refusal) {
	defer func() {
		if recovered := recover(); recovered != nil {
			no = internal(recovered)
		}
	}()
	return g.check(u)
}

// check runs the checks in their order. Nothing of the body is read before everything that headers decide has passed.
func (g *Gate) check(u *upload) *refusal.Refusal {
	no := g.identify(u)
	identified := time.Now()
	u.took.Token = identified.Sub(u.started)
	if no != nil {
		return no
	}
	if no := g.headers(u); no != nil {
		return no
	}
	no = g.authorize(u)
	u.bodyFrom = time.Now()
	u.took.Owner = u.bodyFrom.Sub(identified)
	if no != nil {
		return no
	}
	u.reader = form.NewReader(http.MaxBytesReader(nil, g.body(u), g.largest+formOverhead), u.boundary)
	return g.read(u)
}

// identify finds out who calls (check 2), and refuses who could attach to no case of the space (check 3).
func (g *Gate) identify(u *upload) *refusal.Refusal {
	caller, no := g.tokens.Check(u.req)
	if no != nil {
		return no
	}
	u.caller = caller
	if caller.PassedOn || g.rights.of(g.judge, caller).Any(u.target.space) {
		return nil
	}
	return refusal.New("privilege_missing",
		"the token gives no privilege to attach files to cases of the space "+u.target.space+": ask for all on Cases")
}

// headers checks what Kibana demands of the request's headers (check 4), and how the body is declared (check 5).
func (g *Gate) headers(u *upload) *refusal.Refusal {
	header := u.req.Header
	_, xsrf := header["Kbn-Xsrf"]
	_, version := header["Kbn-Version"]
	if !xsrf && !version {
		return refusal.New("xsrf_missing", "Request must contain a kbn-xsrf header.")
	}
	boundary, no := form.Boundary(header)
	if no != nil {
		return no
	}
	u.boundary = boundary
	if u.req.ContentLength > g.largest+formOverhead {
		return g.bodyTooLarge()
	}
	return nil
}

// authorize finds the case's owner and checks that the caller may attach to its cases (check 6).
func (g *Gate) authorize(u *upload) *refusal.Refusal {
	if u.caller.PassedOn || g.policy.Privileges.Owner == "any" {
		return nil
	}
	u.owner = g.policy.Privileges.Owner
	if u.owner == "lookup" {
		owner, no := g.owners.Owner(g.withCredentials(u), u.asked(), g.next)
		if no != nil {
			return no
		}
		u.owner = owner
	}
	if g.rights.of(g.judge, u.caller).Has(u.owner, u.target.space) {
		return nil
	}
	return refusal.New("privilege_missing",
		"the case belongs to "+u.owner+", and the token gives no privilege to attach files to its cases in the space "+u.target.space).
		With("owner", u.owner)
}

// withCredentials is the request with the credentials that the upload itself will carry.
func (g *Gate) withCredentials(u *upload) *http.Request {
	if g.policy.Token.Forward {
		return u.req
	}
	stripped := u.req.WithContext(u.req.Context())
	stripped.Header = u.req.Header.Clone()
	g.tokens.Strip(stripped.Header, u.caller)
	return stripped
}

func (u *upload) asked() privilege.Case {
	return privilege.Case{Space: u.target.space, ID: u.target.caseID, Path: u.target.casePath}
}

// measure notes what is recorded of a file that has been read whole.
func (u *upload) measure() {
	u.size = u.held.size
	u.sha256 = u.held.sha256()
}

func (u *upload) close() {
	if u.reader != nil {
		u.reader.Close()
	}
	if u.held != nil {
		u.held.close()
	}
	if u.recording != nil {
		u.recording.held.close()
	}
}
