package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/casegate/casegate/internal/policyfile"
)

// newProxy makes the handler that speaks to Kibana. Requests keep their path, query and Host; X-Forwarded-For, -Host and
// -Proto are set anew, and a client's own are dropped. Answers flow on as they come, and upgrades pass.
func newProxy(server policyfile.Server, log *slog.Logger) (http.Handler, error) {
	upstream, err := url.Parse(server.Upstream)
	if err != nil {
		return nil, fmt.Errorf("server.upstream: %w", err)
	}
	transport, err := newTransport(server.UpstreamTLS)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Rewrite: func(proxied *httputil.ProxyRequest) {
			proxied.SetXForwarded()
			proxied.Out.URL.Scheme = upstream.Scheme
			proxied.Out.URL.Host = upstream.Host
			// The proxy would drop parts of a query that it can't parse; Kibana reads its query itself.
			proxied.Out.URL.RawQuery = proxied.In.URL.RawQuery
		},
		Transport:     transport,
		FlushInterval: -1,
		BufferPool:    &bufferPool{},
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandler: func(rw http.ResponseWriter, req *http.Request, err error) {
			if errors.Is(err, context.Canceled) && req.Context().Err() != nil {
				// The client has left, or has only closed its side: without a status it would read 200.
				rw.WriteHeader(statusClientClosed)
				return
			}
			log.Warn("Kibana can't be reached", "error", err)
			sayBadGateway(rw)
		},
	}, nil
}

// statusClientClosed says that the client went away before there was an answer. No RFC has it; nginx and Traefik use it too.
const statusClientClosed = 499

func newTransport(settings policyfile.UpstreamTLS) (*http.Transport, error) {
	client := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: settings.ServerName}
	if settings.CAFile != "" {
		text, err := os.ReadFile(settings.CAFile)
		if err != nil {
			return nil, fmt.Errorf("server.upstreamTls.caFile: %w", err)
		}
		client.RootCAs = x509.NewCertPool()
		if !client.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("server.upstreamTls.caFile: holds no PEM certificate")
		}
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     client,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 128,
		// Below the 120 s after which Kibana closes idle connections, so that a request does not meet one that closes.
		IdleConnTimeout: 90 * time.Second,
		// Answers pass as Kibana encodes them.
		DisableCompression: true,
	}, nil
}

// sayBadGateway answers in the shape of Kibana's own errors.
func sayBadGateway(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(http.StatusBadGateway)
	_ = json.NewEncoder(rw).Encode(map[string]any{
		"statusCode": http.StatusBadGateway,
		"error":      http.StatusText(http.StatusBadGateway),
		"message":    "Kibana can't be reached at the moment: try again later",
	})
}

// bufferPool lends the buffers that answers are copied with.
type bufferPool struct{ pool sync.Pool }

const copyBuffer = 32 << 10

func (p *bufferPool) Get() []byte {
	if buffer, ok := p.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, copyBuffer)
}

func (p *bufferPool) Put(buffer []byte) { p.pool.Put(&buffer) }
