package middleware

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/lane"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/refusal"
	"github.com/casegate/casegate/middleware/scan"
	"github.com/casegate/casegate/middleware/token"
)

// endings are the uploads that have come to their end and wait to be recorded. When there are too many, the next ones wait
// with their answers.
var endings = make(chan *upload, 1024)

// gathering is how long the ends of uploads gather before they are recorded: the interpreter does the same steps several
// times faster when it does them again and again.
const gathering = 10 * time.Millisecond

// facts are what the record says of a request. A lane takes them from it when it comes, because nobody may look at a request
// any more when it has been served.
type facts struct {
	method, host, path, remote           string
	query, secure                        bool
	agents, forwarded, protocols, traces []string
}

// recordUploads is the lane that writes the one audit event of each upload, when Kibana has answered or the refusal is sent.
// What is only known of some uploads is added to the event, because a step of the interpreter is spent on every field.
func recordUploads() {
	var (
		u         *upload
		g         *Gate
		asked     *facts
		e         *audit.Event
		who       *person
		file      *audit.File
		host      string
		scheme    string
		port      int
		gathered  bool
		entry     = &audit.Entry{}
		auditLane = lane.New()
	)
	go audit.Record(auditLane, entry)
	defer func() {
		// An event is lost, and an upload is not.
		_ = recover()
		close(auditLane.Go)
		go recordUploads()
	}()
	for ; ; gathered = len(endings) > 0 {
		u = <-endings
		if !gathered {
			time.Sleep(gathering)
		}
		g = u.gate
		if g == nil {
			u.done <- true
			continue
		}
		if u.answer != nil {
			u.took.Kibana = u.duration - u.passedOn
			u.kibana = u.answer.status
			if u.kibana == 0 && u.returned {
				// Whoever writes no status means this one.
				u.kibana = http.StatusOK
			}
		}
		if u.recalled {
			token.CacheHits.Add(1)
		}
		if u.ownerRecalled {
			privilege.Remembered.Add(1)
		}
		asked = u.facts
		host = asked.host
		port = 0
		if strings.IndexByte(host, ':') >= 0 {
			host, port = hostAndPort(asked.host)
		}
		scheme = "http"
		if asked.secure {
			scheme = "https"
		}
		if g.hops > 0 && len(asked.protocols) > 0 && (asked.protocols[0] == "http" || asked.protocols[0] == "https") {
			scheme = asked.protocols[0]
		}
		e = &audit.Event{
			Time: u.started, Duration: u.duration, Action: u.action, Report: g.reports, Took: u.took,
			HTTP:     audit.HTTP{Request: audit.Request{Method: asked.method}, Response: audit.Response{Status: u.kibana}},
			URL:      audit.URL{Path: asked.path, Domain: host, Port: port, Scheme: scheme},
			Casegate: audit.Casegate{Middleware: g.name, Owner: u.owner, KibanaStatus: u.kibana, Query: asked.query},
		}
		if len(asked.agents) > 0 {
			e.UserAgent = audit.Agent{Original: asked.agents[0]}
		}
		if len(asked.traces) > 0 {
			traced(e, asked.traces)
		}
		if u.target != nil {
			e.Kibana = audit.Kibana{Space: u.target.Space, Object: &audit.SavedObject{Type: "cases", ID: u.target.ID}}
		}
		who = u.person
		if who != nil {
			e.User = who.user
			e.Casegate.Authentication = who.authentication
		}
		if u.filename != "" {
			file = &audit.File{Name: u.filename}
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
			e.File = file
		}
		if u.no != nil {
			refusedAs(e, u.no)
		}
		entry.Log = g.log
		entry.Event = e
		entry.RemoteAddr = asked.remote
		entry.Forwarded = asked.forwarded
		entry.Hops = g.hops
		auditLane.Go <- true
		if !<-auditLane.Done {
			panic(auditLane.Panicked)
		}
	}
}

// Recorded waits until every upload that has ended has its audit event handed to the log. A gateway calls it before it
// flushes the log and ends.
func Recorded() {
	startLanes()
	mark := &upload{done: make(chan bool, 1)}
	endings <- mark
	<-mark.done
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
func traced(e *audit.Event, values []string) {
	id := audit.TraceID(values)
	if id != "" {
		e.Trace = &audit.Trace{ID: id}
	}
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
	Recorded()
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
