package token

import (
	"bytes"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fileGate is a gate whose keys are in a file.
func fileGate(t *testing.T, set func(s *Settings, path string), text string) (g *gate, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys")
	write(t, path, text)
	s := Default()
	s.Issuer = testIssuer
	set(&s, path)
	return newGate(t, s), path
}

// logged returns what is logged while the test runs.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var lines bytes.Buffer
	log.SetOutput(&lines)
	t.Cleanup(func() { log.SetOutput(io.Discard) })
	return &lines
}

func jwksFile(s *Settings, path string)      { s.JWKSFile = path }
func publicKeyFile(s *Settings, path string) { s.PublicKeyFile = path }
func secretFile(s *Settings, path string)    { s.SecretFile = path }

func TestFilesAreReadAgain(t *testing.T) {
	k := theKeys()
	for _, c := range []struct {
		name               string
		set                func(s *Settings, path string)
		first, second      string
		keyOne, keyTwo     string
		algorithm, tokenOf string
	}{
		{"jwksFile", jwksFile, k.set("p256"), k.set("p256b"), "p256", "p256b", "ES256", ""},
		{"jwksFile with secrets", jwksFile, k.set("secret"), k.set("other-secret"), "secret", "other-secret", "HS256", ""},
		{"publicKeyFile", publicKeyFile, k.pem("p256"), k.pem("p256b"), "p256", "p256b", "ES256", ""},
		{"publicKeyFile with a JWK set", publicKeyFile, k.set("p256"), k.set("p256b"), "p256", "p256b", "ES256", ""},
		{"secretFile", secretFile, testSecret, otherSecret + "\n", "secret", "other-secret", "HS256", ""},
		{"secretFile with CRLF", secretFile, testSecret + "\r\n", otherSecret + "\r\n", "secret", "other-secret", "HS256", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := logged(t)
			g, path := fileGate(t, c.set, c.first)
			one, two := signed(c.keyOne, c.algorithm, ""), signed(c.keyTwo, c.algorithm, "")
			g.expect(t, one, "")
			g.expect(t, two, "token_invalid")
			write(t, path, c.second)
			g.clock.advance(fileInterval - time.Nanosecond)
			g.expect(t, one, "")
			g.expect(t, two, "token_invalid")
			g.clock.advance(time.Nanosecond)
			g.expect(t, one, "token_invalid") // Though it was remembered.
			g.expect(t, two, "")
			if lines.Len() > 0 {
				t.Errorf("logged: %s", lines)
			}
		})
	}
}

func TestABrokenFileKeepsTheOldKeys(t *testing.T) {
	k := theKeys()
	both := strings.TrimSuffix(k.set("p256"), "]}") + "," + strings.TrimPrefix(k.set("secret"), `{"keys":[`)
	for _, c := range []struct{ name, text string }{
		{"empty", ""},
		{"garbage", "garbage"},
		{"empty set", `{"keys":[]}`},
		{"secrets and public keys", both},
		{"too large", strings.Repeat(" ", maxFileSize+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := logged(t)
			g, path := fileGate(t, jwksFile, k.set("p256"))
			token := signed("p256", "ES256", "")
			g.expect(t, token, "")
			write(t, path, c.text)
			for i := 0; i < 5; i++ {
				g.clock.advance(fileInterval)
				g.expect(t, token, "")
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			g.clock.advance(fileInterval)
			g.expect(t, token, "")
			if count := strings.Count(lines.String(), "\n"); count != 1 {
				t.Errorf("%d lines are logged, want 1: %s", count, lines)
			}
			if strings.Contains(lines.String(), path) {
				t.Errorf("the path is logged: %s", lines)
			}
			write(t, path, k.set("p256b"))
			g.clock.advance(fileInterval)
			g.expect(t, token, "token_invalid")
			g.expect(t, signed("p256b", "ES256", ""), "")
		})
	}
}

func TestAFileThatIsGoneAtTheFirstToken(t *testing.T) {
	logged(t)
	k := theKeys()
	g, path := fileGate(t, jwksFile, k.set("p256"))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	token := signed("p256", "ES256", "")
	if no := g.expect(t, token, "keys_unavailable"); no.RetryAfter != 10 {
		t.Errorf("Retry-After is %d, want 10", no.RetryAfter)
	}
	write(t, path, k.set("p256"))
	g.expect(t, token, "keys_unavailable")
	g.clock.advance(fileInterval)
	g.expect(t, token, "")
}

func TestAFileThatTurnsFromPublicKeysToSecrets(t *testing.T) {
	k := theKeys()
	g, path := fileGate(t, jwksFile, k.set("p256"))
	g.expect(t, signed("p256", "ES256", ""), "")
	g.expect(t, signed("secret", "HS256", ""), "token_invalid")
	write(t, path, k.set("secret"))
	g.clock.advance(fileInterval)
	g.expect(t, signed("p256", "ES256", ""), "token_invalid")
	g.expect(t, signed("secret", "HS256", ""), "")
}
