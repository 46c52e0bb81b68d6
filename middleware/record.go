package middleware

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/scan"
	"github.com/casegate/casegate/middleware/token"
)

// record writes the one audit event of an upload: it is called when Kibana has answered or the refusal is sent.
func record(g *Gate, u *upload, no *refusal.Refusal) {
	req := u.req
	e := &audit.Event{
		Action:       u.action,
		Time:         u.started,
		Duration:     time.Since(u.started),
		Report:       g.reports,
		Status:       u.kibana,
		KibanaStatus: u.kibana,
		Method:       req.Method,
		Path:         req.URL.Path,
		Query:        req.URL.RawQuery != "",
		SourceIP:     audit.SourceIP(req.RemoteAddr, req.Header, g.policy.TrustedHops),
		TraceID:      audit.TraceID(req.Header),
		UserAgent:    req.UserAgent(),
		Middleware:   g.name,
		Owner:        u.owner,
		FileName:     u.filename,
		Took:         u.took,
	}
	e.Scheme, e.Host, e.Port = addressOf(g, req)
	if no != nil {
		e.Code = no.Code
		e.Reason = no.Message
		e.Detail = no.Detail
		if !e.Report {
			e.Status = no.Status
		}
	}
	if u.target != nil {
		e.Space = u.target.Space
		e.CaseID = u.target.ID
	}
	if u.caller != nil {
		describeCaller(e, u.caller)
	}
	if u.kind != nil {
		e.MIME = u.kind.MIME
		e.Extension = u.kind.Extension
	}
	if u.complete {
		e.FileWhole = true
		e.FileSize = u.size
		e.SHA256 = u.sha256
	}
	g.log.Write(e)
}

func describeCaller(e *audit.Event, caller *token.Caller) {
	e.Authentication = "token"
	if caller.PassedOn {
		e.Authentication = "kibana"
		return
	}
	e.User = caller.User
	subject, ok := caller.Claims["sub"].(string)
	if ok {
		e.UserID = subject
	}
	list, ok := caller.Claims["roles"].([]any)
	if !ok {
		return
	}
	for _, element := range list {
		role, ok := element.(string)
		if ok {
			e.Roles = append(e.Roles, role)
		}
	}
}

// addressOf is the scheme, host and port that the client asked for.
func addressOf(g *Gate, req *http.Request) (scheme, host string, port int) {
	scheme = "http"
	if req.TLS != nil {
		scheme = "https"
	}
	if g.policy.TrustedHops > 0 {
		if forwarded := req.Header.Get("X-Forwarded-Proto"); forwarded == "http" || forwarded == "https" {
			scheme = forwarded
		}
	}
	host, text, err := net.SplitHostPort(req.Host)
	if err != nil {
		return scheme, req.Host, 0
	}
	port, err = strconv.Atoi(text)
	if err != nil {
		return scheme, host, 0
	}
	return scheme, host, port
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
