package scan

import (
	"log"
	"strconv"
	"sync"
	"time"
)

const (
	// simultaneous is how many scans run at once on one daemon: clamd's own MaxThreads is 10 and its queue 100 by
	// default, and every scan holds a buffer here.
	simultaneous = 32
	// mostDaemons bounds the registry. An operator has one or two.
	mostDaemons = 16
	// quiet is the least time between two lines in the log about one daemon.
	quiet = 10 * time.Second
)

// daemon is what all scanners of one address share, also across the generations of a configuration: Traefik builds
// every middleware anew when any part of its dynamic configuration changes.
type daemon struct {
	network, where string
	places         *places

	mu       sync.Mutex
	down     bool // as the log has it
	reported time.Time
	now      func() time.Time
	logf     func(line string)
}

var (
	registryLock sync.Mutex
	registry     = map[string]*daemon{}
)

// shared returns the daemon of an address, which has no faults.
func shared(clamd string) *daemon {
	registryLock.Lock()
	defer registryLock.Unlock()
	if d := registry[clamd]; d != nil {
		return d
	}
	if len(registry) >= mostDaemons {
		for one := range registry {
			delete(registry, one)
			break
		}
	}
	d := newDaemon(clamd)
	registry[clamd] = d
	return d
}

func newDaemon(clamd string) *daemon {
	network, where, _ := address(clamd)
	d := &daemon{network: network, where: where, places: &places{free: simultaneous}, now: time.Now}
	d.logf = func(line string) { log.Print(line) }
	return d
}

// report writes a line to the log when the scanner stops giving verdicts and when it gives them again. A scanner that
// wavers can't fill the log: a change that comes too soon after the last line is written with the next scan after that.
func (d *daemon) report(trouble string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	down := trouble != ""
	if down == d.down || d.now().Sub(d.reported) < quiet {
		return
	}
	d.down = down
	d.reported = d.now()
	if down {
		d.logf("casegate: the malware scanner gives no verdicts: " + trouble)
		return
	}
	d.logf("casegate: the malware scanner gives verdicts again")
}

// quoted makes text of a daemon safe for a line of the log.
func quoted(text string) string {
	const most = 200
	if len(text) > most {
		text = text[:most]
	}
	return strconv.Quote(text)
}
