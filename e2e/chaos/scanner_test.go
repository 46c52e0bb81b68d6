package chaos

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// scanTimeout is the policy's.
const scanTimeout = time.Second

// deafDaemon accepts and never answers. With closing it closes at once instead.
func deafDaemon(t *testing.T, closing bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	var connections []net.Conn
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if closing {
				_ = connection.Close()
				continue
			}
			mutex.Lock()
			connections = append(connections, connection)
			mutex.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		mutex.Lock()
		defer mutex.Unlock()
		for _, connection := range connections {
			_ = connection.Close()
		}
	})
	return "tcp://" + listener.Addr().String()
}

// scannerFaults uploads more files at once than the gate scans at once.
func scannerFaults(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		b := newBook()
		var slowest time.Duration
		daemons := map[string]string{"dead": "tcp://127.0.0.1:1", "hanging": deafDaemon(t, false), "closing": deafDaemon(t, true)}
		for name, address := range daemons {
			for _, onError := range []string{"refuse", "allow"} {
				t.Run(strings.Join([]string{h.name(), name, onError}, " "), func(t *testing.T) {
					h.use(t, kibana.URL(), policyOf("stream", map[string]any{"scan": map[string]any{
						"clamd": address, "timeout": scanTimeout.String(), "onError": onError,
					}}))
					want := map[string]string{"refuse": "scanner_unavailable", "allow": ""}[onError]
					var clients sync.WaitGroup
					var mutex sync.Mutex
					wrong := complaints{t: t, what: h.name()}
					defer wrong.total()
					for i := range 40 {
						clients.Go(func() {
							client := newClient(patience)
							defer client.CloseIdleConnections()
							started := time.Now()
							answer, err := b.upload(client, h, newParcel(3000+i%2*2<<20, false))
							if err != nil || answer.Code() != want || (want == "" && answer.Status != http.StatusOK) ||
								(want != "" && answer.Header.Get("Retry-After") == "") {
								wrong.say("%s", told(answer, err))
							}
							mutex.Lock()
							defer mutex.Unlock()
							slowest = max(slowest, time.Since(started))
						})
					}
					clients.Wait()
					b.check(t, h, kibana)
				})
			}
		}
		// The machine may be busy: what counts is that no upload waits for ever.
		if slowest > scanTimeout+9*time.Second {
			t.Errorf("%s: an upload took %s, scan.timeout is %s", h.name(), slowest, scanTimeout)
		}
		h.use(t, kibana.URL(), policyOf("hold", nil))
		checkWell(t, h, kibana)
		return fmt.Sprintf("%s, slowest %s", b, slowest.Round(time.Millisecond))
	})
}
