package audit

import "time"

// Log records events. All logs of the process with the same output share it. It is safe for concurrent use.
type Log struct {
	sink *sink
}

// New makes a log of settings that have no faults. It opens and starts nothing.
func New(s Settings) *Log {
	if s.Output == "off" {
		return &Log{}
	}
	return &Log{sink: sinkFor(s.Output)}
}

// Write counts the event and hands its line on to be written, as Record does. The event may be used again afterwards.
func Write(l *Log, e *Event) {
	recorded(&Entry{Log: l, Event: e})
}

// Flush waits until all lines have been handed to their outputs, for the given time at most, and tells whether they
// have. A gateway calls it before it ends.
func Flush(within time.Duration) bool {
	until := time.Now().Add(within)
	sinksLock.Lock()
	all := make([]*sink, 0, len(sinks))
	for _, s := range sinks {
		all = append(all, s)
	}
	sinksLock.Unlock()
	for _, s := range all {
		if !s.flush(until) {
			return false
		}
	}
	return true
}
