package chaos

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// smallFolder mounts a folder that holds 8 MiB.
func smallFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if text, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "casegate-chaos", folder).CombinedOutput(); err != nil {
		t.Fatalf("a small tmpfs can't be mounted: run this test as root in a place where mount is allowed: %v\n%s", err, text)
	}
	t.Cleanup(func() {
		if text, err := exec.Command("umount", "--lazy", folder).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, text)
		}
	})
	return folder
}

func remount(t *testing.T, folder, how string) {
	t.Helper()
	if text, err := exec.Command("mount", "-o", "remount,"+how, folder).CombinedOutput(); err != nil {
		t.Fatalf("remounting: %v\n%s", err, text)
	}
}

func checkEmpty(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 0 {
		t.Errorf("the temporary folder holds %v, %v", entries, err)
	}
}

func folderFaults(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		folder := smallFolder(t)
		b := newBook()
		client := newClient(patience)
		t.Cleanup(client.CloseIdleConnections)
		h.use(t, kibana.URL(), policyOf("hold", map[string]any{"delivery": map[string]any{"directory": folder}}))
		checkWell(t, h, kibana)
		t.Run(h.name()+" full", func(t *testing.T) {
			answer := b.expect(t, client, h, newParcel(20<<20, false), "storage_unavailable", http.StatusServiceUnavailable)
			if answer != nil && answer.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			b.expect(t, client, h, newParcel(20<<20, true), "storage_unavailable", http.StatusServiceUnavailable)
			var clients sync.WaitGroup
			for range size(8, 30) {
				clients.Go(func() {
					own := newClient(patience)
					defer own.CloseIdleConnections()
					answer, err := b.upload(own, h, newParcel(3<<20, false))
					if err == nil && answer.Status != http.StatusOK && answer.Code() != "storage_unavailable" {
						t.Errorf("%+v", answer)
					}
					// Only what fits into memory is sure to pass.
					if answer, err := b.upload(own, h, newParcel(3000, false)); err != nil || answer.Status != http.StatusOK {
						t.Errorf("a small file: %s", told(answer, err))
					}
				})
			}
			clients.Wait()
			b.check(t, h, kibana)
			checkEmpty(t, folder)
			checkWell(t, h, kibana)
		})
		t.Run(h.name()+" read-only", func(t *testing.T) {
			remount(t, folder, "ro")
			t.Cleanup(func() { remount(t, folder, "rw") })
			for range 3 {
				b.expect(t, client, h, newParcel(3<<20, false), "storage_unavailable", http.StatusServiceUnavailable)
			}
			if answer, err := b.upload(client, h, newParcel(3000, false)); err != nil || answer.Status != http.StatusOK {
				t.Errorf("a small file: %s", told(answer, err))
			}
			b.check(t, h, kibana)
		})
		checkWell(t, h, kibana)
		checkEmpty(t, folder)
		// Nothing of this gate may be on the folder when it goes.
		h.use(t, kibana.URL(), policyOf("hold", nil))
		return b.String()
	})
}

// limitDescriptors sets how many descriptors a process may have; 0 gives it back what it may have at most.
func limitDescriptors(t *testing.T, pid, most int) {
	t.Helper()
	limit := fmt.Sprintf("--nofile=%d:", most)
	if most == 0 {
		text, err := exec.Command("prlimit", "--pid", strconv.Itoa(pid), "--nofile", "--noheadings", "--output", "HARD").Output()
		if err != nil {
			t.Fatal(err)
		}
		limit = "--nofile=" + strings.TrimSpace(string(text)) + ":"
	}
	if text, err := exec.Command("prlimit", "--pid", strconv.Itoa(pid), limit).CombinedOutput(); err != nil {
		t.Fatalf("prlimit: %v\n%s", err, text)
	}
}

// descriptorFaults has connections open, and then leaves the process a few descriptors for temporary files and Kibana.
func descriptorFaults(t *testing.T, s *stand) string {
	return s.each(t, true, func(t *testing.T, h host, kibana *harness.Upstream) string {
		h.use(t, kibana.URL(), policyOf("hold", nil))
		checkWell(t, h, kibana)
		b := newBook()
		for _, spare := range []int{0, 2, 10} {
			t.Run(fmt.Sprintf("%s %d left", h.name(), spare), func(t *testing.T) {
				scarce(t, h, kibana, b, spare)
			})
		}
		if b.count("200")+b.count("content_mismatch") == 3*2*scarceClients {
			t.Error("every upload passed: nothing was scarce")
		}
		return b.String()
	})
}

// scarceClients are how many connections stay open.
const scarceClients = 12

// lowestFree is the number that the process's next descriptor gets: the limit is one on numbers.
func lowestFree(pid int) int {
	for n := 0; ; n++ {
		if _, err := os.Lstat(fmt.Sprintf("/proc/%d/fd/%d", pid, n)); err != nil {
			return n
		}
	}
}

// scarce leaves the process so many descriptors more than those that it has.
func scarce(t *testing.T, h host, kibana *harness.Upstream, b *book, spare int) {
	var clients []*http.Client
	for range scarceClients {
		client := newClient(patience)
		t.Cleanup(client.CloseIdleConnections)
		clients = append(clients, client)
		// A refusal opens the connection and costs nothing more.
		request, err := http.NewRequest(http.MethodPost, "http://"+h.address()+harness.CasePath("9"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := answerOf(client, request); err != nil {
			t.Fatal(err)
		}
	}
	limitDescriptors(t, h.pid(), lowestFree(h.pid())+spare)
	t.Cleanup(func() { limitDescriptors(t, h.pid(), 0) })
	var sending sync.WaitGroup
	for i, client := range clients {
		sending.Go(func() {
			for range 2 {
				answer, err := b.upload(client, h, newParcel(3000+i%2*3<<20, i%4 == 3))
				if err == nil && answer.Status != http.StatusOK && answer.Status < 500 && answer.Code() != "content_mismatch" {
					t.Errorf("status %d: %s", answer.Status, answer.Body)
				}
			}
		})
	}
	sending.Wait()
	limitDescriptors(t, h.pid(), 0)
	b.check(t, h, kibana)
	checkWell(t, h, kibana)
}
