package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// ecsVersion is the version of the Elastic Common Schema that the events follow.
	ecsVersion = "8.11.0"
	// maxLine is the length in bytes beyond which the texts of an event are cut.
	maxLine = 8 << 10
	// maxText is the length in bytes to which they are cut then, and maxRoles how many roles are kept.
	maxText  = 256
	maxRoles = 20
	// timestamp is RFC 3339 in UTC with milliseconds, as Elasticsearch reads dates.
	timestamp = "2006-01-02T15:04:05.000Z"
)

// ECS allows several categories and types. The expected types of the category api include all that are used here.
var (
	categories   = []string{"api", "file"}
	typesAllowed = []string{"creation", "allowed"}
	typesDenied  = []string{"creation", "denied"}
)

// The document of an event. Structures are fields and not embedded: the interpreter would name an embedded one.
type document struct {
	Timestamp string         `json:"@timestamp"`
	Message   string         `json:"message"`
	ECS       ecsFields      `json:"ecs"`
	Event     eventFields    `json:"event"`
	HTTP      httpFields     `json:"http"`
	URL       urlFields      `json:"url"`
	User      userFields     `json:"user"`
	Source    addressFields  `json:"source"`
	Client    addressFields  `json:"client"`
	UserAgent agentFields    `json:"user_agent"`
	Kibana    kibanaFields   `json:"kibana"`
	File      *fileFields    `json:"file,omitempty"`
	Rule      *ruleFields    `json:"rule,omitempty"`
	Trace     *traceFields   `json:"trace,omitempty"`
	Casegate  casegateFields `json:"casegate"`
}

type ecsFields struct {
	Version string `json:"version"`
}

type eventFields struct {
	Kind     string   `json:"kind"`
	Category []string `json:"category"`
	Type     []string `json:"type"`
	Action   string   `json:"action"`
	Outcome  string   `json:"outcome"`
	Module   string   `json:"module"`
	Dataset  string   `json:"dataset"`
	Reason   string   `json:"reason,omitempty"`
	Duration int64    `json:"duration,omitempty"` // Nanoseconds.
}

type httpFields struct {
	Request  requestFields  `json:"request"`
	Response responseFields `json:"response"`
}

type requestFields struct {
	Method string `json:"method,omitempty"`
}

type responseFields struct {
	Status int `json:"status_code,omitempty"`
}

type urlFields struct {
	Path   string `json:"path,omitempty"`
	Domain string `json:"domain,omitempty"`
	Port   int    `json:"port,omitempty"`
	Scheme string `json:"scheme,omitempty"`
}

type userFields struct {
	Name  string   `json:"name,omitempty"`
	ID    string   `json:"id,omitempty"`
	Roles []string `json:"roles,omitempty"`
}

type addressFields struct {
	IP string `json:"ip,omitempty"`
}

type agentFields struct {
	Original string `json:"original,omitempty"`
}

// kibanaFields are named as in Kibana's own audit log.
type kibanaFields struct {
	Space  string       `json:"space_id,omitempty"`
	Object *objectField `json:"saved_object,omitempty"`
}

type objectField struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type fileFields struct {
	Name      string      `json:"name"`
	Size      *int64      `json:"size,omitempty"`
	MIME      string      `json:"mime_type,omitempty"`
	Extension string      `json:"extension,omitempty"`
	Hash      *hashFields `json:"hash,omitempty"`
}

type hashFields struct {
	SHA256 string `json:"sha256"`
}

type ruleFields struct {
	Name string `json:"name"`
}

type traceFields struct {
	ID string `json:"id"`
}

// casegateFields are what ECS has no field for.
type casegateFields struct {
	Enforcement    string `json:"enforcement,omitempty"`
	Middleware     string `json:"middleware,omitempty"`
	Owner          string `json:"owner,omitempty"`
	Authentication string `json:"authentication,omitempty"`
	KibanaStatus   int    `json:"kibana_status,omitempty"`
	Query          bool   `json:"query,omitempty"`
	Detail         string `json:"detail,omitempty"`
	Lost           int64  `json:"lines_lost,omitempty"`
}

// Line is the event as one line of JSON with its line end. Texts that are not UTF-8 are made so, and a line beyond 8 KiB
// has its texts cut to 256 bytes each.
func Line(e *Event) []byte {
	line := encode(describe(e))
	if len(line) > maxLine {
		line = encode(describe(cut(e)))
	}
	return line
}

// schema is what all events say of the schema.
var schema = ecsFields{Version: ecsVersion}

// describe puts the facts into ECS fields. It is one literal and not an assignment for each field, because the
// interpreter takes several steps, and copies of the structures on the way, to set one field within another.
func describe(e *Event) *document {
	action := e.Action
	if action == "" {
		action = "case_file_attach"
	}
	outcome := outcomeOf(e)
	verb := "passed"
	types := typesAllowed
	enforcement := "enforce"
	if e.Report {
		enforcement = "report"
	}
	d := &document{
		Timestamp: e.Time.UTC().Format(timestamp),
		ECS:       schema,
		HTTP:      httpFields{Request: requestFields{Method: e.Method}, Response: responseFields{Status: e.Status}},
		URL:       urlFields{Path: e.Path, Domain: e.Host, Port: e.Port, Scheme: e.Scheme},
		User:      userFields{Name: e.User, ID: e.UserID, Roles: e.Roles},
		Source:    addressFields{IP: e.SourceIP},
		Client:    addressFields{IP: e.SourceIP},
		UserAgent: agentFields{Original: e.UserAgent},
		Casegate: casegateFields{
			Enforcement: enforcement, Middleware: e.Middleware, Owner: e.Owner, Authentication: e.Authentication,
			KibanaStatus: e.KibanaStatus, Query: e.Query, Detail: e.Detail,
		},
	}
	if e.Code != "" {
		d.Rule = &ruleFields{Name: e.Code}
		verb = "passed, but would have been refused as " + e.Code
		if !e.Report {
			verb = "was refused as " + e.Code
			types = typesDenied
		}
	}
	d.Event = eventFields{
		Kind: "event", Category: categories, Type: types, Action: action, Outcome: outcome, Module: "casegate",
		Dataset: "casegate.audit", Reason: e.Reason, Duration: int64(e.Duration),
	}
	d.Kibana.Space = e.Space
	if e.CaseID != "" {
		d.Kibana.Object = &objectField{Type: "cases", ID: e.CaseID}
	}
	if e.FileName != "" {
		d.File = fileOf(e)
	}
	if e.TraceID != "" {
		d.Trace = &traceFields{ID: e.TraceID}
	}
	d.Message = "upload of [" + e.FileName + "] to case [" + e.CaseID + "] by [" + e.User + "] " + verb
	return d
}

// outcomeOf says how it went: of a refused upload by the refusal, of others by Kibana's answer.
func outcomeOf(e *Event) string {
	status := e.KibanaStatus
	switch {
	case e.Code != "" && !e.Report:
		return "failure"
	case status == 0:
		return "unknown"
	case status >= 200 && status <= 299:
		return "success"
	}
	return "failure"
}

func fileOf(e *Event) *fileFields {
	file := &fileFields{Name: e.FileName, MIME: e.MIME, Extension: e.Extension}
	if e.FileWhole {
		file.Size = &e.FileSize
	}
	if e.SHA256 != "" {
		file.Hash = &hashFields{SHA256: e.SHA256}
	}
	return file
}

// lossLine is the line that tells how many lines are missing at its place.
func lossLine(lost int64) []byte {
	return encode(&document{
		Timestamp: time.Now().UTC().Format(timestamp),
		Message:   "audit lines were lost: the output did not take them",
		ECS:       schema,
		Event: eventFields{
			Kind: "pipeline_error", Category: categories[:1], Type: []string{"info"}, Action: "audit_lines_lost",
			Outcome: "failure", Module: "casegate", Dataset: "casegate.audit",
		},
		Casegate: casegateFields{Lost: lost},
	})
}

// hidden are characters that JSON lets stand and that change what a reader of the log sees: DEL and the C1 controls,
// which steer terminals, and the bidirectional controls.
var hidden = strings.NewReplacer(hiddenPairs()...)

// hiddenPairs are the characters with their JSON escapes.
func hiddenPairs() []string {
	const digits = "0123456789abcdef"
	var pairs []string
	for _, span := range [][2]rune{{0x7f, 0x9f}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}} {
		for r := span[0]; r <= span[1]; r++ {
			escape := `\u` + string(digits[r>>12&15]) + string(digits[r>>8&15]) + string(digits[r>>4&15]) + string(digits[r&15])
			pairs = append(pairs, string(r), escape)
		}
	}
	return pairs
}

// encode makes the line of a document.
func encode(d *document) []byte {
	line, err := json.Marshal(d)
	if err != nil {
		// Strings and numbers always marshal.
		return nil
	}
	if utf8.RuneCount(line) != len(line) || bytes.IndexByte(line, 0x7f) >= 0 {
		line = []byte(hidden.Replace(string(line)))
	}
	return append(line, '\n')
}

// cut is the event with all texts at most maxText bytes long.
func cut(e *Event) *Event {
	short := *e
	for _, text := range []*string{
		&short.Action, &short.Code, &short.Method, &short.Path, &short.Scheme, &short.Host, &short.SourceIP, &short.TraceID,
		&short.UserAgent, &short.Middleware, &short.Space, &short.CaseID, &short.Owner, &short.Authentication, &short.User,
		&short.UserID, &short.FileName, &short.MIME, &short.Extension, &short.SHA256, &short.Reason, &short.Detail,
	} {
		*text = cutText(*text)
	}
	short.Roles = nil
	for i, role := range e.Roles {
		if i == maxRoles {
			break
		}
		short.Roles = append(short.Roles, cutText(role))
	}
	return &short
}

// cutText cuts a text, not within a character.
func cutText(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "")
}
