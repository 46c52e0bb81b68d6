package audit

import (
	"encoding/json"
	"strings"
	"time"
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

// ecsFields name the version of the schema.
type ecsFields struct {
	Version string `json:"version"`
}

// eventFields are the schema's own view of an event.
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

// Line is the event as one line of JSON with its line end. Texts that are not UTF-8 are made so, and a line beyond 8 KiB
// has its texts cut to 256 bytes each.
func Line(e *Event) []byte {
	return recorded(&Entry{Event: e})
}

// schema is what all events say of the schema.
var schema = ecsFields{Version: ecsVersion}

// lossLine is the line that tells how many lines are missing at its place.
func lossLine(lost int64) []byte {
	return encode(&Event{
		Timestamp: time.Now().UTC().Format(timestamp),
		Message:   "audit lines were lost: the output did not take them",
		ECS:       schema,
		Event: eventFields{
			Kind: "pipeline_error", Category: categories[:1], Type: []string{"info"}, Action: "audit_lines_lost",
			Outcome: "failure", Module: "casegate", Dataset: "casegate.audit",
		},
		Casegate: Casegate{Lost: lost},
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

// encode makes the line of an event that is complete.
func encode(e *Event) []byte {
	line, err := json.Marshal(e)
	if err != nil {
		// Strings and numbers always marshal.
		return nil
	}
	return append(unhide(line), '\n')
}

// unhide writes hidden characters as JSON escapes.
func unhide(line []byte) []byte {
	return []byte(hidden.Replace(string(line)))
}

// cut is the event with all texts at most maxText bytes long. What Record writes is left to it.
func cut(e *Event) *Event {
	short := *e
	texts := []*string{
		&short.Action, &short.Reason, &short.HTTP.Request.Method, &short.URL.Path, &short.URL.Domain, &short.URL.Scheme,
		&short.User.Name, &short.User.ID, &short.Source.IP, &short.Client.IP, &short.UserAgent.Original, &short.Kibana.Space,
		&short.Casegate.Middleware, &short.Casegate.Owner, &short.Casegate.Authentication, &short.Casegate.Detail,
	}
	if e.Kibana.Object != nil {
		object := *e.Kibana.Object
		short.Kibana.Object = &object
		texts = append(texts, &object.ID)
	}
	if e.File != nil {
		file := *e.File
		short.File = &file
		texts = append(texts, &file.Name, &file.MIME, &file.Extension)
	}
	for _, text := range texts {
		*text = cutText(*text)
	}
	short.User.Roles = nil
	for i, role := range e.User.Roles {
		if i == maxRoles {
			break
		}
		short.User.Roles = append(short.User.Roles, cutText(role))
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
