package replicas

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// balancer is an nginx in front of replicas.
type balancer struct {
	addr, folder string
	generation   int
}

// balance starts nginx before the replicas.
func balance(t *testing.T, replicas ...*harness.Traefik) *balancer {
	t.Helper()
	b := &balancer{addr: harness.FreeAddress(t), folder: t.TempDir()}
	b.write(t, replicas)
	start(t, "nginx", "-p", b.folder, "-c", b.path("nginx.conf"), "-g", "daemon off;")
	b.wait(t)
	return b
}

// replace puts other replicas behind nginx. Requests that run go on where they are.
func (b *balancer) replace(t *testing.T, replicas ...*harness.Traefik) {
	t.Helper()
	b.write(t, replicas)
	if output, err := exec.Command("nginx", "-p", b.folder, "-c", b.path("nginx.conf"), "-s", "reload").CombinedOutput(); err != nil {
		t.Fatalf("nginx: %v\n%s", err, output)
	}
	b.wait(t)
}

// wait returns when nginx serves what was written last.
func (b *balancer) wait(t *testing.T) {
	t.Helper()
	harness.Eventually(t, "nginx serves its configuration", func() bool {
		request, err := http.NewRequest(http.MethodGet, "http://"+b.addr+"/nginx-generation", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := harness.Do(request)
		return err == nil && string(answer.Body) == strconv.Itoa(b.generation)
	})
}

func (b *balancer) path(name string) string { return filepath.Join(b.folder, name) }

// write writes the configuration: round robin, bodies passed on as they come.
func (b *balancer) write(t *testing.T, replicas []*harness.Traefik) {
	t.Helper()
	b.generation++
	servers := ""
	for _, replica := range replicas {
		servers += "    server " + replica.Addr + ";\n"
	}
	text := fmt.Sprintf(`pid %[1]s/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  client_max_body_size 0;
  upstream gates {
%[2]s  }
  server {
    listen %[3]s;
    location = /nginx-generation { return 200 "%[4]d"; }
    location / {
      proxy_pass http://gates;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`, b.folder, servers, b.addr, b.generation)
	if err := os.WriteFile(b.path("nginx.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
