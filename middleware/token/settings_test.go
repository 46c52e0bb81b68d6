package token

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	k := theKeys()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, text)
		return path
	}
	for _, c := range []struct {
		name   string
		change func(s *Settings)
		want   []string // The keys that faults name, in order.
	}{
		{"good", func(_ *Settings) {}, nil},
		{"nothing but the defaults", func(s *Settings) { *s = Default() }, []string{"issuer"}},
		{"nothing at all", func(s *Settings) { *s = Settings{} }, []string{"issuer", "keysTtl", "userClaim"}},
		{"discovery", func(s *Settings) { s.PublicKey = "" }, nil},
		{"discovery without TLS", func(s *Settings) { s.PublicKey, s.Issuer = "", "http://id.example" }, []string{"issuer"}},
		{"discovery without TLS, allowed", func(s *Settings) {
			s.PublicKey, s.Issuer, s.InsecureHTTP = "", "http://id.example", true
		}, nil},
		{"discovery on this machine", func(s *Settings) { s.PublicKey, s.Issuer = "", "http://localhost:8080/realms/a" }, nil},
		{"discovery on IPv6 loopback", func(s *Settings) { s.PublicKey, s.Issuer = "", "http://[::1]:8080" }, nil},
		{"discovery from a name that looks like loopback", func(s *Settings) { s.PublicKey, s.Issuer = "", "http://localhost.example" }, []string{"issuer"}},
		{"discovery from a name", func(s *Settings) { s.PublicKey, s.Issuer = "", "keycloak" }, []string{"issuer"}},
		{"discovery with a query", func(s *Settings) { s.PublicKey, s.Issuer = "", "https://id.example?realm=a" }, []string{"issuer"}},
		{"issuer that is no address, with a key", func(s *Settings) { s.Issuer = "keycloak" }, nil},
		{"issuer with a blank", func(s *Settings) { s.Issuer += " " }, []string{"issuer"}},
		{"two sources", func(s *Settings) { s.Secret = testSecret }, []string{"publicKey"}},
		{"all sources", func(s *Settings) {
			s.JWKSURL, s.Secret = "https://id.example/keys", testSecret
			s.JWKSFile = file("a", k.set("p256"))
			s.PublicKeyFile = file("b", k.pem("p256"))
			s.SecretFile = file("c", testSecret)
		}, []string{"jwksUrl"}},
		{"jwksUrl", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "https://id.example/keys" }, nil},
		{"jwksUrl without TLS", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "http://id.example/keys" }, []string{"jwksUrl"}},
		{"jwksUrl of another scheme", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "file:///keys" }, []string{"jwksUrl"}},
		{"jwksUrl of FTP", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "ftp://localhost/keys" }, []string{"jwksUrl"}},
		{"jwksUrl without a host", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "https:///keys" }, []string{"jwksUrl"}},
		{"jwksUrl with a password", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "https://a:b@id.example/keys" }, []string{"jwksUrl"}},
		{"jwksUrl with a blank", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "https://id.example/keys " }, []string{"jwksUrl"}},
		{"jwksUrl is no address", func(s *Settings) { s.PublicKey, s.JWKSURL = "", "https://id.example:x/" }, []string{"jwksUrl"}},
		{"jwksFile", func(s *Settings) { s.PublicKey = ""; s.JWKSFile = file("d", k.set("p256")) }, nil},
		{"jwksFile with secrets", func(s *Settings) { s.PublicKey = ""; s.JWKSFile = file("e", k.set("secret")) }, nil},
		{"jwksFile with both", func(s *Settings) {
			s.PublicKey = ""
			s.JWKSFile = file("f", jwks(k.jwk("secret"), k.jwk("p256")))
		}, []string{"jwksFile"}},
		{"jwksFile with PEM", func(s *Settings) { s.PublicKey = ""; s.JWKSFile = file("g", k.pem("p256")) }, []string{"jwksFile"}},
		{"jwksFile that is not there", func(s *Settings) { s.PublicKey = ""; s.JWKSFile = filepath.Join(dir, "nothing") }, []string{"jwksFile"}},
		{"jwksFile that is a folder", func(s *Settings) { s.PublicKey, s.JWKSFile = "", dir }, []string{"jwksFile"}},
		{"publicKey with secrets", func(s *Settings) { s.PublicKey = k.set("secret") }, []string{"publicKey"}},
		{"publicKey that is none", func(s *Settings) { s.PublicKey = "abc" }, []string{"publicKey"}},
		{"publicKeyFile empty", func(s *Settings) { s.PublicKey = ""; s.PublicKeyFile = file("h", "") }, []string{"publicKeyFile"}},
		{"secret", func(s *Settings) { s.PublicKey, s.Secret = "", testSecret }, nil},
		{"secret of 31 bytes", func(s *Settings) { s.PublicKey, s.Secret = "", testSecret[:31] }, []string{"secret"}},
		{"secret of 32 bytes", func(s *Settings) { s.PublicKey, s.Secret = "", testSecret[:32] }, nil},
		{"secret that is a public key", func(s *Settings) { s.PublicKey = ""; s.Secret = k.pem("p256") }, []string{"secret"}},
		{"secretFile of 31 bytes and a line end", func(s *Settings) { s.PublicKey = ""; s.SecretFile = file("i", testSecret[:31]+"\n") }, []string{"secretFile"}},
		{"caFile", func(s *Settings) { s.CAFile = file("j", selfSigned(t)) }, nil},
		{"caFile with a key", func(s *Settings) { s.CAFile = file("k", k.pem("p256")) }, []string{"caFile"}},
		{"caFile that is not there", func(s *Settings) { s.CAFile = filepath.Join(dir, "nothing") }, []string{"caFile"}},
		{"algorithms", func(s *Settings) { s.Algorithms = []string{"RS256", "EdDSA"} }, nil},
		{"algorithm none", func(s *Settings) { s.Algorithms = []string{"RS256", "none"} }, []string{"algorithms[1]"}},
		{"algorithm in lower case", func(s *Settings) { s.Algorithms = []string{"rs256"} }, []string{"algorithms[0]"}},
		{"algorithm empty", func(s *Settings) { s.Algorithms = []string{""} }, []string{"algorithms[0]"}},
		{"algorithms of both families", func(s *Settings) { s.Algorithms = []string{"RS256", "HS256"} }, []string{"algorithms"}},
		{"secret algorithm for a public key", func(s *Settings) { s.Algorithms = []string{"HS256"} }, []string{"algorithms"}},
		{"secret algorithm for discovery", func(s *Settings) { s.PublicKey, s.Algorithms = "", []string{"HS256"} }, []string{"algorithms"}},
		{"secret algorithm for jwksUrl", func(s *Settings) {
			s.PublicKey, s.JWKSURL, s.Algorithms = "", "https://id.example/keys", []string{"HS256"}
		}, []string{"algorithms"}},
		{"secret algorithm for a set of secrets", func(s *Settings) {
			s.PublicKey = ""
			s.JWKSFile = file("l", k.set("secret"))
			s.Algorithms = []string{"HS256"}
		}, nil},
		{"public algorithm for a set of secrets", func(s *Settings) {
			s.PublicKey = ""
			s.JWKSFile = file("m", k.set("secret"))
			s.Algorithms = []string{"RS256"}
		}, []string{"algorithms"}},
		{"public algorithm for a secret", func(s *Settings) {
			s.PublicKey, s.Secret, s.Algorithms = "", testSecret, []string{"RS256"}
		}, []string{"algorithms"}},
		{"empty audience", func(s *Settings) { s.Audience = []string{"a", ""} }, []string{"audience[1]"}},
		{"leeway negative", func(s *Settings) { s.Leeway = -time.Second }, []string{"leeway"}},
		{"leeway none", func(s *Settings) { s.Leeway = 0 }, nil},
		{"leeway large", func(s *Settings) { s.Leeway = time.Hour }, []string{"leeway"}},
		{"keysTtl zero", func(s *Settings) { s.KeysTTL = 0 }, []string{"keysTtl"}},
		{"keysTtl large", func(s *Settings) { s.KeysTTL = 25 * time.Hour }, []string{"keysTtl", "keysMaxStale"}},
		{"keysMaxStale less than keysTtl", func(s *Settings) { s.KeysMaxStale = time.Minute }, []string{"keysMaxStale"}},
		{"cookie with a sign", func(s *Settings) { s.Cookie = "a=b" }, []string{"cookie"}},
		{"userClaim empty", func(s *Settings) { s.UserClaim = "" }, []string{"userClaim"}},
		{"passSchemes", func(s *Settings) { s.PassSchemes = []string{"ApiKey", "Basic"} }, nil},
		{"passSchemes with Bearer", func(s *Settings) { s.PassSchemes = []string{"ApiKey", "bEARER"} }, []string{"passSchemes[1]"}},
		{"passSchemes twice", func(s *Settings) { s.PassSchemes = []string{"ApiKey", "apikey"} }, []string{"passSchemes[1]"}},
		{"passSchemes empty", func(s *Settings) { s.PassSchemes = []string{""} }, []string{"passSchemes[0]"}},
		{"passSchemes with a blank", func(s *Settings) { s.PassSchemes = []string{"Basic "} }, []string{"passSchemes[0]"}},
		{"everything at once", func(s *Settings) {
			*s = Settings{
				PublicKey: "x", Secret: "y", CAFile: "/nothing", Algorithms: []string{"none"}, Audience: []string{""},
				Leeway: -1, Cookie: ";", PassSchemes: []string{"Bearer"}, KeysMaxStale: -1,
			}
		}, []string{
			"publicKey", "publicKey", "secret", "caFile", "algorithms[0]", "audience[0]", "leeway", "keysTtl", "keysMaxStale",
			"cookie", "userClaim", "passSchemes[0]",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testSettings(k)
			c.change(&s)
			faults := s.Faults()
			got := []string{}
			for _, fault := range faults {
				name, text, found := strings.Cut(fault, ": ")
				if !found || text == "" {
					t.Errorf("%q is not key: text", fault)
				}
				if strings.Contains(text, dir) || strings.Contains(text, testSecret[:31]) {
					t.Errorf("%q tells a path or a secret", fault)
				}
				got = append(got, name)
			}
			if strings.Join(got, " ") != strings.Join(c.want, " ") {
				t.Errorf("got %q, want %q", faults, c.want)
			}
		})
	}
}

func TestDefaultNeedsOnlyAnIssuer(t *testing.T) {
	s := Default()
	s.Issuer = testIssuer
	if faults := s.Faults(); len(faults) > 0 {
		t.Errorf("%q", faults)
	}
}

// TestSettingsDifferInTheirDigest holds the registry to every field: one that the digest left out would make two
// different policies share a verifier.
func TestSettingsDifferInTheirDigest(t *testing.T) {
	var fields map[string]any
	text, err := json.Marshal(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	if len(fields) != 18 {
		t.Errorf("%d fields are marshalled, want 18", len(fields))
	}
}
