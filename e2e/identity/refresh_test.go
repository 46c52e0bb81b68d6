package identity

import (
	"net/http"
	"sync"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// The keys change while the gate is being told the old ones: who comes with a token of the new key must not be refused for
// that answer, which was on its way before.
func TestANewKeyWhileTheOldOnesAreFetched(t *testing.T) {
	upstream := startSink(t)
	old, next := newSigner(t, "old"), newSigner(t, "next")
	s := startStub(t, old)
	serve(t, upstream.URL, map[string]any{"issuer": harness.Issuer, "jwksUrl": s.URL, "keysTtl": keysTTL.String()})
	c := newClient(t, smallFile())
	token, fresh := old.token(t, old.id), next.token(t, next.id)
	c.mustPass(t, "", token)

	asked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	set := old.set(t)
	s.breaks(fault{handler: func(w http.ResponseWriter, _ *http.Request) {
		once.Do(func() { close(asked) })
		<-release
		_, _ = w.Write(set)
	}})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	var answer *harness.Answer
	var err error
	var waiting sync.WaitGroup
	eventually(t, "the gate asks for the keys", func() bool {
		// Who comes when the time of the keys is over may have to wait for them.
		waiting.Go(func() { _, _ = c.upload("", token) })
		select {
		case <-asked:
			return true
		default:
			return false
		}
	})
	s.mend(t, next)
	waiting.Go(func() { answer, err = c.upload("", fresh) })
	// Nothing shows from outside that the gate has got the request with the new key. Were the answer let go too early, the
	// test would not see what it looks for, but it would not fail either.
	looks := 0
	eventually(t, "the answer is held back for a while", func() bool { looks++; return looks > 10 })
	free()
	waiting.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusOK {
		t.Errorf("status %d: %s", answer.Status, answer.Body)
	}
}
