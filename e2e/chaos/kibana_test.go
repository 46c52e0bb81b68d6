package chaos

import (
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

// wire stands before an upstream, so that it can be cut while the upstream keeps its records.
type wire struct {
	listener net.Listener
	target   string

	mutex       sync.Mutex
	connections []net.Conn
	cut         bool
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, target: target}
	go w.serve()
	t.Cleanup(w.kill)
	return w
}

func (w *wire) serve() {
	for {
		front, err := w.listener.Accept()
		if err != nil {
			return
		}
		back, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = front.Close()
			continue
		}
		w.mutex.Lock()
		w.connections = append(w.connections, front, back)
		cut := w.cut
		w.mutex.Unlock()
		if cut {
			w.kill()
			return
		}
		for _, pair := range [][2]net.Conn{{front, back}, {back, front}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				_ = pair[0].Close()
				_ = pair[1].Close()
			}()
		}
	}
}

func (w *wire) url() string { return "http://" + w.listener.Addr().String() }

// kill resets every connection and takes no more, as a host does whose process was killed.
func (w *wire) kill() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cut = true
	_ = w.listener.Close()
	for _, connection := range w.connections {
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
	w.connections = nil
}

// kibanaFault is a fault of Kibana and the results that clients may see: statuses, codes, or "broken".
type kibanaFault struct {
	name    string
	fault   harness.Fault
	allowed string
}

var uploadFaults = []kibanaFault{
	{"hangs", harness.Fault{Kind: "hang", UploadsOnly: true}, "broken"},
	{"deaf", harness.Fault{Kind: "deaf", UploadsOnly: true}, "broken"},
	{"answers 413 early", harness.Fault{Kind: "early", Status: 413, UploadsOnly: true}, "413 broken 502"},
	{"closes mid-body", harness.Fault{Kind: "close", After: 2000, UploadsOnly: true}, "502 500 broken"},
	{"answers 500", harness.Fault{Kind: "status", Status: 500, UploadsOnly: true}, "500"},
	{"cuts its answer", harness.Fault{Kind: "reset-answer", UploadsOnly: true}, "502 500 broken"},
}

// kibanaFaults tries each fault with small and large, good and bad uploads, in both modes.
func kibanaFaults(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, hapi *harness.Upstream) string {
		all := newBook()
		for _, stack := range s.stacks() {
			kibana := s.kibana(stack, h)
			for _, mode := range []string{"hold", "stream"} {
				h.use(t, kibana.URL(), policyOf(mode, nil))
				checkWell(t, h, kibana)
				for _, f := range uploadFaults {
					t.Run(strings.Join([]string{h.name(), stack, mode, f.name}, " "), func(t *testing.T) {
						duringFault(t, h, kibana, f, all)
					})
				}
			}
		}
		lookupFaults(t, h, hapi, all)
		killedMidUpload(t, h, hapi, all)
		return all.String()
	})
}

func duringFault(t *testing.T, h host, kibana *harness.Upstream, f kibanaFault, all *book) {
	kibana.Break(t, f.fault)
	// A client that waits for long has seen that Kibana hangs.
	limit := patience
	if f.allowed == "broken" {
		limit = time.Second
	}
	b := newBook()
	var clients sync.WaitGroup
	for _, p := range []parcel{newParcel(3000, false), newParcel(3000, true), newParcel(4<<20, false), newParcel(4<<20, true)} {
		clients.Go(func() {
			client := newClient(limit)
			defer client.CloseIdleConnections()
			answer, err := b.upload(client, h, p)
			all.note(p, answer, err)
			if err == nil && answer.Code() == "" && !strings.Contains(f.allowed, fmt.Sprint(answer.Status)) {
				t.Errorf("status %d, want %s: %s", answer.Status, f.allowed, answer.Body)
			}
			if err != nil && !strings.Contains(f.allowed, "broken") {
				t.Errorf("broken off, want %s: %v", f.allowed, err)
			}
			if err == nil && strings.HasPrefix(p.id, "good") && answer.Code() != "" {
				t.Errorf("a good file was refused with %s", answer.Code())
			}
		})
	}
	clients.Wait()
	b.check(t, h, kibana)
	kibana.Break(t, harness.Fault{})
	checkWell(t, h, kibana)
}

// lookupFaults are those of Kibana's answer to the question for the case's owner.
func lookupFaults(t *testing.T, h host, kibana *harness.Upstream, all *book) {
	for _, f := range []harness.Fault{{Kind: "hang"}, {Kind: "status", Status: 500}, {Kind: "reset-answer"}} {
		t.Run(h.name()+" look-up "+f.Kind, func(t *testing.T) {
			// A new policy remembers no owner.
			h.use(t, kibana.URL(), policyOf("hold", map[string]any{"files": map[string]any{"maxSize": fmt.Sprint(100<<20 + serial.Add(1))}}))
			kibana.Break(t, f)
			client := newClient(patience)
			defer client.CloseIdleConnections()
			started := time.Now()
			all.expect(t, client, h, newParcel(3000, false), "case_lookup_failed", http.StatusBadGateway)
			if took := time.Since(started); took > 8*time.Second {
				t.Errorf("the refusal took %s", took)
			}
			kibana.Break(t, harness.Fault{})
			all.check(t, h, kibana)
			checkWell(t, h, kibana)
		})
	}
}

// killedMidUpload cuts Kibana off while uploads flow, and asks again when it is gone.
func killedMidUpload(t *testing.T, h host, kibana *harness.Upstream, all *book) {
	for _, mode := range []string{"hold", "stream"} {
		t.Run(h.name()+" "+mode+" killed mid-upload, then dead", func(t *testing.T) {
			w := newWire(t, kibana.Addr)
			h.use(t, w.url(), policyOf(mode, nil))
			checkWell(t, h, kibana)
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() {
					client := newClient(patience)
					defer client.CloseIdleConnections()
					for range 4 {
						p := newParcel(6<<20, false)
						answer, err := all.upload(client, h, p)
						if err == nil && answer.Status != http.StatusOK && answer.Status < 500 {
							t.Errorf("status %d: %s", answer.Status, answer.Body)
						}
					}
				})
			}
			// The upstream has seen some of the uploads when it goes.
			harness.Eventually(t, "uploads are under way", func() bool { return kibana.Requests(t) >= 3 })
			w.kill()
			clients.Wait()
			client := newClient(patience)
			defer client.CloseIdleConnections()
			answer, err := all.upload(client, h, newParcel(3000, false))
			if err != nil || answer.Status != http.StatusBadGateway {
				t.Errorf("with Kibana dead: %s", told(answer, err))
			}
			all.check(t, h, kibana)
		})
	}
}
