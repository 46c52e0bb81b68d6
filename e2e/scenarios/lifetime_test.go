package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// uploader uploads small files over connections that are kept, as fast as it can. Each connection has a file of its own,
// and names its hash in X-Test-Id, so that bytes that get from one upload into another are seen.
type uploader struct {
	client *http.Client
	token  string
	forms  [8][]byte
	hashes [8]string
}

func newUploader() *uploader {
	u := &uploader{
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: time.Minute},
		token:  harness.Token(nil),
	}
	for i := range u.forms {
		file := harness.File{Name: "small.png", Type: "image/png", Bytes: harness.PNG(40+7*i, 32)}
		u.forms[i], u.hashes[i] = harness.Form(file, ""), file.SHA256()
	}
	return u
}

// upload uploads the file of one of the 8 connections.
func (u *uploader) upload(connection int) error {
	request, err := http.NewRequest(http.MethodPost, "http://"+traefik.Addr+harness.CasePath("9"), bytes.NewReader(u.forms[connection]))
	if err != nil {
		return err
	}
	request.Header.Set("X-Test-Id", u.hashes[connection])
	request.Header.Set("Authorization", "Bearer "+u.token)
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("Content-Type", "multipart/form-data; boundary="+harness.Boundary)
	response, err := u.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	return nil
}

// uploadMany uploads count times over 8 connections and gives the first failure.
func (u *uploader) uploadMany(count int) error {
	var left atomic.Int64
	left.Store(int64(count))
	failures := make(chan error, 8)
	for connection := range u.forms {
		go func() {
			for left.Add(-1) >= 0 {
				if err := u.upload(connection); err != nil {
					failures <- err
					return
				}
			}
			failures <- nil
		}()
	}
	var first error
	for range u.forms {
		first = errors.Join(first, <-failures)
	}
	return first
}

func TestReloadsWhileUploading(t *testing.T) {
	serve(t, kibana, nil)
	uploads := newUploader()
	defer uploads.client.CloseIdleConnections()
	if err := uploads.upload(0); err != nil {
		t.Fatal(err)
	}
	before, err := traefik.Goroutines()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var uploading sync.WaitGroup
	var passed atomic.Int64
	for connection := range 2 {
		uploading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := uploads.upload(connection); err != nil {
					t.Errorf("while reloading: %v", err)
					return
				}
				passed.Add(1)
			}
		})
	}
	for i := range 50 {
		reload(t, harness.Gate(kibana.URL(), harness.Policy(map[string]any{"files": map[string]any{"maxSize": fmt.Sprintf("%dMiB", 50+i)}})))
	}
	close(done)
	uploading.Wait()
	t.Logf("%d uploads passed during 50 reloads", passed.Load())
	if passed.Load() < 50 {
		t.Errorf("only %d uploads passed during 50 reloads", passed.Load())
	}
	uploads.client.CloseIdleConnections()
	harness.Eventually(t, fmt.Sprintf("Traefik has about %d goroutines again", before), func() bool {
		now, err := traefik.Goroutines()
		return err == nil && now <= before+10
	})
}

func TestManyUploadsLeaveNothingBehind(t *testing.T) {
	count := 20_000
	if text := os.Getenv("CASEGATE_E2E_UPLOADS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatalf("CASEGATE_E2E_UPLOADS: %v", err)
		}
	}
	serve(t, kibana, nil)
	uploads := newUploader()
	defer uploads.client.CloseIdleConnections()
	// Caches and pools fill, and the runtime takes what it needs, before the first measurement.
	many(t, uploads, max(count/10, 1000))
	heapBefore, before := memory(t)
	started := time.Now()
	many(t, uploads, count)
	took := time.Since(started)
	heapAfter, after := memory(t)
	t.Logf("%d uploads in %s (%.0f a second): resident %d MiB before, %d MiB after; heap %d MiB before, %d MiB after", count,
		took.Round(time.Millisecond), float64(count)/took.Seconds(), before>>20, after>>20, heapBefore>>20, heapAfter>>20)
	if allowed := before + before/5 + 16<<20; after > allowed {
		t.Errorf("resident memory went from %d to %d bytes, allowed are %d", before, after, allowed)
	}
	if allowed := heapBefore + heapBefore/10 + 8<<20; heapAfter > allowed {
		t.Errorf("the heap went from %d to %d bytes, allowed are %d", heapBefore, heapAfter, allowed)
	}
	checkNoLeftovers(t)
}

// many uploads in portions, so that the upstream's records do not pile up.
func many(t *testing.T, uploads *uploader, count int) {
	t.Helper()
	for count > 0 {
		portion := min(count, 2000)
		if err := uploads.uploadMany(portion); err != nil {
			t.Fatal(err)
		}
		checkUnmixed(t, portion)
		kibana.Reset(t)
		count -= portion
	}
}

// checkUnmixed fails the test when the upstream did not store each of so many uploads as its client sent it.
func checkUnmixed(t *testing.T, count int) {
	t.Helper()
	stored := 0
	for _, record := range kibana.Posts(t) {
		if record.Stored == nil || record.Stored.SHA256 != record.ID {
			t.Fatalf("an upload of the file %s became %+v", record.ID, record.Stored)
		}
		stored++
	}
	if stored != count {
		t.Fatalf("the upstream stored %d uploads of %d", stored, count)
	}
}

// memory is what Traefik's heap and the process hold after a garbage collection, in bytes.
func memory(t *testing.T) (heap, rss int64) {
	t.Helper()
	heap, err := traefik.HeapInUse()
	if err != nil {
		t.Fatal(err)
	}
	if rss, err = traefik.RSS(); err != nil {
		t.Fatal(err)
	}
	return heap, rss
}
