package audit

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example reads a file of the examples folder.
func example(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// mapping is one field or object of an index template.
type mapping struct {
	Type       string
	Properties map[string]mapping
}

func TestIndexTemplateMapsEveryField(t *testing.T) {
	var template struct {
		IndexPatterns []string        `json:"index_patterns"`
		DataStream    *map[string]any `json:"data_stream"`
		Template      struct{ Mappings mapping }
	}
	if err := json.Unmarshal(example(t, "elastic/index-template.json"), &template); err != nil {
		t.Fatal(err)
	}
	mapped := map[string]string{}
	var walk func(at string, m mapping)
	walk = func(at string, m mapping) {
		if m.Type != "" {
			mapped[at] = m.Type
		}
		for name, inner := range m.Properties {
			walk(strings.TrimPrefix(at+"."+name, "."), inner)
		}
	}
	walk("", template.Template.Mappings)
	for _, fields := range []map[string]string{ecs, ours} {
		for field, kind := range fields {
			if want := strings.TrimSuffix(kind, "[]"); mapped[field] != want {
				t.Errorf("%s is mapped as %q, want %s", field, mapped[field], want)
			}
			delete(mapped, field)
		}
	}
	for field := range mapped {
		if !strings.HasPrefix(field, "data_stream.") {
			t.Errorf("%s is mapped, but no event has it", field)
		}
	}
	index := regexp.MustCompile(`(?m)^  index: "(.+)"$`).FindSubmatch(example(t, "elastic/filebeat.yml"))
	if index == nil || len(template.IndexPatterns) != 1 || template.DataStream == nil {
		t.Fatal("Filebeat's index, the template's one pattern or its data stream is missing")
	}
	if matched, err := path.Match(template.IndexPatterns[0], string(index[1])); err != nil || !matched {
		t.Errorf("Filebeat writes to %s, which the pattern %s does not match", index[1], template.IndexPatterns[0])
	}
	if dataset := strings.Split(string(index[1]), "-")[1]; dataset != "casegate.audit" {
		t.Errorf("the data stream's dataset %s is not event.dataset", dataset)
	}
}

func TestDashboardAsksForMetricsThatExist(t *testing.T) {
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(example(t, "grafana/casegate.json"), &dashboard); err != nil {
		t.Fatal(err)
	}
	one := map[string]int64{"x": 1}
	samples, kinds := scrape(t, Others{KeyFetches: one, OwnerLookups: one, Scans: one})
	labels := map[string]string{} // By name of the sample, all its labels. Prometheus adds instance.
	for name := range samples {
		bare, rest, _ := strings.Cut(name, "{")
		labels[bare] += ",instance=," + rest
	}
	name := regexp.MustCompile(`casegate_[a-z_]+`)
	label := regexp.MustCompile(`by \(([^)]*)\)`)
	matcher := regexp.MustCompile(`([a-z]+)!?="`)
	used := map[string]bool{}
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("panel %s asks nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			names := name.FindAllString(target.Expr, -1)
			if len(names) == 0 {
				t.Errorf("panel %s: %s names no metric", panel.Title, target.Expr)
			}
			for _, metric := range names {
				if labels[metric] == "" {
					t.Errorf("panel %s: there is no metric %s", panel.Title, metric)
				}
				for family := range kinds {
					used[family] = used[family] || strings.HasPrefix(metric, family)
				}
				var wanted []string
				for _, list := range label.FindAllStringSubmatch(target.Expr, -1) {
					wanted = append(wanted, strings.Split(list[1], ", ")...)
				}
				for _, match := range matcher.FindAllStringSubmatch(target.Expr, -1) {
					wanted = append(wanted, match[1])
				}
				for _, want := range wanted {
					if !strings.Contains(labels[metric], ","+want+"=") {
						t.Errorf("panel %s: %s has no label %s", panel.Title, metric, want)
					}
				}
			}
			if strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") {
				t.Errorf("panel %s: parentheses of %s", panel.Title, target.Expr)
			}
		}
	}
	for family := range kinds {
		if !used[family] {
			t.Errorf("no panel shows %s", family)
		}
	}
}
