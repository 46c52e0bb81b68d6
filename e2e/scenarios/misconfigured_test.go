package scenarios

import (
	"net/http"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// Three of the five faults are misspelt keys, on three levels.
func TestBadConfigurationIsNamedAndClosesTheDoor(t *testing.T) {
	policy := harness.Policy(map[string]any{
		"enforcment": "report",
		"token":      map[string]any{"isuer": "https://idp.example", "leeway": "soon"},
		"privileges": map[string]any{"grants": []any{
			map[string]any{"claim": "groups", "values": []any{"soc"}, "owners": []any{"cases"}, "spaces": []any{"default"}, "space": "sales"},
		}},
		"files": map[string]any{"maxSize": "lots"},
	})
	dynamic := harness.Gate(kibana.URL(), nil)
	sections := dynamic["http"].(map[string]any)
	sections["routers"].(map[string]any)["kibana"].(map[string]any)["middlewares"] = []string{"misspelt"}
	sections["middlewares"] = map[string]any{"misspelt": harness.Middleware(policy)}
	reload(t, dynamic)
	kibana.Reset(t)

	for _, path := range []string{"enforcment", "token.isuer", "token.leeway", "privileges.grants[0].space", "files.maxSize"} {
		if !logLine(traefik.Log(), "misspelt", path+":") {
			t.Errorf("the log has no line that names the middleware and %s", path)
		}
	}
	if strings.Contains(traefik.Log(), harness.Secret) {
		t.Error("the log holds the secret")
	}
	answer := harness.Send(t, traefik.Addr, harness.CasePath("9"), harness.Token(nil), text("hello\n"))
	harness.CheckRefused(t, answer, "misconfigured")
	if answer.Status != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", answer.Status)
	}
	if posts := kibana.Posts(t); len(posts) != 0 {
		t.Errorf("the upstream saw %+v", posts)
	}
	for _, request := range otherRequests {
		checkUntouched(t, request)
	}
}

// logLine says whether one line holds all the words.
func logLine(log string, words ...string) bool {
	for _, line := range strings.Split(log, "\n") {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			return true
		}
	}
	return false
}
