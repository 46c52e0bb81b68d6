// Package refusal is the one way in which casegate says no: a table of codes, a value that the checks return, and the
// function that writes it to the client.
package refusal

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// CodeHeader carries the refusal code on the answer, so that Traefik's access log can show it.
const CodeHeader = "X-Casegate-Code"

// Refusal is a decision not to let a request pass. It is a plain value and not an error: an error of our own type does
// not survive the interpreter, and a decision is not a failure.
type Refusal struct {
	// Status is the HTTP status of the answer.
	Status int
	// Code is one of the codes of the table.
	Code string
	// Message tells the caller what to change. It never holds a key, a path of the server or a library's error.
	Message string
	// Attributes are further facts for programs, sent beside the code.
	Attributes map[string]string
	// Detail is for the log and the audit event alone; the client never receives it.
	Detail string
	// Challenge is the WWW-Authenticate header of a 401 (RFC 6750).
	Challenge string
	// RetryAfter is sent as Retry-After, in seconds, when it is above zero.
	RetryAfter int
}

// New makes a refusal with the status that the table gives for its code. An unknown code is a mistake of ours and
// becomes a 500.
func New(code, message string) *Refusal {
	status, known := statuses[code]
	if !known {
		status = http.StatusInternalServerError
	}
	return &Refusal{Status: status, Code: code, Message: message}
}

// With adds an attribute.
func (r *Refusal) With(name, value string) *Refusal {
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}
	r.Attributes[name] = value
	return r
}

// Because adds what the log may know and the client may not.
func (r *Refusal) Because(detail string) *Refusal {
	r.Detail = detail
	return r
}

// body is the answer in the shape of Kibana's own errors.
type body struct {
	StatusCode int               `json:"statusCode"`
	Error      string            `json:"error"`
	Message    string            `json:"message"`
	Attributes map[string]string `json:"attributes"`
}

// Write answers the request with the refusal.
func Write(rw http.ResponseWriter, r *Refusal) {
	attributes := map[string]string{"code": r.Code}
	for name, value := range r.Attributes {
		attributes[name] = value
	}
	text, err := json.Marshal(body{
		StatusCode: r.Status,
		Error:      http.StatusText(r.Status),
		Message:    r.Message,
		Attributes: attributes,
	})
	if err != nil {
		// Strings always marshal: this can't happen, and an empty body is still a refusal.
		text = nil
	}
	header := rw.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(text)))
	header.Set(CodeHeader, r.Code)
	if r.Challenge != "" {
		header.Set("WWW-Authenticate", r.Challenge)
	}
	if r.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(r.RetryAfter))
	}
	rw.WriteHeader(r.Status)
	_, _ = rw.Write(text)
}
