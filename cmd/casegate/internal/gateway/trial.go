package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/casegate/casegate/cmd/casegate/internal/decision"
	"github.com/casegate/casegate/cmd/casegate/internal/page"
	"github.com/casegate/casegate/middleware"
)

// trial is the page's own gate: the policy in force, with Kibana asked for the case's owner as always, but where a file
// that passes is dropped instead of attached.
type trial struct {
	folder string
	feed   *decision.Feed
	behind http.Handler
	cancel context.CancelFunc
	gate   atomic.Pointer[http.Handler]
	base   atomic.Value // string: the policy's basePath
}

func newTrial(proxy http.Handler) (*trial, error) {
	folder, err := os.MkdirTemp("", "casegate-page-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &trial{folder: folder, feed: decision.NewFeed(), behind: dropUploads(proxy), cancel: cancel}
	go func() { _ = decision.Follow(ctx, t.audit(), t.feed) }()
	return t, nil
}

func (t *trial) audit() string { return filepath.Join(t.folder, "audit.ndjson") }

func (t *trial) close() {
	t.cancel()
	_ = os.RemoveAll(t.folder)
}

// use puts the policy in force, but for where its audit events go.
func (t *trial) use(policy middleware.Policy) error {
	policy.Audit.Output = t.audit()
	gate, err := middleware.New(policy, t.behind, "page")
	if err != nil {
		return err
	}
	t.base.Store(policy.BasePath)
	t.gate.Store(&gate)
	return nil
}

// dropUploads lets the gate's own questions through to Kibana and answers everything else itself.
func dropUploads(proxy http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodGet {
			proxy.ServeHTTP(rw, req)
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(rw).Encode(map[string]string{"message": "the gate would pass this file on to Kibana"})
	})
}

// handler serves the page, and takes its uploads. Only a browser on this machine that asks for it by a loopback name is
// answered: another site could otherwise point a name of its own at it.
func (t *trial) handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		host, _, err := net.SplitHostPort(req.Host)
		if err != nil {
			host = req.Host
		}
		if !isLoopbackHost(host) {
			http.Error(rw, "open this page by its loopback address", http.StatusMisdirectedRequest)
			return
		}
		setup := page.Setup{
			Notice:   "Nothing that you try here reaches a case: Kibana is only asked whose the case is.",
			BasePath: t.base.Load().(string),
		}
		page.New(setup, t.feed).Over(http.HandlerFunc(t.upload)).ServeHTTP(rw, req)
	})
}

func (t *trial) upload(rw http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		http.NotFound(rw, req)
		return
	}
	(*t.gate.Load()).ServeHTTP(rw, req)
}
