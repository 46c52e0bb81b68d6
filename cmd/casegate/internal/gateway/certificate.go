package gateway

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/casegate/casegate/internal/policyfile"
)

// lookAgain is how often, at most, the certificate's files are looked at, as for the files that the policy names.
const lookAgain = 10 * time.Second

// certificate serves a certificate from two files and takes it anew when they change. One that does not load leaves the
// last good one in place.
type certificate struct {
	files policyfile.TLS
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	changed [2]time.Time
	looked  time.Time
}

func newCertificate(files policyfile.TLS, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, log: log, now: time.Now}
	if err := c.load(c.times()); err != nil {
		return nil, fmt.Errorf("server.tls: %w", err)
	}
	return c, nil
}

func (c *certificate) get(_ *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookAgain {
		c.looked = now
		if changed := c.times(); changed != c.changed {
			if err := c.load(changed); err != nil {
				c.log.Error("server.tls: the new certificate does not load; the old one stays", "error", err)
			}
		}
	}
	return c.pair, nil
}

func (c *certificate) load(changed [2]time.Time) error {
	c.changed = changed
	c.looked = c.now()
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return err
	}
	c.pair = &pair
	return nil
}

// times are when the two files were written; zero for one that can't be seen.
func (c *certificate) times() [2]time.Time {
	var changed [2]time.Time
	for index, path := range []string{c.files.CertFile, c.files.KeyFile} {
		if info, err := os.Stat(path); err == nil {
			changed[index] = info.ModTime()
		}
	}
	return changed
}
