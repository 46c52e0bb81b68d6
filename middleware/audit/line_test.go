package audit

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// full is an event with every field set.
func full() *Event {
	size := int64(10240)
	address := Address{IP: "192.0.2.7"}
	return &Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678900000, time.FixedZone("x", 3600)), Duration: 1234567, Action: "case_file_attach",
		Report: true, Reason: "its content is image/png", Took: Timings{Token: 1, Owner: 1, Body: 1, Scan: 1, Kibana: 1},
		HTTP:      HTTP{Request: Request{Method: "POST"}, Response: Response{Status: 200}},
		URL:       URL{Path: "/s/soc/api/cases/c1/files", Domain: "kibana.example", Port: 443, Scheme: "https"},
		User:      User{Name: "ana", ID: "u1", Roles: []string{"analyst"}},
		Source:    address,
		Client:    address,
		UserAgent: Agent{Original: "curl/8"},
		Kibana:    Kibana{Space: "soc", Object: &SavedObject{Type: "cases", ID: "c1"}},
		File:      &File{Name: "report.pdf", Size: &size, MIME: "application/pdf", Extension: "pdf", Hash: &Hash{SHA256: strings.Repeat("0f", 32)}},
		Rule:      &Rule{Name: "content_mismatch"},
		Trace:     &Trace{ID: strings.Repeat("ab", 16)},
		Casegate: Casegate{
			Middleware: "gate@file", Owner: "cases", Authentication: "token", KibanaStatus: 200, Query: true, Detail: "detail",
		},
	}
}

// answered is an event of which no more is known than its end.
func answered(status, kibana int, code string) *Event {
	e := &Event{HTTP: HTTP{Response: Response{Status: status}}, Casegate: Casegate{KibanaStatus: kibana}}
	if code != "" {
		e.Rule = &Rule{Name: code}
	}
	return e
}

// ecs are the fields that events use, with their types in the Elastic Common Schema 8.11.
var ecs = map[string]string{
	"@timestamp":                "date",
	"message":                   "match_only_text",
	"ecs.version":               "keyword",
	"event.kind":                "keyword",
	"event.category":            "keyword[]",
	"event.type":                "keyword[]",
	"event.action":              "keyword",
	"event.outcome":             "keyword",
	"event.module":              "keyword",
	"event.dataset":             "keyword",
	"event.reason":              "keyword",
	"event.duration":            "long",
	"http.request.method":       "keyword",
	"http.response.status_code": "long",
	"url.path":                  "wildcard",
	"url.domain":                "keyword",
	"url.port":                  "long",
	"url.scheme":                "keyword",
	"user.name":                 "keyword",
	"user.id":                   "keyword",
	"user.roles":                "keyword[]",
	"source.ip":                 "ip",
	"client.ip":                 "ip",
	"user_agent.original":       "keyword",
	"file.name":                 "keyword",
	"file.size":                 "long",
	"file.mime_type":            "keyword",
	"file.extension":            "keyword",
	"file.hash.sha256":          "keyword",
	"rule.name":                 "keyword",
	"trace.id":                  "keyword",
}

// ours are the fields that ECS does not have: Kibana's, as in its own audit log, and casegate's.
var ours = map[string]string{
	"kibana.space_id":          "keyword",
	"kibana.saved_object.type": "keyword",
	"kibana.saved_object.id":   "keyword",
	"casegate.enforcement":     "keyword",
	"casegate.middleware":      "keyword",
	"casegate.owner":           "keyword",
	"casegate.authentication":  "keyword",
	"casegate.kibana_status":   "long",
	"casegate.query":           "boolean",
	"casegate.detail":          "keyword",
	"casegate.lines_lost":      "long",
}

// ECS 8.11's allowed values, and the event types that it expects for the categories that are used here.
var (
	kinds    = []string{"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"}
	outcomes = []string{"failure", "success", "unknown"}
	expected = map[string][]string{
		"api":  {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"},
		"file": {"access", "change", "creation", "deletion", "info"},
	}
)

// flat lists the leaves of a document by their dotted names.
func flat(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(line, &document); err != nil {
		t.Fatalf("the line is no JSON: %v", err)
	}
	leaves := map[string]any{}
	var walk func(at string, value any)
	walk = func(at string, value any) {
		object, ok := value.(map[string]any)
		if !ok {
			leaves[at] = value
			return
		}
		for name, inner := range object {
			if strings.Contains(name, ".") {
				t.Errorf("field %s.%s is not nested", at, name)
			}
			walk(strings.TrimPrefix(at+"."+name, "."), inner)
		}
	}
	walk("", document)
	return leaves
}

// fits tells whether a JSON value fits a field's type.
func fits(kind string, value any) bool {
	text, isText := value.(string)
	switch kind {
	case "keyword", "wildcard", "match_only_text":
		return isText
	case "keyword[]":
		list, ok := value.([]any)
		for _, element := range list {
			_, isText := element.(string)
			ok = ok && isText
		}
		return ok && len(list) > 0
	case "long":
		number, ok := value.(float64)
		return ok && number == float64(int64(number))
	case "boolean":
		_, ok := value.(bool)
		return ok
	case "ip":
		_, err := netip.ParseAddr(text)
		return isText && err == nil
	case "date":
		_, err := time.Parse(time.RFC3339, text)
		return isText && err == nil && regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(text)
	}
	return false
}

func contains(list []string, value any) bool {
	for _, element := range list {
		if element == value {
			return true
		}
	}
	return false
}

func TestEventsFollowECS(t *testing.T) {
	plain := answered(401, 0, "token_missing")
	plain.Time = time.Now()
	passed := full()
	passed.Rule, passed.Report = nil, false
	refused := full()
	refused.Report = false
	seen := map[string]bool{}
	for name, line := range map[string][]byte{
		"empty": Line(&Event{}), "nearly empty": Line(plain), "passed": Line(passed), "refused": Line(refused), "reported": Line(full()),
		"lost": lossLine(7),
	} {
		leaves := flat(t, line)
		for field, value := range leaves {
			seen[field] = true
			kind := ecs[field] + ours[field]
			if kind == "" || !fits(kind, value) {
				t.Errorf("%s: field %s with %v is not in the schema or not of its type %q", name, field, value, kind)
			}
		}
		for _, field := range []string{"@timestamp", "message", "ecs.version", "event.kind", "event.category", "event.type", "event.outcome"} {
			if _, ok := leaves[field]; !ok {
				t.Errorf("%s: field %s is missing", name, field)
			}
		}
		if !contains(kinds, leaves["event.kind"]) || !contains(outcomes, leaves["event.outcome"]) {
			t.Errorf("%s: kind %v or outcome %v is not allowed", name, leaves["event.kind"], leaves["event.outcome"])
		}
		types, _ := leaves["event.type"].([]any)
		categories, _ := leaves["event.category"].([]any)
		for _, category := range categories {
			if expected[category.(string)] == nil {
				t.Errorf("%s: category %v is not expected", name, category)
			}
		}
		for _, one := range types {
			if !contains(expected[categories[0].(string)], one) {
				t.Errorf("%s: type %v is not expected for category %v", name, one, categories[0])
			}
		}
	}
	for field := range ecs {
		if !seen[field] {
			t.Errorf("no event has the field %s", field)
		}
	}
	for field := range ours {
		if !seen[field] {
			t.Errorf("no event has the field %s", field)
		}
	}
}

func TestLineHoldsTheFacts(t *testing.T) {
	want := map[string]any{
		"@timestamp": "2026-01-02T02:04:05.678Z", "ecs.version": "8.11.0",
		"message":    "upload of [report.pdf] to case [c1] by [ana] passed, but would have been refused as content_mismatch",
		"event.kind": "event", "event.action": "case_file_attach", "event.outcome": "success",
		"event.category": []any{"api", "file"}, "event.type": []any{"creation", "allowed"},
		"event.module": "casegate", "event.dataset": "casegate.audit", "event.reason": "its content is image/png", "event.duration": 1234567.0,
		"http.request.method": "POST", "http.response.status_code": 200.0,
		"url.path": "/s/soc/api/cases/c1/files", "url.domain": "kibana.example", "url.port": 443.0, "url.scheme": "https",
		"user.name": "ana", "user.id": "u1", "user.roles": []any{"analyst"}, "user_agent.original": "curl/8",
		"source.ip": "192.0.2.7", "client.ip": "192.0.2.7",
		"kibana.space_id": "soc", "kibana.saved_object.type": "cases", "kibana.saved_object.id": "c1",
		"file.name": "report.pdf", "file.size": 10240.0, "file.mime_type": "application/pdf", "file.extension": "pdf",
		"file.hash.sha256": strings.Repeat("0f", 32), "rule.name": "content_mismatch", "trace.id": strings.Repeat("ab", 16),
		"casegate.enforcement": "report", "casegate.middleware": "gate@file", "casegate.owner": "cases", "casegate.authentication": "token",
		"casegate.kibana_status": 200.0, "casegate.query": true, "casegate.detail": "detail",
	}
	if got := flat(t, Line(full())); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestOutcome(t *testing.T) {
	for name, row := range map[string]struct {
		status, kibana int
		code           string
		report         bool
		outcome, kind  string
	}{
		"passed, stored":             {200, 200, "", false, "success", "allowed"},
		"passed, Kibana said no":     {403, 403, "", false, "failure", "allowed"},
		"passed, redirect":           {302, 302, "", false, "failure", "allowed"},
		"passed, no answer known":    {0, 0, "", false, "unknown", "allowed"},
		"refused":                    {413, 0, "file_too_large", false, "failure", "denied"},
		"refused late while flowing": {413, 200, "file_too_large", false, "failure", "denied"},
		"reported, stored":           {200, 200, "file_too_large", true, "success", "allowed"},
		"reported, Kibana said no":   {413, 413, "file_too_large", true, "failure", "allowed"},
		"reported, no answer known":  {0, 0, "file_too_large", true, "unknown", "allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := answered(row.status, row.kibana, row.code)
			e.Report = row.report
			leaves := flat(t, Line(e))
			if leaves["event.outcome"] != row.outcome || !reflect.DeepEqual(leaves["event.type"], []any{"creation", row.kind}) {
				t.Errorf("outcome %v, type %v", leaves["event.outcome"], leaves["event.type"])
			}
			if (row.code != "") != (leaves["rule.name"] == row.code) {
				t.Errorf("rule %v", leaves["rule.name"])
			}
		})
	}
}

func TestSizeIsRecordedWhenItIsKnown(t *testing.T) {
	var empty int64
	for name, row := range map[string]struct {
		file *File
		want any
	}{
		"empty file":  {&File{Name: "a.txt", Size: &empty}, 0.0},
		"not read":    {&File{Name: "a.txt"}, nil},
		"no file yet": {nil, nil},
	} {
		if got := flat(t, Line(&Event{File: row.file}))["file.size"]; got != row.want {
			t.Errorf("%s: size %v, want %v", name, got, row.want)
		}
	}
}

func TestStrangeTextsAreHarmless(t *testing.T) {
	for name, text := range map[string]string{
		"line ends":        "a\r\n{\"event\":1}\n",
		"quotes":           `a"b\c`,
		"control":          "a\x00\x07\x1b[31mred",
		"DEL and C1":       "a\x7f\u0085\u009b31m",
		"bidirectional":    "a\u202egnp.exe\u2066\u200f",
		"byte order mark":  "\ufeffa",
		"line separators":  "a\u2028b\u2029c",
		"markup":           "<script>alert(1)</script>&amp;",
		"not UTF-8":        "a\xff\xfeb\xc3",
		"a surrogate half": "a\xed\xa0\x80",
		"other scripts":    "жäあ😀",
	} {
		t.Run(name, func(t *testing.T) {
			e := full()
			e.File.Name, e.Kibana.Object.ID, e.UserAgent.Original, e.URL.Path = text, text, text, text
			e.User = User{Name: text, Roles: []string{text}}
			line := Line(e)
			if strings.Count(string(line), "\n") != 1 || line[len(line)-1] != '\n' {
				t.Error("the event is not one line")
			}
			if !utf8.Valid(line) || strings.ContainsAny(string(line[:len(line)-1]), "\x00\x07\x0d\x1b\x7f\u0085\u009b\u202e\u2066\u200f\ufeff\u2028\u2029<>") {
				t.Errorf("the line holds what readers could take for something else: %q", line)
			}
			if got := flat(t, line)["file.name"]; got != strings.ToValidUTF8(text, "\ufffd") && !strings.Contains(got.(string), "\ufffd") {
				t.Errorf("the name came out as %q", got)
			}
		})
	}
}

// fill sets every text of a structure and of what it points to.
func fill(value reflect.Value, text string) {
	switch value.Kind() {
	case reflect.Pointer:
		fill(value.Elem(), text)
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			if value.Field(i).CanSet() {
				fill(value.Field(i), text)
			}
		}
	case reflect.String:
		value.SetString(text)
	}
}

func TestHugeEventsAreCut(t *testing.T) {
	e := full()
	huge := strings.Repeat("ü", 10000)
	fill(reflect.ValueOf(e), huge)
	e.User.Roles = make([]string, 50)
	for i := range e.User.Roles {
		e.User.Roles[i] = huge
	}
	// What only the gate writes is short.
	e.Rule, e.Trace, e.File.Hash, e.Kibana.Object.Type = full().Rule, full().Trace, full().File.Hash, "cases"
	line := Line(e)
	// Every text was huge, so the line shows it when cut has forgotten one.
	if len(line) > 16<<10 {
		t.Errorf("the line has %d bytes", len(line))
	}
	leaves := flat(t, line)
	if got := leaves["file.name"]; got != strings.Repeat("ü", maxText/2) {
		t.Errorf("the name was cut to %q", got)
	}
	if roles := leaves["user.roles"].([]any); len(roles) != maxRoles {
		t.Errorf("%d roles, want %d", len(roles), maxRoles)
	}
	if len(e.File.Name) != len(huge) || len(e.Kibana.Object.ID) != len(huge) || len(e.User.Roles) != 50 {
		t.Error("the event itself was changed")
	}
	if got := len(Line(&Event{User: User{Roles: make([]string, 10000)}})); got > maxLine {
		t.Errorf("a line of empty roles has %d bytes", got)
	}
}

func TestHiddenPairsAreEscapes(t *testing.T) {
	pairs := hiddenPairs()
	for i := 0; i < len(pairs); i += 2 {
		var decoded string
		if err := json.Unmarshal([]byte(`"`+pairs[i+1]+`"`), &decoded); err != nil || decoded != pairs[i] {
			t.Errorf("%q is escaped as %s (%v)", pairs[i], pairs[i+1], err)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		Line(e)
	}
}
