// Package gateway runs the gate as a reverse proxy of its own in front of Kibana, for edges without Traefik.
package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/casegate/casegate/internal/policyfile"
	"github.com/casegate/casegate/middleware"
)

// gateway is one running gateway. The policy is swapped as a whole; what runs at that moment ends under the old one.
type gateway struct {
	config string
	server policyfile.Server
	log    *slog.Logger
	proxy  http.Handler
	tls    *tls.Config
	gate   atomic.Pointer[inForce]
	trial  *trial // nil without a page
}

// inForce is the gate of the policy that is in force.
type inForce struct {
	http.Handler
	metricsPath string
}

// newGateway reads the configuration. The faults are all that keep it from starting.
func newGateway(config string, withPage bool, log *slog.Logger) (*gateway, []string) {
	file, faults := policyfile.Read(config)
	g := &gateway{config: config, server: file.Server, log: log}
	if len(faults) == 0 && g.server.Upstream == "" {
		faults = append(faults, "server.upstream: is missing: write Kibana's address, e.g. https://kibana:5601")
	}
	if len(faults) == 0 && g.server.MetricsListen != "" && file.Policy.MetricsPath == "" {
		faults = append(faults, "metricsPath: is missing: server.metricsListen needs a path such as /metrics to serve")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if faults := g.prepare(); len(faults) > 0 {
		return nil, faults
	}
	if withPage {
		trial, err := newTrial(g.proxy)
		if err != nil {
			return nil, []string{err.Error()}
		}
		g.trial = trial
	}
	if faults := g.use(file.Policy); len(faults) > 0 {
		g.close()
		return nil, faults
	}
	return g, nil
}

// prepare loads what the server section names.
func (g *gateway) prepare() []string {
	var faults []string
	proxy, err := newProxy(g.server, g.log)
	if err != nil {
		faults = append(faults, err.Error())
	}
	g.proxy = proxy
	if g.server.TLS.CertFile == "" {
		return faults
	}
	pair, err := newCertificate(g.server.TLS, g.log)
	if err != nil {
		return append(faults, err.Error())
	}
	g.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	return faults
}

// use puts the policy in force.
func (g *gateway) use(policy middleware.Policy) []string {
	gate, err := middleware.New(policy, g.proxy, "serve")
	if err != nil {
		return []string{err.Error()}
	}
	if g.trial != nil {
		if err := g.trial.use(policy); err != nil {
			return []string{err.Error()}
		}
	}
	g.gate.Store(&inForce{gate, policy.MetricsPath})
	return nil
}

// reload reads the policy again. With faults the old policy stays: closing the door for a slip of the operator's, while a good
// policy is at hand, would help nobody.
func (g *gateway) reload() {
	file, faults := policyfile.Read(g.config)
	if len(faults) == 0 {
		faults = g.use(file.Policy)
	}
	for _, fault := range faults {
		g.log.Error("the policy was not reloaded; the old one stays in force", "file", g.config, "fault", fault)
	}
	if len(faults) > 0 {
		return
	}
	g.log.Info("the policy was reloaded", "file", g.config)
	if file.Server != g.server {
		g.log.Warn("the section server has changed too: that needs a restart", "file", g.config)
	}
}

func (g *gateway) close() {
	if g.trial != nil {
		g.trial.close()
	}
}

// handler answers the health check and gives everything else to the policy in force.
func (g *gateway) handler() http.Handler {
	current := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		gate := g.gate.Load()
		if g.server.MetricsListen != "" && req.URL.Path == gate.metricsPath {
			http.NotFound(rw, req)
			return
		}
		gate.ServeHTTP(rw, req)
	})
	paced := &pace{next: current, timeout: g.server.BodyTimeout, rate: g.server.BodyRate}
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		isRead := req.Method == http.MethodGet || req.Method == http.MethodHead
		if isRead && g.server.Health != "" && req.URL.Path == g.server.Health {
			rw.Header().Set("Cache-Control", "no-store")
			_, _ = io.WriteString(rw, "ok\n")
			return
		}
		paced.ServeHTTP(rw, req)
	})
}

// metrics answers the policy's metricsPath and nothing else.
func (g *gateway) metrics(rw http.ResponseWriter, req *http.Request) {
	gate := g.gate.Load()
	if req.Method != http.MethodGet || gate.metricsPath == "" || req.URL.Path != gate.metricsPath {
		http.NotFound(rw, req)
		return
	}
	gate.ServeHTTP(rw, req)
}

// maxHeader is what a request's headers may have; Kibana itself takes 16 KiB.
const maxHeader = 64 << 10

// serve answers on the listener until ctx ends, then lets what runs finish for at most ShutdownTimeout.
func (g *gateway) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           g.handler(),
		TLSConfig:         g.tls,
		ReadHeaderTimeout: g.server.ReadHeaderTimeout,
		IdleTimeout:       g.server.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() {
		if g.tls == nil {
			failed <- server.Serve(listener)
			return
		}
		failed <- server.ServeTLS(listener, "", "")
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	g.log.Info("stopping: no new connections; requests that run may finish", "for", g.server.ShutdownTimeout)
	patience, cancel := context.WithTimeout(context.Background(), g.server.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		_ = server.Close()
		return fmt.Errorf("requests still ran after server.shutdownTimeout (%s) and were cut off", g.server.ShutdownTimeout)
	}
	return nil
}
