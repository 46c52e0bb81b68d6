package token

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

// rsaOf is the public key with a modulus of so many bits.
func rsaOf(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
}

func pkix(t *testing.T, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return block("PUBLIC KEY", der)
}

func TestParsePEM(t *testing.T) {
	k := theKeys()
	pkcs1 := block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(k.public("rsa").(*rsa.PublicKey)))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k.private["p256"])
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := k.pem("p256")
	for _, c := range []struct {
		name, text string
		keys       int    // 0: refused.
		fault      string // What the fault says.
	}{
		{"PKIX, RSA", k.pem("rsa"), 1, ""},
		{"PKIX, all types", k.pem("rsa", "p256", "p384", "p521", "ed"), 5, ""},
		{"PKCS1", pkcs1, 1, ""},
		{"certificate", block("CERTIFICATE", certificate(t, "p256").Raw), 1, ""},
		{"mixed", pkcs1 + good + selfSigned(t), 3, ""},
		{"text around", "# our key\n" + good + "\nend\n", 1, ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), 1, ""},
		{"16 keys", strings.Repeat(good, 16), 16, ""},
		{"17 keys", strings.Repeat(good, 17), 0, "more than 16"},
		{"empty", "", 0, "neither PEM"},
		{"text", "abc", 0, "neither PEM"},
		{"cut off", good[:60], 0, "neither PEM"},
		{"second block cut off", good + good[:60], 0, "damaged"},
		{"first block cut off", good[:60] + good, 0, "damaged"},
		{"damaged inside", block("PUBLIC KEY", []byte("abc")), 0, "can't be read"},
		{"damaged certificate", block("CERTIFICATE", []byte("abc")), 0, "can't be read"},
		{"private key", block("PRIVATE KEY", pkcs8), 0, "private key"},
		{"private key after a public one", good + block("EC PRIVATE KEY", []byte("abc")), 0, "private key"},
		{"another block", block("EC PARAMETERS", []byte("abc")), 0, "neither PUBLIC KEY"},
		{"key agreement", pkix(t, exchange.PublicKey()), 0, "signs no tokens"},
		{"P-224", k.pem("p224"), 0, "another curve"},
		{"RSA of 1024 bits", pkix(t, rsaOf(1024)), 0, "under 2048"},
		{"RSA of 2047 bits", pkix(t, rsaOf(2047)), 0, "under 2048"},
		{"RSA of 2048 bits", pkix(t, rsaOf(2048)), 1, ""},
		{"RSA of 8192 bits", pkix(t, rsaOf(8192)), 1, ""},
		{"RSA of 8193 bits", pkix(t, rsaOf(8193)), 0, "over 8192"},
		{"RSA with an exponent of 1", pkix(t, &rsa.PublicKey{N: rsaOf(2048).N, E: 1}), 0, "can't be"},
		{"RSA with an even exponent", pkix(t, &rsa.PublicKey{N: rsaOf(2048).N, E: 4}), 0, "can't be valid"},
		{"RSA with an even modulus", pkix(t, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}), 0, "can't be valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkParsed(t, c.text, jwksPublic, c.keys, c.fault)
		})
	}
}

// checkParsed parses the text of public keys, or of a JWK set.
func checkParsed(t *testing.T, text string, mode, keys int, fault string) {
	t.Helper()
	set, got := parsePublic(text)
	if mode != jwksPublic {
		set, got = parseJWKS(text, mode)
	}
	count := 0
	if set != nil {
		count = len(set.all)
	}
	if count != keys || (got == "") != (fault == "") || !strings.Contains(got, fault) {
		t.Errorf("got %d keys and %q, want %d and %q", count, got, keys, fault)
	}
}

func TestParseJWKS(t *testing.T) {
	k := theKeys()
	short := b64(rsaOf(2047).N.Bytes())
	e65537 := b64([]byte{1, 0, 1})
	other := k.jwk("p256b")
	offCurve := k.jwk("p256")
	offCurve["y"] = other["y"]
	zero := b64(make([]byte, 32))
	ops := func(operations ...any) map[string]any {
		members := k.jwk("p256")
		members["key_ops"] = operations
		return members
	}
	raw := func(member string, value any) map[string]any {
		members := k.jwk("p256")
		members[member] = value
		return members
	}
	many := make([]map[string]any, maxKeys)
	for i := range many {
		many[i] = k.jwk("ed")
	}
	for _, c := range []struct {
		name  string
		text  string
		keys  int
		fault string
	}{
		{"one key", k.set("p256"), 1, ""},
		{"every type", k.set("rsa", "p256", "p384", "p521", "ed"), 5, ""},
		{"256 keys", jwks(many...), 256, ""},
		{"257 keys", jwks(append(many, k.jwk("ed"))...), 0, "more than 256"},
		{"no key", `{"keys":[]}`, 0, "no key"},
		{"a single key instead of a set", `{"kty":"EC"}`, 0, "no list of keys"},
		{"entry is null", `{"keys":[null]}`, 0, "no object"},
		{"entry is a list after a good one", `{"keys":[{"kty":"EC","use":"enc"},[]]}`, 0, "no object"},
		{"no kty", jwks(k.jwk("p256", "kty", "-")), 0, "kty"},
		{"kty is a number", jwks(raw("kty", 1)), 0, "kty"},
		{"unknown kty", jwks(k.jwk("p256", "kty", "ec")), 0, "kty"},
		{"no kid", jwks(k.jwk("p256", "kid", "-")), 1, ""},
		{"kid is a number", jwks(raw("kid", 7)), 0, "kid"},
		{"kid is null", jwks(raw("kid", nil)), 0, "kid"},
		{"RSA without n", jwks(k.jwk("rsa", "n", "-")), 0, "n or e"},
		{"RSA with a damaged n", jwks(k.jwk("rsa", "n", "=")), 0, "n or e"},
		{"RSA with an empty n", jwks(k.jwk("rsa", "n", "")), 0, "n or e"},
		{"RSA without e", jwks(k.jwk("rsa", "e", "-")), 0, "n or e"},
		{"RSA with a damaged e", jwks(k.jwk("rsa", "e", "!")), 0, "n or e"},
		{"RSA with an e of 32 bits", jwks(k.jwk("rsa", "e", b64([]byte{0x80, 0, 0, 1}))), 0, "n or e"},
		{"RSA with a huge e", jwks(k.jwk("rsa", "e", b64(append(append([]byte{1}, make([]byte, 4096)...), 1)))), 0, "n or e"},
		{"RSA with an e of 1", jwks(k.jwk("rsa", "e", "AQ")), 0, "can't be valid"},
		{"RSA with an e of 0", jwks(k.jwk("rsa", "e", "AA")), 0, "can't be valid"},
		{"RSA of 2047 bits", jwks(k.jwk("rsa", "n", short, "e", e65537)), 0, "under 2048"},
		{"EC without crv", jwks(k.jwk("p256", "crv", "-")), 0, "crv"},
		{"EC without crv but with alg", jwks(k.jwk("p256", "crv", "-", "alg", "ES256")), 0, "crv"},
		{"EC with P-224", k.set("p224"), 0, "crv"},
		{"EC with secp256k1", jwks(k.jwk("p256", "crv", "secp256k1")), 0, "crv"},
		{"EC without x", jwks(k.jwk("p256", "x", "-")), 0, "x or y"},
		{"EC without y", jwks(k.jwk("p256", "y", "-")), 0, "x or y"},
		{"EC with a short y", jwks(k.jwk("p256", "y", b64(make([]byte, 31)))), 0, "x or y"},
		{"EC with a long x", jwks(k.jwk("p256", "x", b64(make([]byte, 33)))), 0, "x or y"},
		{"EC with padding", jwks(k.jwk("p256", "x", other["x"].(string)+"=")), 0, "x or y"},
		{"EC with x as a number", jwks(raw("x", 1)), 0, "x or y"},
		{"EC off the curve", jwks(offCurve), 0, "not on its curve"},
		{"EC at the origin", jwks(k.jwk("p256", "x", zero, "y", zero)), 0, "not on its curve"},
		{"EC of another curve's size", jwks(k.jwk("p256", "crv", "P-384")), 0, "x or y"},
		{"OKP of X25519", jwks(k.jwk("ed", "crv", "X25519")), 0, "Ed25519"},
		{"OKP of Ed448", jwks(k.jwk("ed", "crv", "Ed448")), 0, "Ed25519"},
		{"OKP with a short x", jwks(k.jwk("ed", "x", "AAAA")), 0, "Ed25519"},
		{"secret", k.set("secret"), 0, "secret (oct)"},
		{"private key", jwks(raw("d", "AAAA")), 0, "private key"},
		{"use sig", jwks(k.jwk("p256", "use", "sig")), 1, ""},
		{"use enc beside a good key", jwks(k.jwk("p256", "use", "enc"), k.jwk("ed")), 1, ""},
		{"use enc alone", jwks(k.jwk("p256", "use", "enc")), 0, "no key"},
		{"use null", jwks(raw("use", nil)), 0, "no key"},
		{"key_ops verify", jwks(ops("sign", "verify")), 1, ""},
		{"key_ops sign", jwks(ops("sign")), 0, "no key"},
		{"key_ops with another type before", jwks(ops(7, "verify")), 1, ""},
		{"key_ops with another type alone", jwks(ops("sign", 7)), 0, "no key"},
		{"key_ops empty", jwks(ops()), 0, "no key"},
		{"key_ops is a string", jwks(raw("key_ops", "verify")), 0, "no key"},
		{"alg", jwks(k.jwk("p256", "alg", "ES256")), 1, ""},
		{"alg of another curve", jwks(k.jwk("p256", "alg", "ES384")), 0, "alg"},
		{"alg of another type", jwks(k.jwk("p256", "alg", "RS256")), 0, "alg"},
		{"alg of the other family", jwks(k.jwk("rsa", "alg", "HS256")), 0, "alg"},
		{"alg for encryption", jwks(k.jwk("rsa", "alg", "RSA-OAEP")), 0, "alg"},
		{"alg that only begins right", jwks(k.jwk("rsa", "alg", "RS1024")), 0, "alg"},
		{"alg none", jwks(k.jwk("p256", "alg", "none")), 0, "alg"},
		{"alg is a number", jwks(raw("alg", 1)), 0, "alg"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkParsed(t, c.text, jwksPublic, c.keys, c.fault)
		})
	}
}

func TestParseSecretsInJWKS(t *testing.T) {
	k := theKeys()
	for _, c := range []struct {
		name, text string
		keys       int
		fault      string
	}{
		{"two secrets", k.set("secret", "other-secret"), 2, ""},
		{"bound to an algorithm", jwks(k.jwk("secret", "alg", "HS512")), 1, ""},
		{"bound to a public key's algorithm", jwks(k.jwk("secret", "alg", "RS256")), 0, "alg"},
		{"31 bytes", jwks(k.jwk("secret", "k", b64([]byte(testSecret[:31])))), 0, "shorter than 32"},
		{"damaged", jwks(k.jwk("secret", "k", "=")), 0, "damaged"},
		{"beside a public key", k.set("secret", "p256"), 0, "both"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkParsed(t, c.text, jwksNamed, c.keys, c.fault)
		})
	}
}

func TestATokenIsTriedWithSixteenKeysAtMost(t *testing.T) {
	k := theKeys()
	members := []map[string]any{k.jwk("p256")}
	for i := 0; i < 40; i++ {
		members = append(members, k.jwk("rsa"))
	}
	set, fault := parseJWKS(jwks(members...), jwksFetched)
	if fault != "" {
		t.Fatal(fault)
	}
	if count := len(set.candidates("", "RS256")); count != maxTried {
		t.Errorf("%d keys are tried, want %d", count, maxTried)
	}
	if count := len(set.candidates("", "ES256")); count != 1 {
		t.Errorf("%d keys are tried, want the one that fits", count)
	}
}

func FuzzJWKS(f *testing.F) {
	k := theKeys()
	f.Add(k.set("rsa", "p256", "p384", "p521", "ed"))
	f.Add(k.set("secret", "other-secret"))
	f.Add(jwks(k.jwk("p256", "use", "enc", "alg", "ES256")))
	f.Add(`{"keys":[{"kty":"RSA","n":"","e":"AA"},null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, mode := range []int{jwksFetched, jwksPublic, jwksNamed} {
			set, fault := parseJWKS(text, mode)
			if (set == nil) == (fault == "") {
				t.Fatal("a set and a fault, or neither")
			}
			if set == nil {
				continue
			}
			if !json.Valid([]byte(text)) || len(set.all) == 0 || len(set.all) > maxKeys {
				t.Fatalf("%d keys", len(set.all))
			}
			for _, key := range set.all {
				if (key.kind == kindSecret) != (set.family == familySecret) || (mode != jwksNamed && key.kind == kindSecret) {
					t.Fatalf("a key of kind %s in a set of family %d", key.kind, set.family)
				}
			}
		}
	})
}

func FuzzPEM(f *testing.F) {
	k := theKeys()
	f.Add(k.pem("rsa", "p256", "ed"))
	f.Add(block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(k.public("rsa").(*rsa.PublicKey))))
	f.Add("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, fault := parsePEM(text)
		if (set == nil) == (fault == "") {
			t.Fatal("a set and a fault, or neither")
		}
		if set != nil && (len(set.all) != strings.Count(text, "-----BEGIN ") || set.family != familyPublic) {
			t.Fatalf("%d keys of family %d", len(set.all), set.family)
		}
	})
}
