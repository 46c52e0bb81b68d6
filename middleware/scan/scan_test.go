package scan

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *Settings)
		want   string // the keys at fault
	}{
		"the default":            {func(*Settings) {}, ""},
		"tcp":                    {func(s *Settings) { s.Clamd = "tcp://clamav:3310" }, ""},
		"tcp to an IPv6 address": {func(s *Settings) { s.Clamd = "tcp://[::1]:3310" }, ""},
		"a socket":               {func(s *Settings) { s.Clamd = "unix:///run/clamav/clamd.ctl" }, ""},
		"the shortest timeout":   {func(s *Settings) { s.Timeout = time.Second }, ""},
		"the longest timeout":    {func(s *Settings) { s.Timeout = 10 * time.Minute }, ""},
		"allow":                  {func(s *Settings) { s.OnError = Allow }, ""},
		"no scheme":              {func(s *Settings) { s.Clamd = "clamav:3310" }, "clamd"},
		"another scheme":         {func(s *Settings) { s.Clamd = "http://clamav:3310" }, "clamd"},
		"no port":                {func(s *Settings) { s.Clamd = "tcp://clamav" }, "clamd"},
		"port 0":                 {func(s *Settings) { s.Clamd = "tcp://clamav:0" }, "clamd"},
		"a port too high":        {func(s *Settings) { s.Clamd = "tcp://clamav:65536" }, "clamd"},
		"no host":                {func(s *Settings) { s.Clamd = "tcp://:3310" }, "clamd"},
		"tcp with a path":        {func(s *Settings) { s.Clamd = "tcp://clamav:3310/x" }, "clamd"},
		"tcp with a query":       {func(s *Settings) { s.Clamd = "tcp://clamav:3310?x=1" }, "clamd"},
		"tcp with a user":        {func(s *Settings) { s.Clamd = "tcp://u:p@clamav:3310" }, "clamd"},
		"a socket with a host":   {func(s *Settings) { s.Clamd = "unix://run/clamav/clamd.ctl" }, "clamd"},
		"a socket without path":  {func(s *Settings) { s.Clamd = "unix:///" }, "clamd"},
		"a relative socket":      {func(s *Settings) { s.Clamd = "unix:clamd.ctl" }, "clamd"},
		"not a URL":              {func(s *Settings) { s.Clamd = "tcp://%zz" }, "clamd"},
		"too short a timeout":    {func(s *Settings) { s.Timeout = time.Second - 1 }, "timeout"},
		"too long a timeout":     {func(s *Settings) { s.Timeout = 10*time.Minute + 1 }, "timeout"},
		"another onError":        {func(s *Settings) { s.OnError = "ignore" }, "onError"},
		"all at once":            {func(s *Settings) { *s = Settings{Clamd: "x"} }, "clamd timeout onError"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Default()
			c.change(&s)
			var keys []string
			for _, fault := range s.Faults() {
				key, _, _ := strings.Cut(fault, ": ")
				keys = append(keys, key)
			}
			if got := strings.Join(keys, " "); got != c.want {
				t.Errorf("faults %q, want keys %q", s.Faults(), c.want)
			}
		})
	}
}

func TestNoAddressNoScanner(t *testing.T) {
	if s := New(Default()); s != nil {
		t.Errorf("New = %v, want nil", s)
	}
}

// fakeClamd reads one INSTREAM request on each connection and hands the file to answer.
type fakeClamd struct {
	url    string
	closed chan struct{} // closed at the end of the test
}

// stream is what a fake received on one connection.
type stream struct {
	conn   net.Conn
	file   []byte
	chunks []int
}

func serve(t *testing.T, network string, answer func(s stream)) *fakeClamd {
	t.Helper()
	where := "127.0.0.1:0"
	if network == "unix" {
		where = filepath.Join(t.TempDir(), "clamd.ctl")
	}
	listener, err := net.Listen(network, where)
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeClamd{url: network + "://" + listener.Addr().String(), closed: make(chan struct{})}
	var handlers sync.WaitGroup
	handlers.Add(1)
	go func() {
		defer handlers.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Add(1)
			go func() {
				defer handlers.Done()
				defer conn.Close()
				answer(receive(t, conn))
			}()
		}
	}()
	t.Cleanup(func() {
		close(fake.closed)
		listener.Close()
		handlers.Wait()
	})
	return fake
}

func receive(t *testing.T, conn net.Conn) stream {
	r := bufio.NewReader(conn)
	s := stream{conn: conn}
	command, err := r.ReadString(0)
	if err != nil {
		return s
	}
	if command != "zINSTREAM\x00" {
		t.Errorf("command %q", command)
	}
	for {
		var head [4]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return s
		}
		n := int(binary.BigEndian.Uint32(head[:]))
		if n == 0 {
			return s
		}
		s.chunks = append(s.chunks, n)
		chunk := make([]byte, n)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return s
		}
		s.file = append(s.file, chunk...)
	}
}

func say(text string) func(s stream) {
	return func(s stream) { _, _ = io.WriteString(s.conn, text) }
}

func scanner(t *testing.T, url, onError string) *Scanner {
	t.Helper()
	settings := Default()
	settings.Clamd, settings.OnError = url, onError
	if faults := settings.Faults(); faults != nil {
		t.Fatal(faults)
	}
	s := New(settings)
	s.daemon = newDaemon(url)
	s.daemon.logf = func(line string) { t.Log(line) }
	return s
}

func code(no *refusal.Refusal) string {
	if no == nil {
		return ""
	}
	return no.Code
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		refuse string // the code with onError refuse
		allow  string // the code with onError allow
		detail string // part of Detail with onError refuse
	}{
		"clean":                  {"stream: OK\x00", "", "", ""},
		"found":                  {"stream: Win.Test.EICAR_HDB-1 FOUND\x00", "malware_found", "malware_found", "Win.Test.EICAR_HDB-1"},
		"found, named FOUND":     {"stream: FOUND FOUND\x00", "malware_found", "malware_found", "FOUND"},
		"size limit":             {"INSTREAM size limit exceeded. ERROR\x00", "scanner_unavailable", "", "StreamMaxLength"},
		"an error":               {"stream: Can't allocate memory ERROR\x00", "scanner_unavailable", "", "allocate"},
		"an unknown command":     {"UNKNOWN COMMAND\x00", "scanner_unavailable", "", "protocol"},
		"another protocol":       {"SSH-2.0-OpenSSH_9.6\r\n\x00", "scanner_unavailable", "", "protocol"},
		"found without a name":   {"stream:  FOUND\x00", "scanner_unavailable", "", "protocol"},
		"found of no stream":     {"x FOUND\x00", "scanner_unavailable", "", "protocol"},
		"clean with more":        {"stream: OK, mostly\x00", "scanner_unavailable", "", "protocol"},
		"clean without its end":  {"stream: OK", "scanner_unavailable", "", "without an answer"},
		"an empty answer":        {"\x00", "scanner_unavailable", "", "protocol"},
		"no answer":              {"", "scanner_unavailable", "", "without an answer"},
		"an answer without end":  {strings.Repeat("x", 2*answerLimit), "scanner_unavailable", "", ""},
		"a second answer behind": {"stream: X FOUND\x00stream: OK\x00", "malware_found", "malware_found", "X"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := serve(t, "tcp", say(c.answer))
			for onError, want := range map[string]string{Refuse: c.refuse, Allow: c.allow} {
				no := scanner(t, fake.url, onError).Scan(context.Background(), strings.NewReader("some file"))
				if code(no) != want {
					t.Errorf("onError %s: %+v, want %q", onError, no, want)
				}
				if no == nil {
					continue
				}
				if !strings.Contains(no.Detail, c.detail) {
					t.Errorf("detail %q, want %q in it", no.Detail, c.detail)
				}
				if no.Code == "malware_found" && strings.Contains(no.Message, c.detail) {
					t.Errorf("the message names the signature: %q", no.Message)
				}
				if no.Code == "scanner_unavailable" && no.RetryAfter == 0 {
					t.Error("no Retry-After")
				}
			}
		})
	}
}

func TestFileArrivesWhole(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		for name, size := range map[string]int{
			"empty": 0, "one byte": 1, "just under a chunk": chunkSize - 1, "one chunk": chunkSize,
			"just over a chunk": chunkSize + 1, "many chunks": 9*chunkSize + 17,
		} {
			t.Run(network+" "+name, func(t *testing.T) {
				want := bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size]
				received := make(chan stream, 1)
				fake := serve(t, network, func(s stream) {
					received <- s
					say("stream: OK\x00")(s)
				})
				// HalfReader stands for a held body that is partly in memory and partly in a file.
				no := scanner(t, fake.url, Refuse).Scan(context.Background(), iotest.HalfReader(bytes.NewReader(want)))
				if no != nil {
					t.Fatalf("%+v", no)
				}
				got := <-received
				if !bytes.Equal(got.file, want) {
					t.Errorf("clamd got %d bytes, want the file's %d", len(got.file), len(want))
				}
				if most := size/chunkSize + 1; len(got.chunks) > most {
					t.Errorf("%d chunks, want at most %d", len(got.chunks), most)
				}
			})
		}
	}
}

func TestNoScanner(t *testing.T) {
	fake := serve(t, "tcp", say(""))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	for name, url := range map[string]string{
		"nobody listens": "tcp://" + listener.Addr().String(),
		"no socket":      "unix://" + filepath.Join(t.TempDir(), "none"),
		"it hangs up":    fake.url,
	} {
		t.Run(name, func(t *testing.T) {
			if no := scanner(t, url, Refuse).Scan(context.Background(), strings.NewReader("x")); code(no) != "scanner_unavailable" || no.Status != 503 {
				t.Errorf("%+v", no)
			}
			if no := scanner(t, url, Allow).Scan(context.Background(), strings.NewReader("x")); no != nil {
				t.Errorf("%+v", no)
			}
		})
	}
}

func TestScannerHangs(t *testing.T) {
	var fake *fakeClamd
	fake = serve(t, "tcp", func(stream) { <-fake.closed })
	for onError, want := range map[string]string{Refuse: "scanner_unavailable", Allow: ""} {
		s := scanner(t, fake.url, onError)
		s.settings.Timeout = 50 * time.Millisecond
		if no := s.Scan(context.Background(), strings.NewReader("x")); code(no) != want {
			t.Errorf("onError %s: %+v, want %q", onError, no, want)
		}
	}
}

func TestScannerStopsReading(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// The kernel accepts for it, and nobody ever reads.
	defer listener.Close()
	s := scanner(t, "tcp://"+listener.Addr().String(), Refuse)
	s.settings.Timeout = 100 * time.Millisecond
	file := io.LimitReader(endless{}, 1<<30)
	if no := s.Scan(context.Background(), file); code(no) != "scanner_unavailable" {
		t.Errorf("%+v", no)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A scanner that answers before it has everything is heard, although the rest can't be sent.
func TestEarlyAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.CopyN(io.Discard, conn, 3*chunkSize)
		conn.Close()
	}()
	no := scanner(t, "tcp://"+listener.Addr().String(), Refuse).Scan(context.Background(), io.LimitReader(endless{}, 64<<20))
	if code(no) != "scanner_unavailable" {
		t.Errorf("%+v", no)
	}
}

// A caller who hangs up is no news about the scanner, and its file does not pass.
func TestCallerLeaves(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var fake *fakeClamd
	fake = serve(t, "tcp", func(stream) {
		cancel()
		<-fake.closed
	})
	s := scanner(t, fake.url, Allow)
	s.daemon.logf = func(line string) { t.Errorf("logged %q", line) }
	if no := s.Scan(ctx, strings.NewReader("x")); code(no) != "scanner_unavailable" {
		t.Errorf("%+v", no)
	}
}

func TestUnreadableFile(t *testing.T) {
	fake := serve(t, "tcp", say("stream: OK\x00"))
	s := scanner(t, fake.url, Allow)
	s.daemon.logf = func(line string) { t.Errorf("logged %q", line) }
	file := io.MultiReader(strings.NewReader("some of it"), iotest.ErrReader(errors.New("the disk is gone")))
	if no := s.Scan(context.Background(), file); code(no) != "storage_unavailable" {
		t.Errorf("%+v", no)
	}
}

func TestSimultaneousScansAreBounded(t *testing.T) {
	arrived := make(chan struct{}, simultaneous+1)
	goOn := make(chan struct{})
	fake := serve(t, "tcp", func(s stream) {
		arrived <- struct{}{}
		<-goOn
		say("stream: OK\x00")(s)
	})
	s := scanner(t, fake.url, Refuse)
	var scans sync.WaitGroup
	for i := 0; i < simultaneous; i++ {
		scans.Add(1)
		go func() {
			defer scans.Done()
			if no := s.Scan(context.Background(), strings.NewReader("x")); no != nil {
				t.Errorf("%+v", no)
			}
		}()
	}
	for i := 0; i < simultaneous; i++ {
		<-arrived
	}
	hasty := *s
	hasty.settings.Timeout = 20 * time.Millisecond
	no := hasty.Scan(context.Background(), strings.NewReader("x"))
	if code(no) != "scanner_unavailable" || !strings.Contains(no.Detail, "places") {
		t.Errorf("one more: %+v", no)
	}
	close(goOn)
	scans.Wait()
	if no := s.Scan(context.Background(), strings.NewReader("x")); no != nil {
		t.Errorf("afterwards: %+v", no)
	}
	if s.daemon.places.free != simultaneous {
		t.Errorf("%d places, want all %d back", s.daemon.places.free, simultaneous)
	}
}

func TestHealthIsLoggedOncePerChange(t *testing.T) {
	d := newDaemon("tcp://clamav:3310")
	now := time.Unix(1e9, 0)
	d.now = func() time.Time { return now }
	var lines []string
	d.logf = func(line string) { lines = append(lines, line) }
	for _, step := range []struct {
		name    string
		after   time.Duration
		trouble string
		logged  string
	}{
		{"well from the start", 0, "", ""},
		{"down", time.Minute, "gone", "gives no verdicts: gone"},
		{"still down", time.Minute, "gone", ""},
		{"up", time.Minute, "", "again"},
		{"still up", time.Minute, "", ""},
		{"down again", time.Minute, "gone", "gives no verdicts"},
		{"up at once", time.Second, "", ""},
		{"up a little later", quiet, "", "again"},
	} {
		now = now.Add(step.after)
		lines = nil
		d.report(step.trouble)
		got := strings.Join(lines, "\n")
		if (step.logged == "") != (got == "") || !strings.Contains(got, step.logged) {
			t.Errorf("%s: logged %q, want %q", step.name, got, step.logged)
		}
	}
}

func TestDaemonsAreShared(t *testing.T) {
	settings := Default()
	settings.Clamd = "tcp://shared.test:3310"
	other := settings
	other.Timeout, other.OnError = time.Second, Allow
	for i := 0; i < 2*mostDaemons; i++ {
		shared("tcp://other.test:" + strconv.Itoa(3310+i))
	}
	if New(settings).daemon != New(other).daemon {
		t.Error("two scanners of one address do not share their places")
	}
	if len(registry) > mostDaemons {
		t.Errorf("%d daemons remembered, want at most %d", len(registry), mostDaemons)
	}
}

func FuzzVerdict(f *testing.F) {
	for _, answer := range []string{"stream: OK", "stream: X FOUND", "x ERROR", ""} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		signature, trouble := verdict(answer, "")
		if clean := signature == "" && trouble == ""; clean != (answer == "stream: OK") {
			t.Errorf("%q: clean is %v", answer, clean)
		}
		if signature != "" && trouble != "" {
			t.Errorf("%q: both %q and %q", answer, signature, trouble)
		}
	})
}
