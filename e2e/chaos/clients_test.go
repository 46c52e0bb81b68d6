package chaos

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

func dial(t *testing.T, h host) *net.TCPConn {
	t.Helper()
	connection, err := net.DialTimeout("tcp", h.address(), 5*time.Second)
	if err != nil {
		t.Error(err)
		return nil
	}
	_ = connection.SetDeadline(time.Now().Add(patience))
	return connection.(*net.TCPConn)
}

// abortingClients end their connections after each of the stages of a request, gently and with a reset.
func abortingClients(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		count := 0
		descriptorsBefore, residentBefore := 0, int64(0)
		for _, mode := range []string{"hold", "stream"} {
			h.use(t, kibana.URL(), policyOf(mode, nil))
			checkWell(t, h, kibana)
			if descriptorsBefore == 0 {
				descriptorsBefore, residentBefore = descriptors(t, h.pid()), resident(t, h.pid())
			}
			var clients sync.WaitGroup
			for range size(1, 5) {
				for _, bytesOfText := range []int{3000, 4 << 20} {
					p := newParcel(bytesOfText, false)
					whole := len(p.head("")) + len(p.form)
					head := len(p.head(""))
					for _, stage := range []int{0, 20, head - 3, head, head + 30, head + 200, head + len(p.form)/2, whole - 30, whole - 2, whole - 1, whole} {
						for _, reset := range []bool{false, true} {
							count++
							clients.Go(func() { abort(t, h, newParcel(bytesOfText, false), stage, reset) })
						}
					}
					clients.Wait()
				}
			}
			newBook().check(t, h, kibana)
			checkWell(t, h, kibana)
		}
		checkFlat(t, h, descriptorsBefore, residentBefore, 96<<20)
		return fmt.Sprintf("%d aborts", count)
	})
}

// abort sends so many bytes of a request and ends the connection.
func abort(t *testing.T, h host, p parcel, stage int, reset bool) {
	connection := dial(t, h)
	if connection == nil {
		return
	}
	request := append([]byte(p.head("")), p.form...)
	_, _ = connection.Write(request[:min(stage, len(request))])
	if reset {
		_ = connection.SetLinger(0)
	}
	_ = connection.Close()
}

// checkFlat fails the test when the process keeps descriptors or memory.
func checkFlat(t *testing.T, h host, descriptorsBefore int, residentBefore, more int64) {
	t.Helper()
	if !within(patience, func() bool { return descriptors(t, h.pid()) <= descriptorsBefore+15 }) {
		t.Errorf("%s: %d descriptors, before %d", h.name(), descriptors(t, h.pid()), descriptorsBefore)
	}
	if now := resident(t, h.pid()); now > residentBefore+more {
		t.Errorf("%s: %d MiB resident, before %d", h.name(), now>>20, residentBefore>>20)
	}
}

// slowClients send byte by byte, as many as wanted at once.
func slowClients(t *testing.T, s *stand) string {
	count := size(100, 300)
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		h.use(t, kibana.URL(), policyOf("hold", nil))
		checkWell(t, h, kibana)
		b := newBook()
		before := resident(t, h.pid())
		peak := watchMemory(t, h)
		var clients sync.WaitGroup
		for range count {
			p := newParcel(3000, false)
			clients.Go(func() {
				answer, err := trickle(t, h, p, size(12, 40))
				b.note(p, answer, err)
				if err != nil || answer.Status != http.StatusOK {
					t.Errorf("a slow upload: %s", told(answer, err))
				}
			})
		}
		// Meanwhile others do not wait for them.
		fast := newClient(5 * time.Second)
		for range 5 {
			if answer, err := b.upload(fast, h, newParcel(100_000, false)); err != nil || answer.Status != http.StatusOK {
				t.Errorf("a fast upload among slow ones: %s", told(answer, err))
			}
		}
		fast.CloseIdleConnections()
		clients.Wait()
		more := peak() - before
		// Each has a buffer of 256 KiB, and what net/http needs for a connection.
		if limit := int64(count)*(384<<10) + 64<<20; more > limit {
			t.Errorf("%s: %d MiB more memory for %d slow clients", h.name(), more>>20, count)
		}
		b.check(t, h, kibana)
		return fmt.Sprintf("%d clients, +%d MiB", count, more>>20)
	})
}

// watchMemory gives a function that ends the watching and returns the highest resident memory.
func watchMemory(t *testing.T, h host) func() int64 {
	peak := resident(t, h.pid())
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				peak = max(peak, resident(t, h.pid()))
			}
		}
	})
	return func() int64 {
		close(done)
		watching.Wait()
		return peak
	}
}

// trickle sends a parcel's form in so many pieces.
func trickle(t *testing.T, h host, p parcel, pieces int) (*harness.Answer, error) {
	connection := dial(t, h)
	if connection == nil {
		return nil, io.ErrUnexpectedEOF
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, p.head("")); err != nil {
		return nil, err
	}
	length := len(p.form)/pieces + 1
	for from := 0; from < len(p.form); from += length {
		// The pause is what makes a client slow.
		time.Sleep(100 * time.Millisecond)
		if _, err := connection.Write(p.form[from:min(from+length, len(p.form))]); err != nil {
			return nil, err
		}
	}
	return harness.ReadAnswer(bufio.NewReader(connection), http.MethodPost)
}

// expectingClients wait for 100 Continue, or do not, or go away when they have got it.
func expectingClients(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		h.use(t, kibana.URL(), policyOf("hold", nil))
		checkWell(t, h, kibana)
		b := newBook()
		var clients sync.WaitGroup
		for i := range size(24, 200) {
			clients.Go(func() { expecting(t, h, b, i%4) })
		}
		clients.Wait()
		b.check(t, h, kibana)
		checkWell(t, h, kibana)
		return b.String()
	})
}

func expecting(t *testing.T, h host, b *book, kind int) {
	p := newParcel(3000+kind*500_000, false)
	connection := dial(t, h)
	if connection == nil {
		return
	}
	defer connection.Close()
	head := p.head("Expect: 100-continue\r\n")
	if kind == 0 {
		head = strings.Replace(head, uploadToken, "x.y.z", 1)
	}
	if _, err := io.WriteString(connection, head); err != nil {
		t.Error(err)
		return
	}
	reader := bufio.NewReader(connection)
	if kind == 0 {
		answer, err := harness.ReadAnswer(reader, http.MethodPost)
		b.note(p, answer, err)
		if err != nil || answer.Code() != "token_malformed" || len(answer.Informational) > 0 {
			t.Errorf("a bad token: %s", told(answer, err))
		}
		return
	}
	if kind < 3 {
		line, err := reader.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
			t.Errorf("waiting for 100: %q, %v", line, err)
			return
		}
		if _, err := reader.ReadString('\n'); err != nil {
			t.Error(err)
			return
		}
	}
	if kind == 2 {
		// It goes away in the middle.
		_, _ = connection.Write(p.form[:len(p.form)/2])
		b.note(p, nil, io.ErrUnexpectedEOF)
		return
	}
	_, err := connection.Write(p.form)
	if err != nil {
		t.Error(err)
		return
	}
	answer, err := harness.ReadAnswer(reader, http.MethodPost)
	b.note(p, answer, err)
	if err != nil || answer.Status != http.StatusOK {
		t.Errorf("kind %d: %s", kind, told(answer, err))
	}
}

// halfClosedClients end their half of the connection after all of the request, or after half of it.
func halfClosedClients(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		b := newBook()
		for _, mode := range []string{"hold", "stream"} {
			h.use(t, kibana.URL(), policyOf(mode, nil))
			checkWell(t, h, kibana)
			var clients sync.WaitGroup
			for i := range size(16, 80) {
				clients.Go(func() {
					p := newParcel(3000+i%4*1<<20, false)
					request := append([]byte(p.head("")), p.form...)
					if i%2 == 1 {
						request = request[:len(request)-len(p.form)/2]
					}
					answer, err := harness.Raw(h.address(), request, true)
					b.note(p, answer, err)
					if i%2 == 1 && err == nil && answer.Status == http.StatusOK {
						t.Error("half an upload was answered with 200")
					}
				})
			}
			clients.Wait()
			b.check(t, h, kibana)
			checkWell(t, h, kibana)
		}
		return b.String()
	})
}

// http2Client speaks HTTP/2 alone, over one connection: with prior knowledge, or over TLS.
func http2Client(secure bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(!secure)
	protocols.SetHTTP2(secure)
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		Protocols: protocols,
		// The gateway's certificate is one that it has made itself.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // See above.
	}}
}

// http2Clients upload over one connection while others on it reset their streams.
func http2Clients(t *testing.T, s *stand) string {
	h := s.aTraefik()
	kibana := s.kibana("hapi")
	var figures []string
	for _, mode := range []string{"hold", "stream"} {
		h.use(t, kibana.URL(), policyOf(mode, nil))
		checkWell(t, h, kibana)
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s TLS %v", mode, secure), func(t *testing.T) {
				client := http2Client(secure)
				defer client.CloseIdleConnections()
				b := newBook()
				var clients sync.WaitGroup
				resets := 0
				for i := range size(24, 200) {
					p := newParcel(3000+i%3*2<<20, false)
					if i%2 == 0 {
						resets++
						clients.Go(func() { resetStream(client, h, p, secure, i%4 == 0) })
						continue
					}
					clients.Go(func() {
						answer, err := answerOf(client, http2Request(h, p, bytes.NewReader(p.form), secure))
						b.note(p, answer, err)
						if err != nil || answer.Status != http.StatusOK {
							t.Errorf("beside resets: %s", told(answer, err))
						}
					})
				}
				clients.Wait()
				b.check(t, h, kibana)
				checkWell(t, h, kibana)
				figures = append(figures, fmt.Sprintf("%s TLS %v: %d resets, %s", mode, secure, resets, b))
			})
		}
	}
	return strings.Join(figures, "; ")
}

func http2Request(h host, p parcel, body io.Reader, secure bool) *http.Request {
	request := p.request(h, body)
	if secure {
		request.URL.Scheme = "https"
	}
	return request
}

// resetStream sends half of a form, or only the request's head, and resets the stream.
func resetStream(client *http.Client, h host, p parcel, secure, atOnce bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	reader, writer := io.Pipe()
	go func() {
		if !atOnce {
			_, _ = writer.Write(p.form[:len(p.form)/2])
		}
		cancel()
		_ = writer.CloseWithError(context.Canceled)
	}()
	_, _ = answerOf(client, http2Request(h, p, reader, secure).WithContext(ctx))
}
