package audit

import "time"

// Event is what happened to one request: a document of the Elastic Common Schema, beside what is counted of it. Who
// records an event fills in the facts as they become known; what is empty is left out. The structures are fields and not
// embedded, because the interpreter would name an embedded one.
type Event struct {
	// These follow from the facts and are written by Record.
	Timestamp string      `json:"@timestamp"`
	Message   string      `json:"message"`
	ECS       ecsFields   `json:"ecs"`
	Event     eventFields `json:"event"`

	HTTP      HTTP     `json:"http"`
	URL       URL      `json:"url"`
	User      User     `json:"user"`
	Source    Address  `json:"source"`
	Client    Address  `json:"client"` // The same as Source.
	UserAgent Agent    `json:"user_agent"`
	Kibana    Kibana   `json:"kibana"`
	File      *File    `json:"file,omitempty"`
	Rule      *Rule    `json:"rule,omitempty"` // What refused the request, or in report mode would have.
	Trace     *Trace   `json:"trace,omitempty"`
	Casegate  Casegate `json:"casegate"`

	// Time is when the request arrived, and Duration how long it took until Kibana had answered or the refusal was sent.
	Time     time.Time     `json:"-"`
	Duration time.Duration `json:"-"`
	// Action is what the caller wanted; empty stands for case_file_attach.
	Action string `json:"-"`
	// Reason is the refusal's message as the client got it.
	Reason string `json:"-"`
	// Report says that the gate only reports.
	Report bool    `json:"-"`
	Took   Timings `json:"-"`
}

// HTTP is the request's method, and the status that the client got.
type HTTP struct {
	Request  Request  `json:"request"`
	Response Response `json:"response"`
}

// Request is a part of HTTP.
type Request struct {
	Method string `json:"method,omitempty"`
}

// Response is a part of HTTP.
type Response struct {
	Status int `json:"status_code,omitempty"`
}

// URL is what was asked for, without a query.
type URL struct {
	Path   string `json:"path,omitempty"`
	Domain string `json:"domain,omitempty"`
	Port   int    `json:"port,omitempty"`
	Scheme string `json:"scheme,omitempty"`
}

// User is who the token says is calling.
type User struct {
	Name  string   `json:"name,omitempty"`
	ID    string   `json:"id,omitempty"`
	Roles []string `json:"roles,omitempty"`
}

// Address is the client's: see the function SourceIP.
type Address struct {
	IP string `json:"ip,omitempty"`
}

// Agent is the client's program as it names itself.
type Agent struct {
	Original string `json:"original,omitempty"`
}

// Kibana is the case, in the names of Kibana's own audit log.
type Kibana struct {
	Space  string       `json:"space_id,omitempty"`
	Object *SavedObject `json:"saved_object,omitempty"`
}

// SavedObject is a part of Kibana: a case, by its identifier.
type SavedObject struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// File is the file as the client named it.
type File struct {
	Name      string `json:"name"`
	Size      *int64 `json:"size,omitempty"` // In bytes; nil unless the whole file has been read.
	MIME      string `json:"mime_type,omitempty"`
	Extension string `json:"extension,omitempty"` // Without its dot.
	Hash      *Hash  `json:"hash,omitempty"`
}

// Hash is a part of File.
type Hash struct {
	SHA256 string `json:"sha256"`
}

// Rule names a refusal by its code.
type Rule struct {
	Name string `json:"name"`
}

// Trace names the trace that the request belongs to.
type Trace struct {
	ID string `json:"id"`
}

// Casegate is what the schema has no field for.
type Casegate struct {
	Enforcement string `json:"enforcement,omitempty"` // Written by Record.
	// Middleware is the name of the gate's instance.
	Middleware string `json:"middleware,omitempty"`
	Owner      string `json:"owner,omitempty"`
	// Authentication is `token`, or `kibana` for credentials that only Kibana can check.
	Authentication string `json:"authentication,omitempty"`
	// KibanaStatus is what Kibana answered to the upload; 0 for nothing.
	KibanaStatus int `json:"kibana_status,omitempty"`
	// Query tells that there was a query, which is not recorded.
	Query bool `json:"query,omitempty"`
	// Detail is what only the log may know of a refusal, such as the name of a malware signature.
	Detail string `json:"detail,omitempty"`
	Lost   int64  `json:"lines_lost,omitempty"`
}

// Timings are how long the checks took, never below 0. A check that did not run is 0 and not counted.
type Timings struct {
	Token  time.Duration // The token, and the privileges that it carries.
	Owner  time.Duration // The look-up of the case's owner.
	Body   time.Duration // Receiving and reading the form and the file.
	Scan   time.Duration // The malware scanner.
	Kibana time.Duration // Kibana's answer to the upload.
}
