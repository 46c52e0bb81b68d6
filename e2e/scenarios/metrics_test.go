package scenarios

import (
	"net/http"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/casegate/casegate/e2e/harness"
)

// metric finds the value of a counter or gauge, or the count of a histogram, by one label.
func metric(t *testing.T, families map[string]*dto.MetricFamily, name, label, value string) float64 {
	t.Helper()
	family := families[name]
	if family == nil {
		t.Fatalf("there is no metric %s", name)
	}
	for _, one := range family.GetMetric() {
		for _, pair := range one.GetLabel() {
			if pair.GetName() != label || pair.GetValue() != value {
				continue
			}
			if one.GetHistogram() != nil {
				return float64(one.GetHistogram().GetSampleCount())
			}
			return one.GetCounter().GetValue() + one.GetGauge().GetValue()
		}
	}
	return 0
}

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	response, err := http.Get("http://" + traefik.Addr + "/-/casegate/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("status %d, %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// The counters are those of all instances of the process together, read with Prometheus' own parser.
func TestMetricsCountEveryDecision(t *testing.T) {
	serve(t, kibana, map[string]any{"metricsPath": "/-/casegate/metrics"})
	before := scrape(t)
	file := text("for the metrics")
	harness.Send(t, traefik.Addr, harness.CasePath("1"), harness.Token(nil), file)
	harness.Send(t, traefik.Addr, harness.CasePath("1"), harness.Token(nil), file)
	harness.Send(t, traefik.Addr, harness.CasePath("1"), "no token at all", file)
	program := harness.File{Name: "tool.txt", Type: "text/plain", Bytes: harness.ELF()}
	harness.Send(t, traefik.Addr, harness.CasePath("1"), harness.Token(nil), program)
	after := scrape(t)

	for _, want := range []struct {
		name, label, value string
		more               float64
	}{
		{"casegate_decisions_total", "code", "passed", 2},
		{"casegate_decisions_total", "code", "token_malformed", 1},
		{"casegate_decisions_total", "code", "executable_content", 1},
		{"casegate_check_seconds", "check", "kibana", 2},
	} {
		got := metric(t, after, want.name, want.label, want.value) - metric(t, before, want.name, want.label, want.value)
		if got != want.more {
			t.Errorf("%s{%s=%q} grew by %v, want %v", want.name, want.label, want.value, got, want.more)
		}
	}
	for _, name := range []string{
		"casegate_upload_bytes_total", "casegate_token_cache_hits_total", "casegate_key_fetches_total",
		"casegate_owner_lookups_total", "casegate_scans_total", "casegate_held_bytes", "casegate_audit_lines_lost_total", "casegate_build_info",
	} {
		if after[name] == nil {
			t.Errorf("there is no metric %s", name)
		}
	}
	held := after["casegate_held_bytes"].GetMetric()[0].GetGauge().GetValue()
	if held != 0 {
		t.Errorf("%v bytes are held when nothing runs", held)
	}
}
