package policyfile

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/casegate/casegate/middleware/keys"
)

// Server is the section `server`: what the gateway does beside the policy. It is read at the start alone; a reload takes
// the policy only.
type Server struct {
	// Listen is the address that clients connect to.
	Listen string
	// Upstream is Kibana's address, http:// or https://, without a path: the request's own path is sent on as it came.
	Upstream string
	// TLS is the certificate that clients see. Without one the gateway speaks plain HTTP.
	TLS TLS
	// UpstreamTLS is for an Upstream of https://.
	UpstreamTLS UpstreamTLS
	// ReadHeaderTimeout bounds the time a client takes for its headers.
	ReadHeaderTimeout time.Duration
	// IdleTimeout is how long a connection stays open between two requests.
	IdleTimeout time.Duration
	// BodyTimeout is the time a client has for sending its body, to which every received BodyRate bytes add a second.
	// The time in which the gateway itself does not read does not count.
	BodyTimeout time.Duration
	// BodyRate is the speed, in bytes a second, that a body must keep on average once BodyTimeout is used up.
	BodyRate int64
	// ShutdownTimeout is how long requests that run at SIGTERM or SIGINT may take to finish.
	ShutdownTimeout time.Duration
	// MetricsListen is an address of its own for the policy's metricsPath, which then answers 404 at Listen. "" serves the
	// metrics at Listen, to everybody who reaches it.
	MetricsListen string
	// Health is the path that answers 200 while the gateway serves; "" turns it off.
	Health string
}

// TLS names the gateway's certificate chain and key, both PEM; both are re-read when they change.
type TLS struct {
	// CertFile is the path of the certificate chain, PEM. It is read again when it changes.
	CertFile string
	// KeyFile is the path of its key, PEM. It is read again when it changes.
	KeyFile string
}

// UpstreamTLS says how Kibana's certificate is verified.
type UpstreamTLS struct {
	// CAFile holds the certificates to trust, PEM; "" trusts the system's.
	CAFile string
	// ServerName is the name that the certificate must carry; "" takes Upstream's host.
	ServerName string
}

// DefaultServer returns the section as it is when the file does not name it. Listen on loopback is a default that can't
// expose anything by accident.
func DefaultServer() Server {
	return Server{
		Listen:            "127.0.0.1:8080",
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BodyTimeout:       30 * time.Second,
		BodyRate:          16 << 10,
		ShutdownTimeout:   time.Minute,
		Health:            "/-/casegate/health",
	}
}

// takeServer removes the section from raw, so that the policy's decoder sees only its own keys.
func takeServer(raw map[string]any) (map[string]any, []string) {
	var section map[string]any
	var faults []string
	found := false
	for _, key := range sortedKeys(raw) {
		if !strings.EqualFold(key, "server") {
			continue
		}
		if found {
			faults = append(faults, key+": stands twice (names are read without regard to case): leave one")
		}
		found = true
		mapping, isMapping := raw[key].(map[string]any)
		if !isMapping && raw[key] != nil {
			faults = append(faults, key+": must be a section with keys such as listen and upstream")
		}
		section = mapping
		delete(raw, key)
	}
	return section, faults
}

func decodeServer(values map[string]any) (Server, []string) {
	server := DefaultServer()
	faults := []string{}
	s := keys.New("server", values, &faults)
	s.Text("listen", &server.Listen)
	s.Text("upstream", &server.Upstream)
	s.Text("metricsListen", &server.MetricsListen)
	s.Text("health", &server.Health)
	s.Duration("readHeaderTimeout", &server.ReadHeaderTimeout)
	s.Duration("idleTimeout", &server.IdleTimeout)
	s.Duration("bodyTimeout", &server.BodyTimeout)
	s.Size("bodyRate", &server.BodyRate)
	s.Duration("shutdownTimeout", &server.ShutdownTimeout)
	tls := s.Section("tls")
	tls.Text("certFile", &server.TLS.CertFile)
	tls.Text("keyFile", &server.TLS.KeyFile)
	tls.Done()
	upstreamTLS := s.Section("upstreamTls")
	upstreamTLS.Text("caFile", &server.UpstreamTLS.CAFile)
	upstreamTLS.Text("serverName", &server.UpstreamTLS.ServerName)
	upstreamTLS.Done()
	s.Done()
	return server, append(faults, server.faults()...)
}

// faults checks what the types alone do not. Upstream may be missing here: `casegate check` needs none.
func (s Server) faults() []string {
	var faults []string
	for _, one := range []struct {
		key   string
		value time.Duration
	}{
		{"readHeaderTimeout", s.ReadHeaderTimeout},
		{"idleTimeout", s.IdleTimeout},
		{"bodyTimeout", s.BodyTimeout},
		{"shutdownTimeout", s.ShutdownTimeout},
	} {
		if one.value <= 0 {
			faults = append(faults, "server."+one.key+": must be above zero")
		}
	}
	if s.BodyRate <= 0 {
		faults = append(faults, "server.bodyRate: must be above zero, such as 16KiB")
	}
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		faults = append(faults, "server.listen: write host:port or :port, e.g. 0.0.0.0:8443")
	}
	if _, _, err := net.SplitHostPort(s.MetricsListen); err != nil && s.MetricsListen != "" {
		faults = append(faults, "server.metricsListen: write host:port, e.g. 127.0.0.1:9090")
	}
	if s.Upstream != "" && !plainOrigin(s.Upstream) {
		faults = append(faults, "server.upstream: write Kibana's address as http://host:port or https://host:port, without user, path, query or fragment")
	}
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		faults = append(faults, "server.tls: certFile and keyFile belong together: name both or none")
	}
	if s.UpstreamTLS != (UpstreamTLS{}) && !strings.HasPrefix(s.Upstream, "https://") {
		faults = append(faults, "server.upstreamTls: has no effect unless server.upstream is https://: change one of them")
	}
	if s.Health != "" && !strings.HasPrefix(s.Health, "/") {
		faults = append(faults, "server.health: must begin with /, or be empty to turn it off")
	}
	return faults
}

func plainOrigin(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" {
		return false
	}
	origin := parsed.Scheme + "://" + parsed.Host
	return (parsed.Scheme == "http" || parsed.Scheme == "https") && (address == origin || address == origin+"/")
}
