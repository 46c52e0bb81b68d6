package policyfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// enough is the least that the policy itself needs.
const enough = "token: {secret: 0123456789abcdef0123456789abcdef}\n"

func TestParseGood(t *testing.T) {
	text := enough + `
files: {maxSize: 3MiB}
server:
  listen: 0.0.0.0:8443
  upstream: https://kibana:5601
  tls: {certFile: a.pem, keyFile: b.pem}
  upstreamTLS: {caFile: ca.pem, serverName: kibana.example}
  readHeaderTimeout: 5s
  idleTimeout: 1m
  bodyTimeout: 20s
  bodyRate: 32KiB
  shutdownTimeout: 2m
  metricsListen: 127.0.0.1:9090
  health: ""
`
	file, faults := parse([]byte(text))
	if len(faults) > 0 {
		t.Fatalf("faults: %q", faults)
	}
	want := Server{
		Listen: "0.0.0.0:8443", Upstream: "https://kibana:5601",
		TLS:               TLS{CertFile: "a.pem", KeyFile: "b.pem"},
		UpstreamTLS:       UpstreamTLS{CAFile: "ca.pem", ServerName: "kibana.example"},
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, BodyTimeout: 20 * time.Second, BodyRate: 32 << 10,
		ShutdownTimeout: 2 * time.Minute, MetricsListen: "127.0.0.1:9090",
	}
	if file.Server != want {
		t.Errorf("server: got %+v, want %+v", file.Server, want)
	}
	if file.Policy.Files.MaxSize != 3<<20 {
		t.Errorf("files.maxSize: got %d", file.Policy.Files.MaxSize)
	}
}

func TestParseDefaults(t *testing.T) {
	for name, text := range map[string]string{
		"no server section":    enough,
		"empty server section": enough + "server:\n",
		"nulls":                enough + "server: {listen: null, tls: null, bodyRate: null}\n",
	} {
		t.Run(name, func(t *testing.T) {
			file, faults := parse([]byte(text))
			if len(faults) > 0 {
				t.Fatalf("faults: %q", faults)
			}
			if file.Server != DefaultServer() {
				t.Errorf("got %+v", file.Server)
			}
		})
	}
}

func TestParseFaults(t *testing.T) {
	cases := []struct {
		name string
		text string
		want []string // the beginning of each fault, in order
	}{
		{"not YAML", "a: [", []string{"yaml: "}},
		{"a list", "- a\n", []string{"the file is not a mapping"}},
		{"two documents", enough + "---\n" + enough, []string{"the file holds more than one YAML document"}},
		{"a key twice", enough + "metricsPath: /a\nmetricsPath: /b\n", []string{"line 3: mapping key"}},
		{"a key that is a number", enough + "files: {1: a}\n", []string{"files: the key 1 is not a string"}},
		{"a key that is a number, in a list", enough + "privileges: {grants: [{2: b}]}\n", []string{"privileges.grants[0]: the key 2 is not a string"}},
		{"server in two spellings", enough + "server: {}\nServer: {}\n", []string{"server: stands twice"}},
		{"server is a text", enough + "server: kibana\n", []string{"server: must be a section"}},
		{"an unknown key of the policy", enough + "filez: {}\n", []string{"filez: unknown key"}},
		{"upstream with a path", enough + "server: {upstream: http://kibana:5601/base}\n", []string{"server.upstream: write"}},
		{"upstream of another kind", enough + "server: {upstream: 'unix:///kibana'}\n", []string{"server.upstream: write"}},
		{"upstream with a user", enough + "server: {upstream: 'http://a:b@kibana'}\n", []string{"server.upstream: write"}},
		{"a certificate without a key", enough + "server: {tls: {certFile: a}}\n", []string{"server.tls: certFile and keyFile belong together"}},
		{"a CA for plain HTTP", enough + "server: {upstream: http://k, upstreamTls: {caFile: a}}\n", []string{"server.upstreamTls: has no effect"}},
		{
			"everything at once", "server: {listen: 8080, metricsListen: '9090', LISTEN: ':1', health: up, bodyRate: 0, bodyTimeout: 30, idleTimeout: -1s, tls: [], more: 1}\ndelivery: {mode: fast}\n",
			[]string{
				"server.listen: stands there twice", "server.metricsListen: write host:port", "server.health: must begin with /", "server.idleTimeout: must be above zero", "server.bodyTimeout: must be a duration",
				"server.bodyRate: must be above zero", "server.tls: must be a section", "server.more: unknown key", "delivery.mode: ", "token",
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, faults := parse([]byte(c.text))
			for _, want := range c.want {
				if !anyBegins(faults, want) {
					t.Errorf("no fault begins with %q: %q", want, faults)
				}
			}
			if len(faults) != len(c.want) {
				t.Errorf("got %d faults, want %d: %q", len(faults), len(c.want), faults)
			}
		})
	}
}

func anyBegins(faults []string, beginning string) bool {
	for _, fault := range faults {
		if strings.HasPrefix(fault, beginning) {
			return true
		}
	}
	return false
}

func TestReadBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, faults := Read(path); len(faults) != 1 || !strings.Contains(faults[0], "larger than 1 MiB") {
		t.Errorf("a huge file: %q", faults)
	}
	if _, faults := Read(path + ".none"); len(faults) != 1 {
		t.Errorf("a missing file: %q", faults)
	}
}
