package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary behave as casegate itself, so that signals and exit codes are those of a process.
const asProgram = "CASEGATE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, args...)
	command.Env = append(os.Environ(), asProgram+"=1")
	return command
}

func TestUsage(t *testing.T) {
	cases := []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"nothing", nil, 2, "", "usage:"},
		{"help", []string{"help"}, 0, "usage:", ""},
		{"version", []string{"version"}, 0, "casegate ", ""},
		{"unknown command", []string{"chek"}, 2, "", `unknown command "chek"`},
		{"help of check", []string{"check", "--help"}, 0, "", "usage: casegate check"},
		{"help of serve", []string{"serve", "--help"}, 0, "", "usage: casegate serve"},
		{"help of demo", []string{"demo", "--help"}, 0, "", "usage: casegate demo"},
		{"unknown flag", []string{"check", "--fast"}, 2, "", "-fast"},
		{"check without anything", []string{"check"}, 2, "", "usage: casegate check"},
		{"serve without a policy", []string{"serve"}, 2, "", "usage: casegate serve"},
		{"a page for everybody", []string{"serve", "--config", "x", "--page", "0.0.0.0:80"}, 2, "", "loopback"},
		{"demo with an argument", []string{"demo", "now"}, 2, "", `"now"`},
		{"demo at no address", []string{"demo", "--listen", "8080"}, 2, "", "write host:port"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), c.args, &stdout, &stderr)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(stdout.String(), c.stdout) {
				t.Errorf("stdout: %q", stdout.String())
			}
			if !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("stderr: %q", stderr.String())
			}
		})
	}
}

func TestServeNamesEveryFault(t *testing.T) {
	config := filepath.Join(t.TempDir(), "policy.yaml")
	text := "server: {listen: here}\nfiles: {maxSize: big}\nunknown: 1\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	command := program(t, "serve", "--config", config)
	command.Stderr = &stderr
	_ = command.Run()
	if code := command.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	for _, fault := range []string{"server.listen: ", "files.maxSize: ", "unknown: ", "token"} {
		if !strings.Contains(stderr.String(), fault) {
			t.Errorf("%q is not named:\n%s", fault, stderr.String())
		}
	}
}

func TestServeObeysSignals(t *testing.T) {
	config := filepath.Join(t.TempDir(), "policy.yaml")
	address := freeAddress(t)
	write := func(policy string) {
		t.Helper()
		text := fmt.Sprintf("token: {secret: 0123456789abcdef0123456789abcdef}\nserver: {listen: '%s', upstream: 'http://127.0.0.1:9'}\n%s\n", address, policy)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	log := filepath.Join(t.TempDir(), "log")
	stderr, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	command := program(t, "serve", "--config", config)
	command.Stderr = stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	eventually(t, "the health check answers", func() bool {
		answer, err := http.Get("http://" + address + "/-/casegate/health")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	logHolds := func(text string) func() bool {
		return func() bool {
			held, err := os.ReadFile(log)
			return err == nil && strings.Contains(string(held), text)
		}
	}
	signal := func(s os.Signal) {
		t.Helper()
		if err := command.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	write("filez: {}")
	signal(syscall.SIGHUP)
	eventually(t, "the fault is logged", logHolds("filez: unknown key"))
	write("files: {maxSize: 1MiB}")
	signal(syscall.SIGHUP)
	eventually(t, "the reload is logged", logHolds("the policy was reloaded"))
	signal(syscall.SIGTERM)
	if err := command.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
