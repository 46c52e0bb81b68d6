package docs

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

func TestSystemdUnit(t *testing.T) {
	casegate := build(t)
	unit := replace(t, read(t, "examples/systemd/casegate.service"), "/usr/local/bin/casegate", casegate)
	checkUnit(t, unit)
	path := filepath.Join(t.TempDir(), "casegate.service")
	if err := os.WriteFile(path, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return
	}
	output, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	if err != nil || bytes.Contains(output, []byte(path)) {
		t.Errorf("systemd-analyze: %v\n%s", err, output)
	}
}

// checkUnit holds the unit to its form, and its paths to those that the policy names.
func checkUnit(t *testing.T, unit string) {
	t.Helper()
	settings := map[string]string{}
	for _, line := range strings.Split(unit, "\n") {
		if line == "" || strings.HasPrefix(line, "#") || regexp.MustCompile(`^\[(Unit|Service|Install)\]$`).MatchString(line) {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || settings[name] != "" {
			t.Errorf("not a setting, or one that stands twice: %s", line)
		}
		settings[name] = value
	}
	policy := read(t, "examples/systemd/policy.yaml")
	for name, folder := range map[string]string{
		"CacheDirectory": "/var/cache/", "LogsDirectory": "/var/log/", "ConfigurationDirectory": "/etc/",
	} {
		if !strings.Contains(policy, folder+settings[name]) {
			t.Errorf("%s=%s is not what the policy names", name, settings[name])
		}
	}
	credential, _, _ := strings.Cut(settings["LoadCredential"], ":")
	if !strings.Contains(policy, "/run/credentials/casegate.service/"+credential) {
		t.Errorf("the policy does not name the credential %s", credential)
	}
}

// The gateway really serves the example's policy, but for its addresses and files.
func TestSystemdPolicy(t *testing.T) {
	casegate := build(t)
	if output, err := exec.Command(casegate, "check", "--config", filepath.Join(harness.Root(), "examples/systemd/policy.yaml")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	folder := t.TempDir()
	address, metrics := harness.FreeAddress(t), harness.FreeAddress(t)
	policy := replace(t, read(t, "examples/systemd/policy.yaml"),
		`":443"`, address, "127.0.0.1:9095", metrics, "http://127.0.0.1:5601", kibana.URL(),
		"https://id.example.com", identities.server.URL,
		"/var/cache/casegate", folder, "/var/log/casegate", folder,
		"  tls:\n    certFile: /etc/casegate/tls.crt\n    keyFile: /run/credentials/casegate.service/tls.key\n", "",
		// There is no clamd here: its own tests run one.
		"  clamd: unix:///run/clamav/clamd.ctl", "  clamd: \"\"")
	path := filepath.Join(folder, "policy.yaml")
	if err := os.WriteFile(path, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	gateway := exec.Command(casegate, "serve", "--config", path)
	gateway.Stderr = &log
	if err := gateway.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = gateway.Process.Signal(os.Interrupt)
		if err := gateway.Wait(); err != nil {
			t.Errorf("%v\n%s", err, log.Bytes())
		}
	}()
	harness.Eventually(t, "the gateway serves", func() bool {
		response, err := harness.Client.Get("http://" + address + "/-/casegate/health")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	checkEnforces(t, address, identities.token(t, identities.server.URL), "9")
	checkMetrics(t, metrics)
}
