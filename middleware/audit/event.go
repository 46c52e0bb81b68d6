package audit

import "time"

// Event is what happened to one request: plain facts, filled in as they become known. What is empty is left out.
type Event struct {
	// Time is when the request arrived, and Duration how long it took until Kibana had answered or the refusal was sent.
	Time     time.Time
	Duration time.Duration
	// Action is what the caller wanted; empty stands for case_file_attach.
	Action string
	// Code is the refusal code; empty when the request passed. With Report it is the code that would have refused it.
	Code   string
	Report bool
	// Status is the status that the client got, and KibanaStatus the one that Kibana answered to the upload; 0 for none.
	Status       int
	KibanaStatus int

	Method string
	// Path is the path of the URL, and Query tells that there was a query, which is not recorded.
	Path   string
	Query  bool
	Scheme string
	// Host is the host name that was asked, without a port.
	Host string
	Port int
	// SourceIP is the client's address: see the function SourceIP.
	SourceIP  string
	TraceID   string
	UserAgent string
	// Middleware is the name of the gate's instance.
	Middleware string

	Space  string
	CaseID string
	Owner  string

	// Authentication is `token`, or `kibana` for credentials that only Kibana can check.
	Authentication string
	User           string
	UserID         string
	Roles          []string

	FileName  string
	MIME      string
	Extension string // Without its dot.
	SHA256    string
	// FileSize is in bytes, and only recorded with FileWhole: when the whole file has been read.
	FileSize  int64
	FileWhole bool

	// Reason is the refusal's message as the client got it, and Detail what only the log may know, such as the name of a
	// malware signature.
	Reason string
	Detail string

	Took Timings
}

// Timings are how long the checks took, never below 0. A check that did not run is 0 and not counted.
type Timings struct {
	Token  time.Duration // The token, and the privileges that it carries.
	Owner  time.Duration // The look-up of the case's owner.
	Body   time.Duration // Receiving and reading the form and the file.
	Scan   time.Duration // The malware scanner.
	Kibana time.Duration // Kibana's answer to the upload.
}
