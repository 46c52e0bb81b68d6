package decision

import (
	"encoding/json"
	"time"
)

// event is what is read of an audit event (ECS).
type event struct {
	Timestamp time.Time `json:"@timestamp"`
	Event     struct {
		Kind   string `json:"kind"`
		Reason string `json:"reason"`
	} `json:"event"`
	User struct {
		Name string `json:"name"`
	} `json:"user"`
	File struct {
		Name string `json:"name"`
	} `json:"file"`
	HTTP struct {
		Response struct {
			Status int `json:"status_code"`
		} `json:"response"`
	} `json:"http"`
	Rule struct {
		Name string `json:"name"`
	} `json:"rule"`
	Trace struct {
		ID string `json:"id"`
	} `json:"trace"`
	Casegate struct {
		Enforcement string `json:"enforcement"`
	} `json:"casegate"`
}

// Parse reads one line of the audit log. Lines that tell of the log itself, and what is no event, are no decisions.
func Parse(line []byte) (Decision, bool) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Event.Kind != "event" {
		return Decision{}, false
	}
	return Decision{
		Time:    e.Timestamp,
		Trace:   e.Trace.ID,
		Caller:  e.User.Name,
		File:    e.File.Name,
		Verdict: verdict(e),
		Status:  e.HTTP.Response.Status,
		Code:    e.Rule.Name,
		Message: e.Event.Reason,
		Event:   append(json.RawMessage(nil), line...),
	}, true
}

func verdict(e event) string {
	switch {
	case e.Rule.Name != "" && e.Casegate.Enforcement == "report":
		return Reported
	case e.Rule.Name != "":
		return Refused
	case e.HTTP.Response.Status >= 400:
		return Failed
	}
	return Passed
}
