// Package decision shows what the gate has decided: it reads the gate's own audit events, and feeds them to the terminal
// and to the page.
package decision

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/casegate/casegate/cmd/casegate/internal/terminal"
)

// What became of an upload.
const (
	Passed   = "passed"
	Refused  = "refused"
	Reported = "reported" // Report mode: it passed, and would have been refused.
	Failed   = "failed"   // The gate let it pass, and Kibana did not take it.
)

// Decision is one audit event, with the facts that a person looks for taken out of it.
type Decision struct {
	Time    time.Time `json:"time"`
	Trace   string    `json:"trace"` // The trace-id of the request's traceparent header, if it had one.
	Caller  string    `json:"caller"`
	File    string    `json:"file"`
	Verdict string    `json:"verdict"`
	Status  int       `json:"status"`
	Code    string    `json:"code"`
	Message string    `json:"message"`
	// Event is the audit event as it was written.
	Event json.RawMessage `json:"event"`
}

// Line is the decision in one line for a terminal.
func (d Decision) Line() string {
	line := fmt.Sprintf("%s  %-9s %-15s %-8s %d  %s", d.Time.Local().Format("15:04:05"), orDash(terminal.Safe(d.Caller)), orDash(terminal.Safe(d.File)), d.Verdict, d.Status, d.Code)
	if d.Message != "" {
		line += ": " + terminal.Safe(d.Message)
	}
	return strings.TrimRight(line, " ")
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
