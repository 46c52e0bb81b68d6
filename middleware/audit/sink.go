package audit

import (
	"bytes"
	"log"
	"os"
	"sync"
	"time"
)

const (
	// maxPending bounds the lines in bytes that wait for an output: about a thousand.
	maxPending = 1 << 20
	// round is how long lines gather before they are written together, and idleRounds how many rounds without a line end
	// the goroutine.
	round      = 50 * time.Millisecond
	idleRounds = 40
	// checkEvery is how often a file's path is looked at for a rotation, or opened again after a failure.
	checkEvery = time.Second
	// maxSinks bounds the outputs that instances share.
	maxSinks = 64
)

// sink writes lines to one output, in a goroutine that runs while there are lines and a few seconds longer. It belongs
// to the process and not to an instance of the gate: configuration reloads replace instances all the time.
type sink struct {
	path string // Empty for an output that is open from the beginning and stays so.

	mu      sync.Mutex
	pending []byte
	spare   []byte // The memory of lines that have been written.
	dropped int64  // Lines that found pending full, since it was last taken.
	running bool
	writing bool

	// What follows belongs to the goroutine.
	out     *os.File
	checked time.Time
	missed  int64 // Lines that are missing before the next one and not yet told of.
	torn    bool  // The output ends within a line.
	failing bool
}

var (
	sinksLock sync.Mutex
	sinks     = map[string]*sink{}
)

// sinkFor is the process's sink of an output. Beyond maxSinks outputs each instance gets a sink of its own.
func sinkFor(output string) *sink {
	sinksLock.Lock()
	defer sinksLock.Unlock()
	if shared := sinks[output]; shared != nil {
		return shared
	}
	made := &sink{path: output}
	if output == "stdout" {
		made = &sink{out: os.Stdout}
	}
	if len(sinks) < maxSinks {
		sinks[output] = made
	}
	return made
}

// drain writes what is pending until there has been nothing for a while. A panic here would end the whole gateway.
func (s *sink) drain() {
	defer func() {
		if recover() != nil {
			s.mu.Lock()
			s.running = false
			s.writing = false
			s.mu.Unlock()
		}
	}()
	idle := 0
	for {
		batch, dropped := s.take()
		if len(batch) > 0 {
			idle = 0
			s.write(batch, dropped)
		} else {
			idle++
		}
		if idle >= idleRounds && s.leave() {
			return
		}
		time.Sleep(round)
	}
}

// take hands out what is pending, and the number of lines that were dropped behind it.
func (s *sink) take() ([]byte, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch, dropped := s.pending, s.dropped
	s.pending = s.spare
	s.spare = nil
	s.dropped = 0
	s.writing = len(batch) > 0
	return batch, dropped
}

// write puts a batch of lines out, with a line in each place where some are missing. What can't be written is lost.
func (s *sink) write(batch []byte, dropped int64) {
	text := batch
	from := 0
	if s.missed > 0 {
		text = lossLine(s.missed)
		from = len(text)
		text = append(text, batch...)
	}
	to := len(text)
	if dropped > 0 {
		text = append(text, lossLine(dropped)...)
	}
	written := s.send(text)
	if written >= from {
		s.missed = 0
	} else {
		written = from // The batch begins behind the line of loss.
	}
	if written < to {
		lost := int64(bytes.Count(text[written:to], []byte{'\n'}))
		linesLost.Add(lost)
		s.missed += lost
	}
	if written < len(text) {
		s.missed += dropped
	}
	s.mu.Lock()
	s.writing = false
	s.spare = batch[:0]
	s.mu.Unlock()
}

// send writes to the output and returns how many bytes it took. The bytes after a line that was cut begin a line of
// their own.
func (s *sink) send(text []byte) int {
	out := s.output()
	if out == nil {
		return 0
	}
	if s.torn {
		if _, err := out.Write([]byte{'\n'}); err != nil {
			s.report(err)
			return 0
		}
		s.torn = false
	}
	n, err := out.Write(text)
	s.report(err)
	s.torn = n > 0 && text[n-1] != '\n'
	return n
}

// output is the open output, or nil when it can't be opened. A file is opened again when something else, or nothing,
// stands at its path. One that was truncated needs no care: every write goes to the end.
func (s *sink) output() *os.File {
	if s.path == "" || time.Since(s.checked) < checkEvery {
		return s.out
	}
	s.checked = time.Now()
	if s.out != nil {
		there, err := os.Stat(s.path)
		ours, failed := s.out.Stat()
		if err == nil && failed == nil && os.SameFile(there, ours) {
			return s.out
		}
		_ = s.out.Close()
	}
	file, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	s.out = file
	if err != nil {
		s.out = nil
		s.report(err)
		return nil
	}
	s.torn = false
	return file
}

// report logs that the output fails, once until it works again.
func (s *sink) report(err error) {
	if err != nil && !s.failing {
		log.Printf("casegate: audit lines are being lost: %v", err)
	}
	s.failing = err != nil
}

// leave ends the goroutine unless a line has come, and closes the file.
func (s *sink) leave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) > 0 {
		return false
	}
	s.running = false
	s.spare = nil
	s.pending = nil
	if s.path != "" && s.out != nil {
		_ = s.out.Close()
		s.out = nil
		s.checked = time.Time{}
	}
	return true
}

// idle tells whether nothing waits to be written.
func (s *sink) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) == 0 && !s.writing
}

// flush waits until nothing waits to be written, and tells whether that came in time.
func (s *sink) flush(until time.Time) bool {
	for !s.idle() {
		if time.Now().After(until) {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	return true
}
