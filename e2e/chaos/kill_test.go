package chaos

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// kills kills gateways in the middle of uploads. The Traefik that the rows before have shared is the first of them; the
// short form has no time for another one, so it takes the mode in which files of both ways are under way.
func kills(t *testing.T, s *stand) string {
	modes := []string{"stream"}
	if full {
		modes = []string{"stream", "hold", "stream", "hold"}
	}
	var figures []string
	for round, mode := range modes {
		for _, h := range s.hosts() {
			t.Run(fmt.Sprintf("%s %s %d", h.name(), mode, round+1), func(t *testing.T) {
				figures = append(figures, fmt.Sprintf("%s %s: %s", h.name(), mode, killed(t, h, s.kibana("hapi", h), mode, round)))
			})
		}
		s.traefik, s.serve.command = nil, nil
	}
	return strings.Join(figures, "; ")
}

func killed(t *testing.T, h host, kibana *harness.Upstream, mode string, round int) *book {
	h.use(t, kibana.URL(), policyOf(mode, nil))
	checkWell(t, h, kibana)
	b := newBook()
	var clients sync.WaitGroup
	gone := make(chan struct{})
	for i := range 10 {
		clients.Go(func() {
			client := newClient(patience)
			defer client.CloseIdleConnections()
			for {
				select {
				case <-gone:
					return
				default:
				}
				if i%2 == 0 {
					_, _ = b.upload(client, h, newParcel(6<<20, i == 4))
					continue
				}
				// A ZIP is held in both modes.
				n := serial.Add(1)
				archive := harness.Zip(map[string][]byte{"notes.txt": []byte(fmt.Sprintf("inside %d\n", n))})
				_, _ = b.upload(client, h, parcelOf("good", harness.File{Name: "bundle.zip", Type: "application/zip", Bytes: archive}, n))
			}
		})
	}
	harness.Eventually(t, "uploads are under way", func() bool { return kibana.Requests(t) >= 10+7*round })
	if err := syscall.Kill(h.pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	close(gone)
	clients.Wait()
	ended(t, h)
	// What was on its way to Kibana when the gateway died arrives or breaks off there.
	settled := kibana.Requests(t)
	within(time.Second, func() bool {
		now := kibana.Requests(t)
		still := now == settled
		settled = now
		return still
	})
	entries, err := os.ReadDir(h.temp())
	if err != nil || len(entries) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", entries, err)
	}
	b.checkStored(t, h, kibana)
	if b.count("broken") == 0 {
		t.Errorf("no upload was broken off: %s", b)
	}
	return b
}

func ended(t *testing.T, h host) {
	t.Helper()
	switch h := h.(type) {
	case *traefikHost:
		select {
		case <-h.Exited():
		case <-time.After(patience):
			t.Fatal("Traefik did not end")
		}
	case *program:
		_ = h.command.Wait()
	}
	client := newClient(time.Second)
	defer client.CloseIdleConnections()
	if answer, err := send(client, h, newParcel(3000, false)); err == nil && answer.Status == http.StatusOK {
		t.Error("a gateway that was killed answers")
	}
}
