package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// flush waits until everything is written.
func flush(t testing.TB) {
	t.Helper()
	if !Flush(10 * time.Second) {
		t.Fatal("lines are still waiting after 10 s")
	}
}

// settle is flush for a sink that is not shared.
func settle(t *testing.T, s *sink) {
	t.Helper()
	if !s.flush(time.Now().Add(10 * time.Second)) {
		t.Fatal("lines are still waiting after 10 s")
	}
}

// messages are the messages of a file's lines, each of which must be JSON; a line of loss gives "lost N".
func messages(t *testing.T, text []byte) []string {
	t.Helper()
	var all []string
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line struct {
			Event struct {
				Action, Reason string
			}
			Casegate struct {
				Lost int64 `json:"lines_lost"`
			}
		}
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Fatalf("a line is no JSON: %v: %.200s", err, scanner.Text())
		}
		if line.Event.Action == "audit_lines_lost" {
			all = append(all, fmt.Sprint("lost ", line.Casegate.Lost))
		} else {
			all = append(all, line.Event.Reason)
		}
	}
	return all
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("lines %q, want %q", got, want)
	}
}

func TestFileIsAppendedToAndShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(`{"event":{"reason":"before"}}`+"\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	first, second := New(Settings{Output: path}), New(Settings{Output: path})
	if first.sink != second.sink {
		t.Error("two logs with one output do not share it")
	}
	Write(first, &Event{Reason: "a"})
	Write(second, &Event{Reason: "b"})
	flush(t)
	same(t, messages(t, read(t, path)), "before", "a", "b")
}

func TestNewFileIsNotForEverybody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	Write(New(Settings{Output: path}), &Event{})
	flush(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o137 != 0 {
		t.Errorf("mode %v (%v), want at most 0640", info.Mode(), err)
	}
}

func TestOffWritesNothingAndCounts(t *testing.T) {
	before := value(t, `casegate_decisions_total{code="passed",mode="enforce"}`)
	Write(New(Settings{Output: "off"}), &Event{})
	if got := value(t, `casegate_decisions_total{code="passed",mode="enforce"}`); got != before+1 {
		t.Errorf("%v decisions, want %v", got, before+1)
	}
}

// due lets the sink of a path look at its file again at once.
func due(s *sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked = time.Time{}
}

func TestRotation(t *testing.T) {
	for name, row := range map[string]struct {
		rotate func(path string) error
		kept   []string // lines in the rotated file
		fresh  []string // lines at the path
	}{
		"renamed": {func(path string) error { return os.Rename(path, path+".1") }, []string{"a"}, []string{"b"}},
		"renamed and made anew": {func(path string) error {
			if err := os.Rename(path, path+".1"); err != nil {
				return err
			}
			return os.WriteFile(path, nil, 0o600)
		}, []string{"a"}, []string{"b"}},
		"removed":   {os.Remove, nil, []string{"b"}},
		"truncated": {func(path string) error { return os.Truncate(path, 0) }, nil, []string{"b"}},
		"folder renamed and made anew": {func(path string) error {
			folder := filepath.Dir(path)
			if err := os.Rename(folder, folder+".1"); err != nil {
				return err
			}
			return os.Mkdir(folder, 0o750)
		}, nil, []string{"b"}},
		"left alone": {func(_ string) error { return nil }, nil, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "logs", "audit.log")
			if err := os.Mkdir(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
			// A sink whose goroutine is this test.
			s := &sink{path: path}
			s.write(Line(&Event{Reason: "a"}), 0)
			if err := row.rotate(path); err != nil {
				t.Fatal(err)
			}
			due(s)
			s.write(Line(&Event{Reason: "b"}), 0)
			same(t, messages(t, read(t, path)), row.fresh...)
			if row.kept != nil {
				same(t, messages(t, read(t, path+".1")), row.kept...)
			}
			if !s.leave() || s.out != nil {
				t.Error("the file is still open")
			}
		})
	}
}

func TestFileIsLookedAtOnceASecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	s := &sink{path: path}
	s.write(Line(&Event{Reason: "a"}), 0)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.checked = time.Now()
	s.write(Line(&Event{Reason: "b"}), 0)
	same(t, messages(t, read(t, path+".1")), "a", "b")
}

func TestWhatAFileDoesNotTakeIsToldOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "audit.log")
	before := linesLost.Load()
	s := &sink{path: path}
	s.write(append(Line(&Event{Reason: "a"}), Line(&Event{Reason: "b"})...), 3)
	s.write(Line(&Event{Reason: "c"}), 0) // Not tried again within a second.
	if s.missed != 6 || linesLost.Load()-before != 3 {
		t.Errorf("%d missed and %d counted, want 6 (3 were counted when they were dropped) and 3", s.missed, linesLost.Load()-before)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	due(s)
	s.write(Line(&Event{Reason: "d"}), 2)
	same(t, messages(t, read(t, path)), "lost 6", "d", "lost 2")
	s.write(Line(&Event{Reason: "e"}), 0)
	same(t, messages(t, read(t, path)), "lost 6", "d", "lost 2", "e")
}

func TestPartlyWrittenBatch(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{out: writer}
	one := Line(&Event{Reason: strings.Repeat("x", 3000)})
	var batch []byte
	for i := 0; i < 100; i++ {
		batch = append(batch, one...)
	}
	// The reader takes a little and leaves.
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = reader.Read(make([]byte, 10))
		_ = reader.Close()
	}()
	s.write(batch, 0)
	<-done
	if s.missed == 0 || s.missed > 100 {
		t.Errorf("%d lines missed, want some of 100", s.missed)
	}
	_ = writer.Close()
	// The next output begins with a line end, so that the cut line stays alone.
	path := filepath.Join(t.TempDir(), "audit.log")
	if s.out, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	s.torn = true
	missed := s.missed
	s.write(Line(&Event{Reason: "next"}), 0)
	_ = s.out.Close()
	text := read(t, path)
	if text[0] != '\n' {
		t.Error("the cut line was not ended")
	}
	same(t, messages(t, text[1:]), fmt.Sprint("lost ", missed), "next")
}

func TestBlockedOutputHoldsNobodyUp(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := linesLost.Load()
	s := &sink{out: writer}
	l := &Log{sink: s}
	const lines = 20000
	var slowest time.Duration
	for i := 0; i < lines; i++ {
		start := time.Now()
		Write(l, &Event{Reason: fmt.Sprint(i)})
		if took := time.Since(start); took > slowest {
			slowest = took
		}
	}
	if slowest > time.Second {
		t.Errorf("one Write took %v with an output that nobody reads", slowest)
	}
	lost := linesLost.Load() - before
	if lost == 0 || lost >= lines {
		t.Fatalf("%d of %d lines were lost, want some", lost, lines)
	}
	s.mu.Lock()
	pending, spare := cap(s.pending), cap(s.spare)
	s.mu.Unlock()
	if pending+spare > 4*maxPending {
		t.Errorf("%d bytes wait", pending)
	}
	// Now somebody reads everything.
	text := make(chan []byte)
	go func() {
		var all bytes.Buffer
		_, _ = all.ReadFrom(reader)
		text <- all.Bytes()
	}()
	settle(t, s)
	Write(l, &Event{Reason: "last"})
	settle(t, s)
	_ = writer.Close()
	got := messages(t, <-text)
	if got[len(got)-1] != "last" {
		t.Fatalf("the last line is %q", got[len(got)-1])
	}
	// Every line stands in its place, or is told of there.
	next := int64(0)
	for i, message := range got[:len(got)-1] {
		told := int64(0)
		if _, err := fmt.Sscanf(message, "lost %d", &told); err == nil && i > 0 && told > 0 {
			next += told
		} else if message != fmt.Sprint(next) {
			t.Fatalf("line %d is %q, want %d", i, message, next)
		} else {
			next++
		}
	}
	if next != lines {
		t.Errorf("%d lines were written or told of, want %d", next, lines)
	}
}

// panicking is a log that can't be written to.
type panicking struct{}

func (panicking) Write(_ []byte) (int, error) { panic("no log") }

func TestPanicInTheGoroutineEndsNothing(t *testing.T) {
	log.SetOutput(panicking{})
	defer log.SetOutput(os.Stderr)
	s := &sink{path: filepath.Join(t.TempDir(), "missing", "audit.log"), running: true, pending: []byte("x\n")}
	s.drain()
	if s.running || s.writing {
		t.Error("the sink still counts as running, so that no line would ever be written again")
	}
}

func TestGoroutineEndsWhenIdle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	s := &sink{path: path, running: true}
	s.pending = Line(&Event{Reason: "a"})
	s.drain() // Returns after the idle time.
	if s.running || s.out != nil || s.pending != nil {
		t.Error("the goroutine left something behind")
	}
	same(t, messages(t, read(t, path)), "a")
	Write(&Log{sink: s}, &Event{Reason: "b"})
	settle(t, s)
	same(t, messages(t, read(t, path)), "a", "b")
}

func TestManyWritersAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	var writers sync.WaitGroup
	for i := 0; i < 8; i++ {
		writers.Add(1)
		go func() {
			defer writers.Done()
			l := New(Settings{Output: path})
			for n := 0; n < 50; n++ {
				Write(l, &Event{Reason: "x", Rule: &Rule{Name: "case_not_found"}, Took: Timings{Token: 1}})
			}
		}()
	}
	writers.Wait()
	flush(t)
	if got := messages(t, read(t, path)); len(got) != 400 {
		t.Errorf("%d lines, want 400", len(got))
	}
}

func TestOutputsAreBounded(t *testing.T) {
	folder := t.TempDir()
	for i := 0; i < 2*maxSinks; i++ {
		New(Settings{Output: filepath.Join(folder, fmt.Sprint(i))})
	}
	sinksLock.Lock()
	defer sinksLock.Unlock()
	if len(sinks) > maxSinks {
		t.Errorf("%d outputs are kept, want at most %d", len(sinks), maxSinks)
	}
	for output := range sinks {
		if strings.HasPrefix(output, folder) {
			delete(sinks, output)
		}
	}
}

func TestFaults(t *testing.T) {
	for output, faults := range map[string]int{
		"stdout": 0, "off": 0, "/var/log/casegate.log": 0, "": 1, "stderr": 1, "audit.log": 1, "./audit.log": 1, "/var/log/": 1, "/a\x00": 1,
	} {
		if got := (Settings{Output: output}).Faults(); len(got) != faults {
			t.Errorf("output %q: faults %q, want %d", output, got, faults)
		}
	}
	if got := Default().Faults(); len(got) != 0 {
		t.Errorf("the default is faulty: %q", got)
	}
}

func BenchmarkWrite(b *testing.B) {
	l := New(Settings{Output: filepath.Join(b.TempDir(), "audit.log")})
	e := full()
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		Write(l, e)
	}
	b.StopTimer()
	flush(b)
}
