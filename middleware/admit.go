package middleware

import (
	"io"
	"net/http"
	"time"

	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/token"
)

// What an upload has to wait for before it can be admitted.
const (
	missingNothing = iota
	missingCaller
	missingOwner
)

// admitUploads is the lane of checks 1 to 6, all that is decided before anything of the body is read. It leaves the
// upload with a refusal, with what is missing, or admitted; without a target it is no upload. Of a call of the files API it
// notes the facts alone.
func admitUploads() {
	var (
		u         *upload
		g         *Gate
		req       *http.Request
		header    http.Header
		now       int64 // Unix nanoseconds.
		space     string
		match     []string
		body      io.ReadCloser
		caller    *token.Caller
		known     *people
		who       *person
		asked     = &token.Question{}
		owned     = &privilege.Question{}
		opened    = &form.Opening{}
		tokenLane = lane.New()
		ownerLane = lane.New()
		formLane  = lane.New()
	)
	go token.Recall(tokenLane, asked)
	go privilege.Recall(ownerLane, owned)
	go form.Open(formLane, opened)
	defer func() {
		recovered := recover()
		close(tokenLane.Go)
		close(ownerLane.Go)
		close(formLane.Go)
		go admitUploads()
		if u.facts == nil {
			u.facts = &facts{}
		}
		u.no = internal(recovered)
		u.done <- true
	}()
	for ; ; u.done <- true {
		u = <-admissions
		g = u.gate
		req = u.req
		header = req.Header
		now = u.started.UnixNano()
		if u.facts == nil {
			u.facts = &facts{
				method: req.Method, host: req.Host, path: req.URL.Path, remote: req.RemoteAddr, query: req.URL.RawQuery != "", secure: req.TLS != nil,
				agents: header["User-Agent"], forwarded: header["X-Forwarded-For"], protocols: header["X-Forwarded-Proto"], traces: header["Traceparent"],
			}
		}
		if u.blob {
			continue
		}

		// 1. The route.
		if u.target == nil {
			// What simple finds in a path is the same escaped.
			match = nil
			if req.URL.RawPath == "" && len(req.URL.Path) <= maxSpace {
				match = g.router.simple.FindStringSubmatch(req.URL.Path)
			}
			if match == nil {
				u.target, u.no = findUpload(g.router, req, req.URL.EscapedPath())
				if u.target == nil {
					continue
				}
			} else {
				space = match[2]
				if space == "" {
					space = "default"
				}
				u.target = &privilege.Case{Space: space, ID: match[3], Path: match[1]}
			}
		}

		// 2. The token.
		if u.caller == nil {
			asked.Verifier = g.tokens
			asked.Header = header
			asked.Now = now
			tokenLane.Go <- true
			if !<-tokenLane.Done {
				panic(tokenLane.Panicked)
			}
			u.caller = asked.Caller
			if u.caller == nil {
				u.missing = missingCaller
				continue
			}
			u.recalled = true
		}
		caller = u.caller
		known = g.people
		known.lock <- true
		who = known.known[caller]
		<-known.lock
		if who == nil {
			who = meet(g, caller)
		}
		u.person = who

		// 3. A privilege that some case of the space could ask for.
		if !caller.PassedOn {
			if caller.User != "" {
				header[userHeader] = []string{caller.User}
			}
			owned.Rights = who.rights
			owned.Case = u.target
			owned.Lookup = g.owners
			owned.Now = now
			owned.Owner = u.owner
			if u.owner == "" {
				owned.Owner = g.owner
			}
			ownerLane.Go <- true
			if !<-ownerLane.Done {
				panic(ownerLane.Panicked)
			}
			if !owned.Any {
				u.no = missingEverywhere(u)
			}
		}
		if u.took.Token == 0 {
			u.took.Token = time.Since(u.started)
		}
		if u.no != nil {
			continue
		}

		// 4. What Kibana demands of the headers.
		if header["Kbn-Xsrf"] == nil && header["Kbn-Version"] == nil {
			u.no = refusal.New("xsrf_missing", "Request must contain a kbn-xsrf header.")
			continue
		}

		// 5. How the body is declared.
		if u.reader == nil {
			body = req.Body
			if g.reports {
				body = recorded(g, u)
			}
			opened.Header = header
			opened.Body = http.MaxBytesReader(nil, body, g.largest+formOverhead)
			formLane.Go <- true
			if !<-formLane.Done {
				panic(formLane.Panicked)
			}
			if opened.No != nil {
				u.no = opened.No
				continue
			}
			u.reader = opened.Reader
			u.buffer = opened.Buffer
			if req.ContentLength > g.largest+formOverhead {
				u.no = bodyTooLarge(g)
				continue
			}
		}

		// 6. The case, and the caller's privilege on it.
		if !caller.PassedOn && g.owner != "any" {
			if u.owner == "" {
				u.owner = owned.Owner
				u.ownerRecalled = g.owner == "" && u.owner != ""
			}
			if u.owner == "" {
				u.missing = missingOwner
				continue
			}
			if !owned.Granted {
				u.no = missingHere(u)
				continue
			}
		}
		u.bodyFrom = u.took.Token + u.took.Owner
		u.ready = !g.reports
	}
}

// fetchMissing waits for what an upload lacks, and has it admitted then.
func fetchMissing(g *Gate, u *upload) {
	for u.missing != missingNothing && u.no == nil {
		if u.missing == missingCaller {
			u.caller, u.no = token.Check(g.tokens, u.req)
			u.took.Token = time.Since(u.started)
		} else {
			from := time.Now()
			u.owner, u.no = g.owners.Owner(withCredentials(g, u), *u.target, g.next)
			u.took.Owner = time.Since(from)
		}
		u.missing = missingNothing
		if u.no == nil {
			admissions <- u
			<-u.done
		}
	}
}

func missingEverywhere(u *upload) *refusal.Refusal {
	return refusal.New("privilege_missing",
		"the token gives no privilege to attach files to cases of the space "+u.target.Space+": ask for all on Cases")
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
