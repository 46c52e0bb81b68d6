package docs

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
	"github.com/casegate/casegate/middleware/refusal"
)

// changing are the fields of an audit event that are not the same from one run to the next.
var changing = []string{
	"@timestamp", "event.duration", "source.ip", "client.ip", "url.port", "user_agent.original", "file.hash.sha256", "file.size",
}

// flatten gives the fields of an event by their dotted names.
func flatten(t *testing.T, line string) map[string]any {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	fields := map[string]any{}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		if object, ok := value.(map[string]any); ok {
			for name, inner := range object {
				walk(strings.TrimPrefix(path+"."+name, "."), inner)
			}
			return
		}
		fields[path] = value
	}
	walk("", event)
	for _, name := range changing {
		if value, there := fields[name]; there {
			fields[name] = reflect.TypeOf(value).String()
		}
	}
	return fields
}

// isEvent tells audit events among the other lines of a process's output, the access log's.
func isEvent(line string) bool { return strings.Contains(line, `"dataset":"casegate.audit"`) }

// The audit events that the texts show are those of an upload that would be refused and of one that passes, as the
// example for Traefik writes them in report mode.
func TestAuditEventsInTextsAreReal(t *testing.T) {
	address := harness.FreeAddress(t)
	dynamic := replace(t, read(t, "examples/traefik/dynamic.yml"),
		"https://id.example.com/keys", identities.server.URL+"/keys",
		"http://127.0.0.1:5601", kibana.URL(),
		"        casegate:\n          token:", "        casegate:\n          enforcement: report\n          token:")
	traefik := harness.StartAsGiven(t, address, host, map[string]string{
		"traefik.yml": replace(t, read(t, "examples/traefik/traefik.yml"), `":8080"`, address), "dynamic.yml": dynamic,
	})
	checkReports(t, address, identities.token(t, issuer))
	var real []string
	harness.Eventually(t, "both uploads are recorded", func() bool {
		real = nil
		for _, line := range strings.Split(traefik.Output(), "\n") {
			if isEvent(line) && strings.Contains(line, `"report.pdf"`) {
				real = append(real, line)
			}
		}
		return len(real) == 2
	})
	var shown []block
	for _, one := range all(t, "json") {
		if isEvent(one.text) {
			shown = append(shown, one)
		}
	}
	if len(shown) == 0 {
		t.Fatal("no text shows an audit event")
	}
	for _, one := range shown {
		fields := flatten(t, one.text)
		if !reflect.DeepEqual(fields, flatten(t, real[0])) && !reflect.DeepEqual(fields, flatten(t, real[1])) {
			t.Errorf("%s:%d: the gate does not write this event, but\n%s", one.document, one.line, strings.Join(real, "\n"))
		}
	}
	checkJQ(t, traefik.Output())
	checkAccessLog(t, traefik.Output())
}

// checkJQ runs the jq lines of the texts over the output: each must name the one upload that would have been refused
// for what it holds.
func checkJQ(t *testing.T, output string) {
	t.Helper()
	const program = "jq "
	found := 0
	for _, one := range all(t, "sh") {
		for _, line := range commands(one) {
			if !strings.HasPrefix(line, program) {
				continue
			}
			found++
			arguments := regexp.MustCompile(`^jq (.*)'(.+)' (\S+)$`).FindStringSubmatch(line)
			if arguments == nil {
				t.Fatalf("%s:%d: not of the form jq FLAGS 'FILTER' FILE: %s", one.document, one.line, line)
			}
			command := exec.Command("jq", append(strings.Fields(arguments[1]), arguments[2])...)
			command.Stdin = strings.NewReader(output)
			text, err := command.CombinedOutput()
			if err != nil || strings.Count(string(text), "executable_content\tanna\treport.pdf\t") != 1 {
				t.Errorf("%s:%d: %v: %s", one.document, one.line, err, text)
			}
		}
	}
	if found == 0 {
		t.Error("no text shows a jq line")
	}
}

// checkAccessLog looks for the field that the texts name.
func checkAccessLog(t *testing.T, output string) {
	t.Helper()
	const field = "downstream_X-Casegate-Report"
	if !strings.Contains(output, `"`+field+`":"executable_content"`) {
		t.Errorf("the access log does not hold %s:\n%s", field, output)
	}
	if !strings.Contains(read(t, "docs/rollout.md"), "`"+field+"`") {
		t.Errorf("docs/rollout.md does not name %s", field)
	}
}

// kqlField is a field of a KQL query.
var kqlField = regexp.MustCompile(`([a-z_@][a-z0-9_.]*) *:`)

func TestKQLAsksForFieldsThatEventsHave(t *testing.T) {
	var template struct {
		Template struct{ Mappings map[string]any }
	}
	if err := json.Unmarshal([]byte(read(t, "examples/elastic/index-template.json")), &template); err != nil {
		t.Fatal(err)
	}
	queries := all(t, "kql")
	if len(queries) == 0 {
		t.Error("no text shows a KQL query")
	}
	for _, one := range queries {
		fields := kqlField.FindAllStringSubmatch(one.text, -1)
		if len(fields) == 0 {
			t.Errorf("%s:%d: a query without a field: %s", one.document, one.line, one.text)
		}
		for _, field := range fields {
			at := template.Template.Mappings
			for _, name := range strings.Split(field[1], ".") {
				properties, _ := at["properties"].(map[string]any)
				at, _ = properties[name].(map[string]any)
			}
			if at["type"] == nil {
				t.Errorf("%s:%d: no event has the field %s", one.document, one.line, field[1])
			}
		}
	}
}

// A JSON block is an audit event, which another test compares, or a refusal.
func TestRefusalsInTextsAreOfTheTable(t *testing.T) {
	statuses := map[string]int{}
	for _, code := range refusal.Codes {
		statuses[code.Name] = code.Status
	}
	for _, one := range all(t, "json") {
		if isEvent(one.text) {
			continue
		}
		var shown harness.Refusal
		decoder := json.NewDecoder(strings.NewReader(one.text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&shown); err != nil {
			t.Errorf("%s:%d: neither an audit event nor a refusal: %v", one.document, one.line, err)
			continue
		}
		code, _ := shown.Attributes["code"].(string)
		if statuses[code] != shown.StatusCode || http.StatusText(shown.StatusCode) != shown.Error || shown.Message == "" {
			t.Errorf("%s:%d: no refusal of the gate: %s", one.document, one.line, one.text)
		}
	}
}

// The README's table of refusals is the code's.
func TestRefusalTable(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| ([0-9, ]+) \| (.+) \|$`)
	inTable := map[string]bool{}
	names := regexp.MustCompile("`([a-z_]+)`")
	byName := map[string]int{}
	for _, code := range refusal.Codes {
		byName[code.Name] = code.Status
	}
	for _, match := range row.FindAllStringSubmatch(read(t, "README.md"), -1) {
		statuses := strings.Split(match[1], ", ")
		groups := strings.Split(match[2], "; ")
		if len(groups) != len(statuses) {
			t.Errorf("the row of %s has %d groups of codes", match[1], len(groups))
			continue
		}
		for i, group := range groups {
			for _, name := range names.FindAllStringSubmatch(group, -1) {
				if inTable[name[1]] {
					t.Errorf("%s stands there twice", name[1])
				}
				inTable[name[1]] = true
				if statuses[i] != strconv.Itoa(byName[name[1]]) {
					t.Errorf("%s stands under %s, the code says %d", name[1], statuses[i], byName[name[1]])
				}
			}
		}
	}
	var missing []string
	for name := range byName {
		if !inTable[name] {
			missing = append(missing, name)
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		t.Errorf("the table lacks %v", missing)
	}
}
