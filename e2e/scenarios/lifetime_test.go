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

// uploader uploads small files over connections that are kept, as fast as it can.
type uploader struct {
	client *http.Client
	token  string
	form   []byte
}

func newUploader() *uploader {
	return &uploader{
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: time.Minute},
		token:  harness.Token(nil),
		form:   harness.Form(harness.File{Name: "small.png", Type: "image/png", Bytes: harness.PNG(48, 32)}, ""),
	}
}

func (u *uploader) upload() error {
	request, err := http.NewRequest(http.MethodPost, "http://"+traefik.Addr+harness.CasePath("9"), bytes.NewReader(u.form))
	if err != nil {
		return err
	}
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
	for range 8 {
		go func() {
			for left.Add(-1) >= 0 {
				if err := u.upload(); err != nil {
					failures <- err
					return
				}
			}
			failures <- nil
		}()
	}
	var first error
	for range 8 {
		first = errors.Join(first, <-failures)
	}
	return first
}

func TestReloadsWhileUploading(t *testing.T) {
	serve(t, kibana, nil)
	uploads := newUploader()
	defer uploads.client.CloseIdleConnections()
	if err := uploads.upload(); err != nil {
		t.Fatal(err)
	}
	before, err := traefik.Goroutines()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var uploading sync.WaitGroup
	var passed atomic.Int64
	for range 4 {
		uploading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := uploads.upload(); err != nil {
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
	before := memory(t)
	started := time.Now()
	many(t, uploads, count)
	took := time.Since(started)
	after := memory(t)
	t.Logf("%d uploads in %s (%.0f a second): resident memory %d MiB before, %d MiB after", count, took.Round(time.Millisecond), float64(count)/took.Seconds(), before>>20, after>>20)
	if allowed := before + before/5 + 16<<20; after > allowed {
		t.Errorf("resident memory went from %d to %d bytes, allowed are %d", before, after, allowed)
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
		if got := kibana.Requests(t); got < portion {
			t.Fatalf("the upstream saw %d requests of %d", got, portion)
		}
		kibana.Reset(t)
		count -= portion
	}
}

// memory is Traefik's resident memory after a garbage collection, in bytes.
func memory(t *testing.T) int64 {
	t.Helper()
	if _, err := traefik.HeapInUse(); err != nil {
		t.Fatal(err)
	}
	rss, err := traefik.RSS()
	if err != nil {
		t.Fatal(err)
	}
	return rss
}
