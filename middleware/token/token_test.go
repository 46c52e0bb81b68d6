package token

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestMain silences the log: most tests make fetches fail.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

func TestTokens(t *testing.T) {
	k := theKeys()
	seen := map[string]bool{}
	for _, r := range rows() {
		if seen[r.name] {
			t.Errorf("two rows are named %q", r.name)
		}
		seen[r.name] = true
		t.Run(r.name, func(t *testing.T) {
			if fault := r.run(k); fault != "" {
				t.Error(fault)
			}
		})
	}
}

// FuzzToken holds every answer to an independent reading: what is accepted, golang-jwt accepts too when it is told all
// that the settings say.
func FuzzToken(f *testing.F) {
	k := theKeys()
	v := newRegistry(newClock().now).verifier(testSettings(k))
	for _, r := range rows() {
		for _, value := range r.build(k)["Authorization"] {
			if len(value) <= maxCredential {
				f.Add(value)
			}
		}
	}
	keys := jwt.VerificationKeySet{}
	for _, name := range []string{"rsa", "rsa2", "p256", "p256b", "p384", "p521", "ed"} {
		keys.Keys = append(keys.Keys, k.public(name))
	}
	parser := jwt.NewParser(
		jwt.WithStrictDecoding(), jwt.WithTimeFunc(newClock().now), jwt.WithLeeway(30*time.Second),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithIssuer(testIssuer),
		jwt.WithAudience(testAudience, "kibana-staging"), jwt.WithValidMethods(methodNames(familyPublic)),
	)
	f.Fuzz(func(t *testing.T, value string) {
		req := bearer("")
		req.Header["Authorization"] = []string{value}
		caller, no := Check(v, req)
		if (caller == nil) == (no == nil) {
			t.Fatal("a caller and a refusal, or neither")
		}
		if caller == nil {
			return
		}
		token := strings.TrimLeft(value[len("bearer"):], " ")
		parsed, err := parser.Parse(token, func(_ *jwt.Token) (any, error) { return keys, nil })
		if err != nil || !parsed.Valid {
			t.Fatalf("%q is accepted: %v", value, err)
		}
	})
}

// methodNames returns the algorithms of a family.
func methodNames(family int) []string {
	names := []string{}
	for name, of := range algorithmFamilies {
		if of == family {
			names = append(names, name)
		}
	}
	return names
}

func BenchmarkCheck(b *testing.B) {
	k := theKeys()
	v := newRegistry(newClock().now).verifier(testSettings(k))
	token := k.sign("p256", "ES256", named("ES256", "p256"), claims(""))
	for _, c := range []struct {
		name string
		req  *http.Request
	}{
		{"remembered", bearer(token)},
		{"unknown key", bearer(part(token, 0, b64([]byte(named("ES256", "nobody")))))},
		{"forged", bearer(part(token, 2, b64(make([]byte, 64))))},
		{"missing", httptest.NewRequest(http.MethodPost, "/", nil)},
	} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				Check(v, c.req)
			}
		})
	}
	b.Run("verified", func(b *testing.B) {
		req := bearer(token)
		for i := 0; i < b.N; i++ {
			v.cache.young = map[[32]byte]*remembered{}
			Check(v, req)
		}
	})
}
