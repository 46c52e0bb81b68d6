package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// The secrets are text, so that they can stand in settings.
const (
	testSecret  = "a secret of the tests, 32 bytes or more"
	otherSecret = "another secret of tests, 32 bytes or more"
)

// testKeys are private keys by name, made at run time.
type testKeys struct {
	private map[string]any
}

// sharedKeys are made once for all tests: RSA keys are slow to make.
var sharedKeys struct {
	once sync.Once
	keys *testKeys
}

// theKeys returns the keys of the tests.
func theKeys() *testKeys {
	sharedKeys.once.Do(func() { sharedKeys.keys = newTestKeys() })
	return sharedKeys.keys
}

func newTestKeys() *testKeys {
	k := &testKeys{private: map[string]any{}}
	for _, name := range []string{"rsa", "rsa2", "stranger-rsa"} {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		check(err)
		k.private[name] = private
	}
	curves := map[string]elliptic.Curve{
		"p256": elliptic.P256(), "p256b": elliptic.P256(), "stranger": elliptic.P256(),
		"p384": elliptic.P384(), "p521": elliptic.P521(), "p224": elliptic.P224(),
	}
	for name, curve := range curves {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		check(err)
		k.private[name] = private
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	k.private["ed"] = private
	k.private["secret"] = []byte(testSecret)
	k.private["other-secret"] = []byte(otherSecret)
	return k
}

// check ends the program: without keys there are no tests.
func check(err error) {
	if err != nil {
		panic(err.Error())
	}
}

// public returns the public half of a key.
func (k *testKeys) public(name string) any {
	switch private := k.private[name].(type) {
	case *rsa.PrivateKey:
		return &private.PublicKey
	case *ecdsa.PrivateKey:
		return &private.PublicKey
	case ed25519.PrivateKey:
		return private.Public()
	default:
		return private
	}
}

// jwk returns the members of the public key; extra is alternately names and values, a value "-" removes the member.
func (k *testKeys) jwk(name string, extra ...string) map[string]any {
	members := map[string]any{}
	switch public := k.public(name).(type) {
	case *rsa.PublicKey:
		members["kty"] = "RSA"
		members["n"] = b64(public.N.Bytes())
		members["e"] = b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		size := (public.Curve.Params().BitSize + 7) / 8
		members["kty"] = "EC"
		members["crv"] = public.Curve.Params().Name
		members["x"] = b64(public.X.FillBytes(make([]byte, size)))
		members["y"] = b64(public.Y.FillBytes(make([]byte, size)))
	case ed25519.PublicKey:
		members["kty"] = "OKP"
		members["crv"] = "Ed25519"
		members["x"] = b64(public)
	case []byte:
		members["kty"] = "oct"
		members["k"] = b64(public)
	}
	members["kid"] = name
	for i := 0; i+1 < len(extra); i += 2 {
		members[extra[i]] = extra[i+1]
		if extra[i+1] == "-" {
			delete(members, extra[i])
		}
	}
	return members
}

// jwks returns the text of a JWK set.
func jwks(members ...map[string]any) string {
	text, err := json.Marshal(map[string]any{"keys": members})
	check(err)
	return string(text)
}

// set returns the text of a JWK set with the public keys of these names.
func (k *testKeys) set(names ...string) string {
	members := []map[string]any{}
	for _, name := range names {
		members = append(members, k.jwk(name))
	}
	return jwks(members...)
}

// pem returns the public keys as PEM blocks.
func (k *testKeys) pem(names ...string) string {
	text := ""
	for _, name := range names {
		der, err := x509.MarshalPKIXPublicKey(k.public(name))
		check(err)
		text += block("PUBLIC KEY", der)
	}
	return text
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// sign makes a token out of the texts of its header and claims, whatever they are.
func (k *testKeys) sign(name, algorithm, header, claims string) string {
	return signWith(k.private[name], algorithm, header, claims)
}

func signWith(private any, algorithm, header, claims string) string {
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	signature, err := jwt.GetSigningMethod(algorithm).Sign(signed, private)
	check(err)
	return signed + "." + b64(signature)
}

func b64(data []byte) string {
	return base64.RawURLEncoding.EncodeToString(data)
}

// part replaces one of the three parts of a token.
func part(token string, index int, text string) string {
	parts := strings.Split(token, ".")
	parts[index] = text
	return strings.Join(parts, ".")
}
