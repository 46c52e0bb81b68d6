package harness

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// FreeAddress is a loopback address that nothing listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// StartAsGiven starts Traefik for one test with exactly these files beside the plugin's sources, as somebody who copied
// them would, and these arguments. It is ready when the gate at address would refuse an upload to the host without a token.
func StartAsGiven(t testing.TB, address, host string, files map[string]string, arguments ...string) *Traefik {
	t.Helper()
	binary, err := traefikBinary()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	traefik := &Traefik{Addr: address, Folder: folder, TempDir: filepath.Join(folder, "tmp"), exited: make(chan struct{})}
	if err := os.Mkdir(traefik.TempDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := plantPlugin(folder); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(traefik.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(traefik.path("output.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	traefik.command = exec.Command(binary, arguments...)
	traefik.command.Dir = folder
	traefik.command.Env = append(os.Environ(), "TMPDIR="+traefik.TempDir)
	traefik.command.Stdout, traefik.command.Stderr = log, log
	traefik.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := traefik.command.Start(); err != nil {
		t.Fatal(err)
	}
	traefik.PID = traefik.command.Process.Pid
	go func() {
		_ = traefik.command.Wait()
		close(traefik.exited)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			traefik.Dump()
		}
		traefik.Stop()
	})
	Eventually(t, "the gate answers at "+address, func() bool {
		select {
		case <-traefik.exited:
			t.Fatal("Traefik ended by itself")
		default:
		}
		request := Upload(t, address, CasePath("9"), "", http.NoBody)
		request.Host = host
		answer, err := Do(request)
		return err == nil && (answer.Code() == "token_missing" || answer.Header.Get("X-Casegate-Report") == "token_missing")
	})
	return traefik
}
