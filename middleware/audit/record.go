package audit

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/casegate/casegate/middleware/lane"
)

// Entry is an event that Record records.
type Entry struct {
	// Log is where it goes; nil for nowhere: then it is not counted either, and Line alone is made.
	Log   *Log
	Event *Event
	// RemoteAddr, Forwarded and Hops tell the client's address: see SourceIP. With an empty RemoteAddr the event has it
	// already.
	RemoteAddr string
	Forwarded  []string
	Hops       int
	// Line is the event's line of JSON with its line end; nil when the log writes none.
	Line []byte

	short bool // Its texts have been cut.
}

// maxPeers is how many connections' peers a lane remembers the addresses of.
const maxPeers = 1000

// Record counts events and hands their lines on to be written. It does not wait for the output: lines that an output does
// not take are dropped when more than 1 MiB wait, counted, and told of in the place where they are missing.
//
// The event's own fields are one literal and not an assignment for each, because the interpreter takes several steps, and
// copies of the structures on the way, to set one field within another.
func Record(l *lane.Lane, entry *Entry) {
	defer lane.End(l)
	var (
		e                         *Event
		s                         *sink
		took                      *Timings
		codes                     map[string]int64
		known, start              bool
		peers                     = map[string]string{}
		code, ip                  string
		action, outcome, verb     string
		enforcement, file, caseID string
		types                     []string
		status                    int
		line                      []byte
		err                       error
	)
	for ; <-l.Go; l.Done <- true {
		e = entry.Event
		entry.Line = nil
		if entry.RemoteAddr != "" {
			if entry.Hops > 0 && len(entry.Forwarded) > 0 {
				ip = SourceIP(entry.RemoteAddr, entry.Forwarded, entry.Hops)
			} else {
				// Connections last for many requests.
				ip, known = peers[entry.RemoteAddr]
				if !known {
					ip = SourceIP(entry.RemoteAddr, nil, 0)
					if len(peers) >= maxPeers {
						peers = map[string]string{}
					}
					peers[entry.RemoteAddr] = ip
				}
			}
			e.Source = Address{IP: ip}
			e.Client = Address{IP: ip}
		}

		code = ""
		verb = "passed"
		enforcement = "enforce"
		types = typesAllowed
		outcome = "success"
		status = e.Casegate.KibanaStatus
		if status < 200 || status > 299 {
			outcome = "failure"
			if status == 0 {
				outcome = "unknown"
			}
		}
		if e.Report {
			enforcement = "report"
		}
		if e.Rule != nil {
			code = e.Rule.Name
			verb = "passed, but would have been refused as " + code
			if !e.Report {
				verb = "was refused as " + code
				types = typesDenied
				outcome = "failure"
			}
		}

		if entry.Log != nil {
			took = &e.Took
			countersLock.Lock()
			codes = decisions[e.Report]
			_, known = codes[code]
			if !known && len(codes) >= maxCodes {
				code = "other"
			}
			codes[code]++
			if e.File != nil && e.File.Size != nil && (e.Rule == nil || e.Report) {
				uploadBytes += *e.File.Size
			}
			recent = append(recent, float64(took.Token), float64(took.Owner)+shift, float64(took.Body)+2*shift,
				float64(took.Scan)+3*shift, float64(took.Kibana)+4*shift)
			if len(recent) >= maxRecent {
				fold()
			}
			countersLock.Unlock()
			s = entry.Log.sink
			if s == nil {
				continue
			}
		}

		action = e.Action
		if action == "" {
			action = "case_file_attach"
		}
		file = ""
		if e.File != nil {
			file = e.File.Name
		}
		caseID = ""
		if e.Kibana.Object != nil {
			caseID = e.Kibana.Object.ID
		}
		e.Timestamp = e.Time.UTC().Format(timestamp)
		e.ECS = schema
		e.Event = eventFields{
			Kind: "event", Category: categories, Type: types, Action: action, Outcome: outcome, Module: "casegate",
			Dataset: "casegate.audit", Reason: e.Reason, Duration: int64(e.Duration),
		}
		e.Casegate.Enforcement = enforcement
		e.Message = "upload of [" + file + "] to case [" + caseID + "] by [" + e.User.Name + "] " + verb
		line, err = json.Marshal(e)
		if err != nil {
			// Strings and numbers always marshal.
			continue
		}
		if utf8.RuneCount(line) != len(line) || bytes.IndexByte(line, 0x7f) >= 0 {
			line = unhide(line)
		}
		line = append(line, '\n')
		if len(line) > maxLine && !entry.short {
			line = recorded(&Entry{Event: cut(e), short: true})
		}
		entry.Line = line
		if entry.Log == nil {
			continue
		}

		start = false
		s.mu.Lock()
		if len(s.pending)+len(line) > maxPending {
			s.dropped++
			s.mu.Unlock()
			linesLost.Add(1)
			continue
		}
		s.pending = append(s.pending, line...)
		if !s.running {
			s.running = true
			start = true
		}
		s.mu.Unlock()
		if start {
			go s.drain()
		}
	}
}

// recorded takes the step of Record once, and gives the line.
func recorded(entry *Entry) []byte {
	once := lane.Once()
	Record(once, entry)
	lane.Result(once)
	return entry.Line
}
