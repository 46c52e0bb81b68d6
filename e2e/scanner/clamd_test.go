package scanner

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// signature is the one signature of the database.
const signature = "Casegate.Test.Signature"

// eicar is the antivirus makers' harmless test file (eicar.org), put together here so that no scanner reports this
// repository.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR" + "-STANDARD-" + "ANTIVIRUS" + "-TEST-FILE!$H+H*")
}

// clamd is the real daemon, which can be killed and started again.
type clamd struct {
	folder  string
	command *exec.Cmd
	output  bytes.Buffer
	ended   chan struct{}
}

// newClamd makes the daemon's folder, in another one: a database of one signature, which loads in no time, and a
// configuration. A socket's path is limited to some 100 characters.
func newClamd(in string) (*clamd, error) {
	c := &clamd{folder: filepath.Join(in, "clamd")}
	if err := os.Mkdir(c.folder, 0o700); err != nil {
		return nil, err
	}
	config := fmt.Sprintf("LocalSocket %s\nDatabaseDirectory %s\nForeground yes\n", c.path("clamd.ctl"), c.folder)
	if os.Getuid() == 0 {
		config += "User root\n"
	}
	if err := os.WriteFile(c.path("clamd.conf"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	row := signature + ":0:*:" + hex.EncodeToString(eicar()) + "\n"
	return c, os.WriteFile(c.path("test.ndb"), []byte(row), 0o600)
}

func (c *clamd) path(name string) string { return filepath.Join(c.folder, name) }

// url is the daemon's address as the gate's policy writes it.
func (c *clamd) url() string { return "unix://" + c.path("clamd.ctl") }

// start starts the daemon and returns when it listens.
func (c *clamd) start(t *testing.T) {
	t.Helper()
	binary, err := exec.LookPath("clamd")
	if err != nil {
		// Debian puts it where only root's PATH leads.
		binary = "/usr/sbin/clamd"
	}
	c.output.Reset()
	c.command = exec.Command(binary, "--config-file="+c.path("clamd.conf"))
	c.command.Stdout, c.command.Stderr = &c.output, &c.output
	c.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	command := c.command
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	c.ended = ended
	harness.Eventually(t, "clamd listens", func() bool {
		select {
		case <-ended:
			t.Fatalf("clamd ended:\n%s", c.output.String())
		default:
		}
		connection, err := net.DialTimeout("unix", c.path("clamd.ctl"), time.Second)
		if err != nil {
			return false
		}
		connection.Close()
		return true
	})
}

// kill ends the daemon in the middle of whatever it does, and returns when it is gone.
func (c *clamd) kill() {
	if c.command == nil {
		return
	}
	_ = c.command.Process.Kill()
	<-c.ended
	c.command = nil
}
