package middleware

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/scan"
	"github.com/casegate/casegate/middleware/token"
)

// What stands for the parts of an upload that is refused before they are known.
var (
	noCase   privilege.Case
	noCaller token.Caller
	noPerson person
	noKind   content.Type
)

// recordSafely is record, which must not cost an upload its answer.
func recordSafely(g *Gate, u *upload, no *refusal.Refusal, duration time.Duration) {
	defer forgive()
	record(g, u, no, duration)
}

// forgive ends a panic of the function that defers it.
func forgive() {
	_ = recover()
}

// record writes the one audit event of an upload: it is called when Kibana has answered or the refusal is sent.
func record(g *Gate, u *upload, no *refusal.Refusal, duration time.Duration) {
	req := u.req
	target := u.target
	if target == nil {
		target = &noCase
	}
	caller := u.caller
	who := u.person
	if who == nil {
		caller = &noCaller
		who = &noPerson
	}
	kind := u.kind
	if kind == nil {
		kind = &noKind
	}
	trace := ""
	if req.Header["Traceparent"] != nil {
		trace = audit.TraceID(req.Header)
	}
	host, port := req.Host, 0
	if strings.IndexByte(host, ':') >= 0 {
		host, port = hostAndPort(host)
	}
	e := &audit.Event{
		Time: u.started, Duration: duration, Action: u.action, Report: g.reports, Status: u.kibana, KibanaStatus: u.kibana,
		Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery != "", Scheme: schemeOf(g, req), Host: host, Port: port,
		SourceIP: audit.SourceIP(req.RemoteAddr, req.Header, g.hops), TraceID: trace, UserAgent: req.UserAgent(), Middleware: g.name,
		Space: target.Space, CaseID: target.ID, Owner: u.owner,
		Authentication: who.authentication, User: caller.User, UserID: who.id, Roles: who.roles,
		FileName: u.filename, MIME: kind.MIME, Extension: kind.Extension, FileWhole: u.complete, FileSize: u.size, SHA256: u.sha256,
		Took: u.took,
	}
	if no != nil {
		refusedAs(e, no)
	}
	audit.Write(g.log, e)
}

func refusedAs(e *audit.Event, no *refusal.Refusal) {
	e.Code = no.Code
	e.Reason = no.Message
	e.Detail = no.Detail
	if !e.Report {
		e.Status = no.Status
	}
}

// schemeOf is the scheme that the client used.
func schemeOf(g *Gate, req *http.Request) string {
	if g.hops > 0 {
		if values := req.Header["X-Forwarded-Proto"]; len(values) > 0 && (values[0] == "http" || values[0] == "https") {
			return values[0]
		}
	}
	if req.TLS != nil {
		return "https"
	}
	return "http"
}

// hostAndPort takes apart the name that the client asked for.
func hostAndPort(asked string) (string, int) {
	host, text, err := net.SplitHostPort(asked)
	if err != nil {
		return asked, 0
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return host, 0
	}
	return host, port
}

// serveMetrics answers with the counters of all gates of the process.
func serveMetrics(rw http.ResponseWriter, req *http.Request) {
	audit.ServeMetrics(rw, req, audit.Others{
		Version:          Version,
		TokenCacheHits:   token.CacheHits.Load(),
		TokenCacheMisses: token.CacheMisses.Load(),
		KeyFetches: map[string]int64{
			"failed":    token.KeyFetchFailures.Load(),
			"succeeded": token.KeyFetches.Load() - token.KeyFetchFailures.Load(),
		},
		OwnerLookups: privilege.Counts(),
		Scans:        scan.Counts(),
		HeldBytes:    HeldBytes(),
	})
}
