package scan

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// eicar is the harmless test file of the antivirus makers (eicar.org), put together here so that no file of the
// repository is reported.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR" + "-STANDARD-" + "ANTIVIRUS" + "-TEST-FILE!$H+H*")
}

// startClamd runs a real daemon whose whole database is one signature, so that it is up within a second.
func startClamd(t *testing.T) (url string) {
	t.Helper()
	binary, err := exec.LookPath("clamd")
	if err != nil {
		if binary, err = exec.LookPath("/usr/sbin/clamd"); err != nil {
			t.Fatal("clamd is not installed: apt-get install clamav-daemon (Debian, Ubuntu) or brew install clamav")
		}
	}
	// A socket's path is limited to some 100 characters, which a test's own folder may exceed.
	dir, err := os.MkdirTemp("", "clamd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "clamd.ctl")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("test.ndb", "Test.Signature:0:*:"+hex.EncodeToString(eicar())+"\n")
	config := fmt.Sprintf("LocalSocket %s\nDatabaseDirectory %s\nForeground yes\nStreamMaxLength 1M\n", socket, dir)
	if os.Getuid() == 0 {
		config += "User root\n"
	}
	var output bytes.Buffer
	command := exec.Command(binary, "--config-file="+write("clamd.conf", config))
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("clamd said:\n%s", output.String())
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
			return "unix://" + socket
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("clamd ended: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("clamd does not listen after 30 s")
		}
	}
}

func TestRealClamd(t *testing.T) {
	url := startClamd(t)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a clean file":          {[]byte("nothing to see"), ""},
		"an empty file":         {nil, ""},
		"exactly one chunk":     {bytes.Repeat([]byte("0123456789abcdef"), chunkSize/16), ""},
		"the test virus":        {eicar(), "malware_found"},
		"it across chunks":      {append(bytes.Repeat([]byte(" "), chunkSize-30), eicar()...), "malware_found"},
		"more than clamd takes": {bytes.Repeat([]byte("0123456789abcdef"), 1<<17), "scanner_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			no := scanner(t, url, Refuse).Scan(context.Background(), bytes.NewReader(c.file))
			if code(no) != c.want {
				t.Fatalf("%+v, want %q", no, c.want)
			}
			if c.want == "malware_found" && !strings.Contains(no.Detail, "Test.Signature") {
				t.Errorf("detail %q, want the signature's name", no.Detail)
			}
		})
	}
}
