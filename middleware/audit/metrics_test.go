package audit

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// sample is one line of the text format: a name, labels and a value.
var sample = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$`)

// scrape reads the metrics as Prometheus would: every sample belongs to the family announced last, and none comes twice.
func scrape(t *testing.T, others Others) (samples map[string]float64, kinds map[string]string) {
	t.Helper()
	rw := httptest.NewRecorder()
	ServeMetrics(rw, httptest.NewRequest(http.MethodGet, "/-/casegate/metrics", nil), others)
	if rw.Code != 200 || rw.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("answer %d %v", rw.Code, rw.Header())
	}
	samples, kinds = map[string]float64{}, map[string]string{}
	family := ""
	lines := bufio.NewScanner(rw.Body)
	for lines.Scan() {
		line := lines.Text()
		if words := strings.SplitN(line, " ", 4); strings.HasPrefix(line, "# TYPE ") {
			if family != words[2] || kinds[family] != "" {
				t.Errorf("%q does not follow its HELP, or comes twice", line)
			}
			kinds[family] = words[3]
			continue
		} else if strings.HasPrefix(line, "# HELP ") {
			family = words[2]
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			t.Fatalf("no sample: %q", line)
		}
		name := parts[1]
		if kinds[family] == "histogram" {
			name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		}
		number, err := strconv.ParseFloat(parts[4], 64)
		if _, again := samples[parts[1]+parts[2]]; again || err != nil || name != family {
			t.Errorf("sample %q comes twice, stands in family %s or has no number", line, family)
		}
		samples[parts[1]+parts[2]] = number
	}
	return samples, kinds
}

// value is one sample of the metrics.
func value(t *testing.T, name string) float64 {
	t.Helper()
	samples, _ := scrape(t, Others{})
	return samples[name]
}

func TestMetricsAreAllThere(t *testing.T) {
	samples, kinds := scrape(t, Others{
		Version: `1.0"\` + "\n", TokenCacheHits: 1, TokenCacheMisses: 2, HeldBytes: 7,
		KeyFetches: map[string]int64{"ok": 3, "failed": 4}, OwnerLookups: map[string]int64{"found": 5}, Scans: map[string]int64{"clean": 6},
	})
	for name, want := range map[string]float64{
		"casegate_token_cache_hits_total":                    1,
		"casegate_token_cache_misses_total":                  2,
		`casegate_key_fetches_total{result="ok"}`:            3,
		`casegate_key_fetches_total{result="failed"}`:        4,
		`casegate_owner_lookups_total{result="found"}`:       5,
		`casegate_scans_total{result="clean"}`:               6,
		"casegate_held_bytes":                                7,
		`casegate_check_seconds_bucket{check="token",le=""}`: 0,
	} {
		if samples[name] != want {
			t.Errorf("%s is %v, want %v", name, samples[name], want)
		}
	}
	for name, want := range kindOf {
		if kinds[name] != want {
			t.Errorf("%s is a %q, want a %s", name, kinds[name], want)
		}
	}
	if len(kinds) != len(kindOf) {
		t.Errorf("%d families, want %d", len(kinds), len(kindOf))
	}
}

// kindOf are all families of metrics.
var kindOf = map[string]string{
	"casegate_decisions_total":          "counter",
	"casegate_upload_bytes_total":       "counter",
	"casegate_check_seconds":            "histogram",
	"casegate_token_cache_hits_total":   "counter",
	"casegate_token_cache_misses_total": "counter",
	"casegate_key_fetches_total":        "counter",
	"casegate_owner_lookups_total":      "counter",
	"casegate_held_bytes":               "gauge",
	"casegate_scans_total":              "counter",
	"casegate_audit_lines_lost_total":   "counter",
	"casegate_build_info":               "gauge",
}

func TestEventsAreCounted(t *testing.T) {
	before, _ := scrape(t, Others{})
	of := func(size int64) *File { return &File{Size: &size} }
	malware := &Rule{Name: "malware_found"}
	for _, e := range []Event{
		{File: of(10), Took: Timings{Token: time.Millisecond, Body: time.Second}},
		{File: of(100), Rule: malware, Took: Timings{Scan: time.Second}},
		{File: of(1000), Rule: malware, Report: true},
		{File: &File{}},
	} {
		Write(New(Settings{Output: "off"}), &e)
	}
	after, _ := scrape(t, Others{})
	for name, grown := range map[string]float64{
		`casegate_decisions_total{code="passed",mode="enforce"}`:        2,
		`casegate_decisions_total{code="malware_found",mode="enforce"}`: 1,
		`casegate_decisions_total{code="malware_found",mode="report"}`:  1,
		"casegate_upload_bytes_total":                                   1010,
		`casegate_check_seconds_count{check="token"}`:                   1,
		`casegate_check_seconds_sum{check="token"}`:                     0.001,
		`casegate_check_seconds_bucket{check="token",le="0.0005"}`:      0,
		`casegate_check_seconds_bucket{check="token",le="0.001"}`:       1,
		`casegate_check_seconds_bucket{check="token",le="+Inf"}`:        1,
		`casegate_check_seconds_count{check="scan"}`:                    1,
		`casegate_check_seconds_bucket{check="body",le="0.5"}`:          0,
		`casegate_check_seconds_bucket{check="body",le="1"}`:            1,
		`casegate_check_seconds_count{check="owner"}`:                   0,
		`casegate_check_seconds_count{check="kibana"}`:                  0,
		`casegate_check_seconds_bucket{check="kibana",le="60"}`:         0,
		`casegate_check_seconds_bucket{check="kibana",le="0.0001"}`:     0,
	} {
		if math.Abs(after[name]-before[name]-grown) > 1e-9 {
			t.Errorf("%s grew by %v, want %v", name, after[name]-before[name], grown)
		}
	}
}

func TestBucketsHoldTheirEnds(t *testing.T) {
	var ends []string
	for _, end := range bucketEnds {
		ends = append(ends, strconv.FormatFloat(end, 'f', -1, 64))
	}
	for _, row := range []struct {
		took time.Duration
		le   string // the lowest bucket that holds it
	}{
		{1, "0.0001"},
		{100 * time.Microsecond, "0.0001"},
		{100*time.Microsecond + 1, "0.0005"},
		{500 * time.Microsecond, "0.0005"},
		{time.Second, "1"},
		{time.Second + 1, "5"},
		{time.Minute, "60"},
		{time.Minute + 1, "+Inf"},
		{100 * time.Hour, "+Inf"},
	} {
		before, _ := scrape(t, Others{})
		Write(&Log{}, &Event{Took: Timings{Scan: row.took}})
		after, _ := scrape(t, Others{})
		reached := false
		for _, le := range append(ends, "+Inf") {
			reached = reached || le == row.le
			name := `casegate_check_seconds_bucket{check="scan",le="` + le + `"}`
			if (after[name] == before[name]+1) != reached {
				t.Errorf("%v: bucket %s grew by %v", row.took, le, after[name]-before[name])
			}
		}
	}
}

func TestManyDurationsAreFolded(t *testing.T) {
	before, _ := scrape(t, Others{})
	for i := 1; i <= 10*maxRecent; i++ {
		Write(&Log{}, &Event{Took: Timings{Owner: time.Duration(i) * time.Microsecond}})
	}
	if len(recent) >= maxRecent || cap(recent) > 2*maxRecent {
		t.Errorf("%d durations wait", len(recent))
	}
	after, _ := scrape(t, Others{})
	for le, want := range map[string]float64{"0.0001": 100, "0.0005": 500, "0.001": 1000, "0.01": 10000, "0.05": 50000, "0.1": 51200, "+Inf": 51200} {
		name := `casegate_check_seconds_bucket{check="owner",le="` + le + `"}`
		if after[name]-before[name] != want {
			t.Errorf("%s grew by %v, want %v", name, after[name]-before[name], want)
		}
	}
	for _, check := range []string{"token", "body", "scan", "kibana"} {
		if name := `casegate_check_seconds_count{check="` + check + `"}`; after[name] != before[name] {
			t.Errorf("%s grew, but the check did not run", name)
		}
	}
	if len(histograms) != len(checks) || len(histograms[0].within) != len(bucketEnds) {
		t.Error("the tables do not fit")
	}
}

func TestLabelsAreBounded(t *testing.T) {
	defer func() {
		countersLock.Lock()
		defer countersLock.Unlock()
		decisions[true] = map[string]int64{}
	}()
	l := New(Settings{Output: "off"})
	scans := map[string]int64{}
	for i := 0; i < 10*maxCodes; i++ {
		Write(l, &Event{Rule: &Rule{Name: fmt.Sprint("code_", i)}, Report: true})
		scans[fmt.Sprint("r", i)] = 1
	}
	samples, _ := scrape(t, Others{Scans: scans})
	if len(samples) > 2*maxCodes+150 {
		t.Errorf("%d samples", len(samples))
	}
	if samples[`casegate_decisions_total{code="other",mode="report"}`] < 8*maxCodes {
		t.Error("codes beyond the limit are not counted as other")
	}
}

func TestMetricsMethods(t *testing.T) {
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "OPTIONS": 405} {
		rw := httptest.NewRecorder()
		ServeMetrics(rw, httptest.NewRequest(method, "/x", nil), Others{})
		if rw.Code != want || (rw.Body.Len() > 0) != (method == "GET") {
			t.Errorf("%s: %d with %d bytes", method, rw.Code, rw.Body.Len())
		}
	}
}

func TestCountingAndScrapingAtOnce(t *testing.T) {
	before := value(t, `casegate_decisions_total{code="form_malformed",mode="enforce"}`)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			l := New(Settings{Output: "off"})
			for n := 0; n < 200; n++ {
				Write(l, &Event{Rule: &Rule{Name: "form_malformed"}, Took: Timings{Body: time.Millisecond}})
				if n%50 == 0 {
					_ = metrics(Others{})
				}
			}
		}()
	}
	all.Wait()
	if got := value(t, `casegate_decisions_total{code="form_malformed",mode="enforce"}`); got != before+1600 {
		t.Errorf("%v counted, want %v", got, before+1600)
	}
}

func BenchmarkCount(b *testing.B) {
	e := full()
	for i := 0; i < b.N; i++ {
		Write(&Log{}, e)
	}
}
