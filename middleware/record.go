package middleware

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/scan"
	"github.com/casegate/casegate/middleware/token"
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

// record writes the one audit event of an upload: it is called when Kibana has answered or the refusal is sent. What is
// only known of some uploads is added to the event, because a step of the interpreter is spent on every field.
func record(g *Gate, u *upload, no *refusal.Refusal, duration time.Duration) {
	req := u.req
	host := req.Host
	address := audit.Address{IP: audit.SourceIP(req.RemoteAddr, req.Header, g.hops)}
	e := &audit.Event{
		Time: u.started, Duration: duration, Action: u.action, Report: g.reports, Took: u.took,
		HTTP:   audit.HTTP{Request: audit.Request{Method: req.Method}, Response: audit.Response{Status: u.kibana}},
		URL:    audit.URL{Path: req.URL.Path, Domain: host, Scheme: schemeOf(g, req)},
		Source: address, Client: address,
		UserAgent: audit.Agent{Original: req.UserAgent()},
		Casegate:  audit.Casegate{Middleware: g.name, Owner: u.owner, KibanaStatus: u.kibana, Query: req.URL.RawQuery != ""},
	}
	if strings.IndexByte(host, ':') >= 0 {
		name, port := hostAndPort(host)
		e.URL.Domain = name
		e.URL.Port = port
	}
	if req.Header["Traceparent"] != nil {
		traced(e, req)
	}
	if u.target != nil {
		e.Kibana = audit.Kibana{Space: u.target.Space, Object: &audit.SavedObject{Type: "cases", ID: u.target.ID}}
	}
	who := u.person
	if who != nil {
		e.User = who.user
		e.Casegate.Authentication = who.authentication
	}
	if u.filename != "" {
		e.File = fileOf(u)
	}
	if no != nil {
		refusedAs(e, no)
	}
	audit.Write(g.log, e)
}

// fileOf is the file as far as it is known.
func fileOf(u *upload) *audit.File {
	file := &audit.File{Name: u.filename}
	if u.kind != nil {
		file.MIME = u.kind.MIME
		file.Extension = u.kind.Extension
	}
	if u.complete {
		file.Size = &u.size
	}
	if u.sha256 != "" {
		file.Hash = &audit.Hash{SHA256: u.sha256}
	}
	return file
}

func refusedAs(e *audit.Event, no *refusal.Refusal) {
	e.Rule = &audit.Rule{Name: no.Code}
	e.Reason = no.Message
	e.Casegate.Detail = no.Detail
	if !e.Report {
		e.HTTP.Response.Status = no.Status
	}
}

// traced adds the trace that the request belongs to.
func traced(e *audit.Event, req *http.Request) {
	id := audit.TraceID(req.Header)
	if id != "" {
		e.Trace = &audit.Trace{ID: id}
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
