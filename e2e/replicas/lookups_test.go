package replicas

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// Look-ups of owners pass the limit as well: those of one user must not use up what others have.
func TestLookUpsCountForTheirOwnUser(t *testing.T) {
	const burst = 10
	one := replica(t, redis(t), nil, 1, burst)
	for i := 0; i < 2*burst; i++ {
		answer := harness.Send(t, one.Addr, harness.CasePath(fmt.Sprintf("missing-%d", i)), user("anna"), notes)
		t.Log("anna", answer.Status, answer.Code())
	}
	if answer := harness.Send(t, one.Addr, harness.CasePath("9"), user("ben"), notes); answer.Status != http.StatusOK {
		t.Errorf("status %d: %s", answer.Status, answer.Body)
	}
}
