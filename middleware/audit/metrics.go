package audit

import (
	"net/http"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxRecent is how many durations gather before they are sorted into buckets.
	maxRecent = 5 * 1024
	// shift is the distance in nanoseconds between the ranges of two checks: eleven days.
	shift = 1e15
	// maxCodes bounds the values of the label code. There are about 35 codes.
	maxCodes = 100
)

// checks are the values of the label check, in the order of their ranges.
var checks = []string{"token", "owner", "body", "scan", "kibana"}

// bucketEnds are the upper ends of the histograms' buckets in seconds.
var bucketEnds = []float64{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60}

// histogram is what has been sorted of one check's durations.
type histogram struct {
	within [12]int64 // How many durations were at most bucketEnds[i].
	count  int64
}

// Counters of the process, all instances together.
var (
	countersLock sync.Mutex
	// decisions are counted by report mode, then by code. A counter that is there from the beginning has a rate from the
	// first request on.
	decisions   = map[bool]map[string]int64{false: {"": 0}, true: {}}
	uploadBytes int64
	linesLost   atomic.Int64
	histograms  [5]histogram
	// spent is how long each check took in all.
	spent [5]time.Duration
	// recent are the durations of the last requests in nanoseconds, unsorted, each check's moved into a range of its own,
	// so that a request costs one step. To sort many at once and to search for the ends of the buckets is native work.
	recent []float64
)

// fold sorts the recent durations into the buckets and sums them up. The caller holds countersLock.
func fold() {
	sort.Float64s(recent)
	for check := range checks {
		// Durations are whole nanoseconds, so half of one more keeps what is at most an end apart from what is above it.
		// Zeros, of checks that did not run, lie below the range.
		base := float64(check) * shift
		start := base + 0.5
		first := sort.SearchFloat64s(recent, start)
		last := sort.SearchFloat64s(recent, start+shift-1)
		for i, end := range bucketEnds {
			histograms[check].within[i] += int64(sort.SearchFloat64s(recent, start+end*1e9) - first)
		}
		histograms[check].count += int64(last - first)
		sum := 0.0
		for _, one := range recent[first:last] {
			sum += one - base
		}
		spent[check] += time.Duration(sum)
	}
	recent = recent[:0]
}

// Others are counts that other parts of the gate keep, for ServeMetrics. The keys of the maps are values of the label
// result; only the first 20 in order are shown.
type Others struct {
	Version          string
	TokenCacheHits   int64
	TokenCacheMisses int64
	KeyFetches       map[string]int64
	OwnerLookups     map[string]int64
	Scans            map[string]int64
	HeldBytes        int64
}

// ServeMetrics answers with all counters in Prometheus' text format 0.0.4.
func ServeMetrics(rw http.ResponseWriter, req *http.Request, others Others) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		rw.Header().Set("Allow", "GET, HEAD")
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	text := metrics(others)
	rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("Content-Length", strconv.Itoa(len(text)))
	rw.WriteHeader(http.StatusOK)
	if req.Method == http.MethodGet {
		_, _ = rw.Write([]byte(text))
	}
}

// metrics is the text of all counters.
func metrics(others Others) string {
	p := &page{}
	countersLock.Lock()
	p.head("casegate_decisions_total", "counter", "Uploads decided, by refusal code (passed for none) and enforcement.")
	for _, report := range []bool{false, true} {
		mode := "enforce"
		if report {
			mode = "report"
		}
		for _, code := range sorted(decisions[report]) {
			label := code
			if label == "" {
				label = "passed"
			}
			p.value("casegate_decisions_total", `code="`+escape(label)+`",mode="`+mode+`"`, decisions[report][code])
		}
	}
	p.single("casegate_upload_bytes_total", "counter", "Bytes of the files that passed.", uploadBytes)
	p.head("casegate_check_seconds", "histogram", "Time that checks and Kibana's answer took.")
	fold()
	for i, check := range checks {
		p.histogram(check, histograms[i], spent[i])
	}
	countersLock.Unlock()
	p.single("casegate_token_cache_hits_total", "counter", "Tokens that had been verified before.", others.TokenCacheHits)
	p.single("casegate_token_cache_misses_total", "counter", "Tokens that had to be verified.", others.TokenCacheMisses)
	p.results("casegate_key_fetches_total", "Fetches of the identity provider's keys.", others.KeyFetches)
	p.results("casegate_owner_lookups_total", "Questions for the owner of a case, by where the answer came from.", others.OwnerLookups)
	p.results("casegate_scans_total", "Malware scans.", others.Scans)
	p.single("casegate_held_bytes", "gauge", "Bytes of uploads that are held at the moment.", others.HeldBytes)
	p.single("casegate_audit_lines_lost_total", "counter", "Audit lines that an output did not take.", linesLost.Load())
	p.head("casegate_build_info", "gauge", "The version that runs.")
	p.value("casegate_build_info", `version="`+escape(others.Version)+`",goversion="`+escape(runtime.Version())+`"`, 1)
	return p.text.String()
}

// page is the text while it is written.
type page struct{ text strings.Builder }

func (p *page) head(name, kind, help string) {
	p.text.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

func (p *page) value(name, labels string, n int64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	p.text.WriteString(name + labels + " " + strconv.FormatInt(n, 10) + "\n")
}

func (p *page) single(name, kind, help string, n int64) {
	p.head(name, kind, help)
	p.value(name, "", n)
}

// results writes a counter by its label result.
func (p *page) results(name, help string, counts map[string]int64) {
	p.head(name, "counter", help)
	names := sorted(counts)
	if len(names) > 20 {
		names = names[:20]
	}
	for _, result := range names {
		p.value(name, `result="`+escape(result)+`"`, counts[result])
	}
}

// histogram writes the buckets of one check; each holds all below it too.
func (p *page) histogram(check string, h histogram, sum time.Duration) {
	const name = "casegate_check_seconds"
	label := `check="` + check + `"`
	for i, end := range bucketEnds {
		p.value(name+"_bucket", label+`,le="`+strconv.FormatFloat(end, 'f', -1, 64)+`"`, h.within[i])
	}
	p.value(name+"_bucket", label+`,le="+Inf"`, h.count)
	p.text.WriteString(name + "_sum{" + label + "} " + strconv.FormatFloat(sum.Seconds(), 'g', -1, 64) + "\n")
	p.value(name+"_count", label, h.count)
}

// sorted are the keys of a map in order.
func sorted(counts map[string]int64) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// escape makes a text fit for a label's value.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(text, ""))
}
