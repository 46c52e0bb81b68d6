package chaos

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clockJumps moves the clock that tokens and look-ups go by. libfaketime does not reach Go programs, which ask the kernel's
// vDSO, and a time namespace has no other wall clock, so the test build takes its time from a clock that can be set.
func clockJumps(t *testing.T, s *stand) string {
	b := s.aBuild()
	kibana := s.kibana("hapi")
	var figures []string
	for _, h := range b.hosts[:2] {
		results := newBook()
		client := newClient(patience)
		t.Cleanup(client.CloseIdleConnections)
		p := newProvider(t)
		h.use(t, kibana.URL(), p.policy("hold", "1s"))
		t.Cleanup(func() { b.jump(t, 0) })
		// Good from now on for an hour, and for a week; remembered when they are used twice, or new.
		hour, week := time.Now().Add(time.Hour).Unix(), time.Now().Add(7*24*time.Hour).Unix()
		long := p.token("berta", jwt.MapClaims{"exp": week})
		remembered := p.token("anna", jwt.MapClaims{"exp": hour})
		steps := []struct {
			offset           time.Duration
			forHour, forWeek string
		}{
			{0, "", ""},
			{2 * time.Hour, "token_expired", ""},
			{-2 * time.Hour, "token_invalid", "token_invalid"},
			{0, "", ""},
			{25 * time.Hour, "token_expired", ""},
			{0, "", ""},
			{-100 * 24 * time.Hour, "token_invalid", "token_invalid"},
			{20 * time.Second, "", ""},
			{0, "", ""},
		}
		for i, step := range steps {
			t.Run(fmt.Sprintf("%s %d: %s", h.name(), i, step.offset), func(t *testing.T) {
				b.jump(t, step.offset)
				for exp, want := range map[int64]string{hour: step.forHour, week: step.forWeek} {
					answer, err := results.uploadWith(client, h, p.token(fmt.Sprint("user", serial.Add(1)), jwt.MapClaims{"exp": exp}))
					if err != nil || answer.Code() != want || (want == "") != (answer.Status == http.StatusOK) {
						t.Errorf("want %q: %s", want, told(answer, err))
					}
				}
				// One that was verified a moment ago may pass when the clock goes back, not when it has expired.
				answer, err := results.uploadWith(client, h, remembered)
				if err != nil || (answer.Code() != step.forHour && (answer.Status != http.StatusOK || step.forHour == "token_expired")) {
					t.Errorf("remembered, want %q: %s", step.forHour, told(answer, err))
				}
			})
		}
		t.Run(h.name()+" a key that is withdrawn after a jump there and back", func(t *testing.T) {
			b.jump(t, 25*time.Hour)
			if answer, err := results.uploadWith(client, h, long); err != nil || answer.Status != http.StatusOK {
				t.Errorf("%s", told(answer, err))
			}
			b.jump(t, 0)
			p.rotate(t)
			withdrawn := time.Now()
			var code string
			if !within(10*time.Second, func() bool {
				answer, err := results.uploadWith(client, h, long)
				if err == nil {
					code = answer.Code()
				}
				return code != ""
			}) {
				t.Error("a token of the withdrawn key still passes 10 s later, keysTtl is 1s")
			}
			figures = append(figures, fmt.Sprintf("%s: withdrawn key refused after %s (%s)", h.name(), time.Since(withdrawn).Round(100*time.Millisecond), code))
		})
		results.check(t, h, kibana)
	}
	return strings.Join(figures, "; ")
}
