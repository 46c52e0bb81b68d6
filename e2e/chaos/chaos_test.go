// Package chaos breaks what stands around the gate, and the gate itself, and holds what is left against the upstream's own
// records. CASEGATE_CHAOS=full runs everything at its full size; without it the same code runs in its short form.
package chaos

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// full says that everything runs at its full size.
var full = os.Getenv("CASEGATE_CHAOS") == "full"

// size chooses a number by the form that runs.
func size(short, long int) int {
	if full {
		return long
	}
	return short
}

func TestMain(m *testing.M) {
	harness.Main(m, func() error { return harness.Setup("node") })
}

// row is one fault and what must hold in spite of it. Besides its own invariant every row holds the book's: nothing
// stored that was not whole and allowed, every acknowledged upload stored with the right SHA-256, nothing left in the
// temporary folder, and each client an answer or a broken connection, never a false 200.
type row struct {
	fault, invariant string
	// run gives figures for the table.
	run func(t *testing.T, s *stand) string
}

// rows are in the order in which they run: the last ones end the gateway that all share.
var rows = []row{
	{"Kibana: dead, killed, hanging, deaf, early, closing, 500, cut answer", "no false 200; held files freed", kibanaFaults},
	{"Identity provider: dead, hanging, flapping", "no keys: 503 within 8 s; known keys: no upload fails; forged tokens never pass", providerFaults},
	{"clamd: dead, hanging", "503 scanner_unavailable within scan.timeout, nothing stored; onError allow stores", scannerFaults},
	{"Temporary folder: full, read-only", "503 storage_unavailable; small files pass; all well when it is mended", folderFaults},
	{"Out of file descriptors", "refused or broken, never lost; all well afterwards", descriptorFaults},
	{"Clients: abort at every stage", "only whole forms stored; memory and descriptors given back", abortingClients},
	{"Clients: slow, many at once", "every upload stored; memory bounded; a fast upload passes among them", slowClients},
	{"Clients: Expect: 100-continue", "100 only to what may pass; whole forms stored", expectingClients},
	{"Clients: half-closed connections", "an answer or a broken connection; halves never stored", halfClosedClients},
	{"Clients: h2c and HTTP/2, resets", "resets store nothing; neighbours on the connection pass", http2Clients},
	{"Reloads during uploads; a broken configuration and back", "no upload fails; goroutines, descriptors, memory flat; keys and tokens kept; broken closes uploads only", reloads},
	{"Overload: more than delivery.maxHeld", "503 storage_unavailable with Retry-After; held bytes and memory bounded; 401 stays fast", overload},
	{"Soak: mixed uploads and refusals", "memory flat from the second to the last quarter; no goroutine growth", soak},
	{"Gateway killed with -9 mid-upload, hold and stream", "halves never stored; acknowledged uploads stored; nothing left on disk", kills},
	{"Clock jumps (the gate's own clock, test build)", "expired and future tokens refused; tokens pass again when it is back; withdrawn keys do not outlive the jump", clockJumps},
	{"Panics in every part, on three hosts (test build)", "500 internal, nothing stored, temp files gone, process alive, next request passes", panics},
}

func TestChaos(t *testing.T) {
	s := newStand(t)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tinvariant\theld\ttook\tfigures")
	for _, r := range rows {
		figures, started, ran, held := "", time.Now(), false, false
		held = t.Run(r.fault, func(t *testing.T) {
			ran = true
			s.t.T = t
			figures = r.run(t, s)
		})
		if !ran {
			continue
		}
		verdict := "held"
		if !held {
			verdict = "BROKEN"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.fault, r.invariant, verdict, time.Since(started).Round(100*time.Millisecond), figures)
	}
	_ = w.Flush()
	fmt.Println(table.String())
}
