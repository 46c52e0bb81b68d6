package identity

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const keysTTL = time.Second

// uploads run until they are stopped, each with a token of its own that the provider has just made.
type uploads struct {
	turn    sync.RWMutex
	passed  atomic.Int64
	done    chan struct{}
	running sync.WaitGroup
}

func startUploads(t *testing.T, p *provider) *uploads {
	t.Helper()
	u := &uploads{done: make(chan struct{})}
	c := newClient(t, smallFile())
	for range 3 {
		u.running.Go(func() {
			for {
				select {
				case <-u.done:
					return
				default:
				}
				if err := u.one(c, p); err != nil {
					t.Errorf("an upload failed: %v", err)
					return
				}
			}
		})
	}
	return u
}

// one uploads once. While it runs nobody can have its turn.
func (u *uploads) one(c *client, p *provider) error {
	u.turn.RLock()
	defer u.turn.RUnlock()
	token, err := p.token()
	if err != nil {
		return err
	}
	answer, err := c.upload("", token)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("status %d: %s", answer.Status, answer.Body)
	}
	u.passed.Add(1)
	return nil
}

// drain returns when every upload with a token made before has ended: from now on they all have newer tokens.
func (u *uploads) drain() {
	u.turn.Lock()
	defer u.turn.Unlock()
}

// more returns when some more uploads have passed, or failed.
func (u *uploads) more(t *testing.T) {
	t.Helper()
	aim := u.passed.Load() + 5
	eventually(t, "uploads go on", func() bool { return u.passed.Load() >= aim || t.Failed() })
}

func (u *uploads) stop() {
	close(u.done)
	u.running.Wait()
}

// A provider that changes its keys in the way that OpenID Connect Core 1.0, section 10.1.1, asks for: the new key is
// published, then used, then the old one is withdrawn.
func TestKeysRotateWhileUploading(t *testing.T) {
	p := startProvider(t)
	serve(t, kibana.URL(), p.settings(keysTTL.String()))
	c := newClient(t, smallFile())
	started := time.Now()
	u := startUploads(t, p)
	stop := sync.OnceFunc(u.stop)
	defer stop()
	for old := 1; old <= 3; old++ {
		u.more(t)
		held := p.mustToken(t)
		c.mustPass(t, "", held)

		before := p.use(t, old, old+1)
		eventually(t, "the gate fetches the keys", func() bool { return p.counts(t).Keys > before.Keys })
		p.use(t, old+1, old)
		u.drain()
		u.more(t)
		c.mustPass(t, "", held)

		p.use(t, old+1)
		withdrawn := time.Now()
		accepted := withdrawn
		eventually(t, "the token of the withdrawn key is refused", func() bool {
			answer := c.mustUpload(t, "", held)
			if answer.Status == http.StatusOK {
				accepted = time.Now()
				return false
			}
			if fault := wrong(answer, "token_invalid"); fault != "" {
				t.Fatal(fault)
			}
			return true
		})
		t.Logf("key %d was last taken %s after it was withdrawn", old, accepted.Sub(withdrawn).Round(time.Millisecond))
		// When the time is over the keys are fetched, which takes a while on a machine that is busy.
		if late := accepted.Sub(withdrawn); late > keysTTL+time.Second {
			t.Errorf("a token of the withdrawn key %d passed %s later, keysTtl is %s", old, late, keysTTL)
		}
		for range 20 {
			if fault := wrong(c.mustUpload(t, "", held), "token_invalid"); fault != "" {
				t.Fatalf("once refused: %s", fault)
			}
		}
		u.more(t)
	}
	stop()
	took := time.Since(started)
	counts := p.counts(t)
	t.Logf("%d uploads with a token each in %s, %d fetches of keys", u.passed.Load(), took.Round(time.Millisecond), counts.Keys)
	if most := int(took/keysTTL) + 2; counts.Keys > most || counts.Discovery > most {
		t.Errorf("%d fetches of keys, %d of the discovery document, want %d at most", counts.Keys, counts.Discovery, most)
	}
	if int(u.passed.Load()) > counts.Tokens {
		t.Errorf("%d uploads with %d tokens: the uploads do not show what they should", u.passed.Load(), counts.Tokens)
	}
}

// A provider that publishes a key and signs with it at the same moment: the unknown key is asked for, once for all.
func TestANewKeyIsUsedAtOnce(t *testing.T) {
	p := startProvider(t)
	serve(t, kibana.URL(), p.settings("1h"))
	c := newClient(t, smallFile())
	c.mustPass(t, "", p.mustToken(t))
	p.use(t, 2, 1)
	token := p.mustToken(t)
	var together sync.WaitGroup
	for range 20 {
		together.Go(func() {
			answer, err := c.upload("", token)
			if err != nil || answer.Status != http.StatusOK {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
	together.Wait()
	if counts := p.counts(t); counts.Keys != 2 || counts.Discovery != 2 {
		t.Errorf("%d fetches of keys, %d of the discovery document, want 2", counts.Keys, counts.Discovery)
	}
}

// Nobody uploads while a key is withdrawn and its time runs out: what comes next meets a gate with old keys.
func TestAWithdrawnKeyAfterALongSilence(t *testing.T) {
	p := startProvider(t)
	serve(t, kibana.URL(), p.settings(keysTTL.String()))
	c := newClient(t, smallFile())
	held := p.mustToken(t)
	c.mustPass(t, "", held)
	p.use(t, 2)
	withdrawn := time.Now()
	eventually(t, "keysTtl is over", func() bool { return time.Since(withdrawn) > 3*keysTTL })
	if fault := wrong(c.mustUpload(t, "", held), "token_invalid"); fault != "" {
		t.Errorf("the first request after the silence: %s", fault)
	}
	c.mustPass(t, "", p.mustToken(t))
}
