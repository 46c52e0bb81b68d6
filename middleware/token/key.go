package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"strings"
)

// The limits of keys.
const (
	minSecret  = 32   // Bytes. RFC 7518, section 3.2, asks for as many as the hash of HS256 has.
	minRSABits = 2048 // RFC 7518, section 3.3.
	maxRSABits = 8192 // As crypto/tls: verification gets slow beyond it.
	maxKeys    = 256  // Keys in one set.
	maxTried   = 16   // Keys that one token is tried with.
)

// The two families of algorithms. They are never accepted together: where a public key can be taken for a secret,
// everybody who knows it can sign.
const (
	familyPublic = iota + 1
	familySecret
)

// algorithmFamilies are the supported algorithms (RFC 7518, section 3.1, and RFC 8037).
var algorithmFamilies = map[string]int{
	"RS256": familyPublic, "RS384": familyPublic, "RS512": familyPublic,
	"PS256": familyPublic, "PS384": familyPublic, "PS512": familyPublic,
	"ES256": familyPublic, "ES384": familyPublic, "ES512": familyPublic,
	"EdDSA": familyPublic,
	"HS256": familySecret, "HS384": familySecret, "HS512": familySecret,
}

// The kinds of key material, named by what the names of their algorithms begin with.
const (
	kindRSA     = "RSA"
	kindP256    = "ES256"
	kindP384    = "ES384"
	kindP521    = "ES512"
	kindEd25519 = "EdDSA"
	kindSecret  = "HS"
)

// key is one key that may verify tokens.
type key struct {
	id        string // The kid, or "".
	algorithm string // The only algorithm that the key may be used with, or "".
	kind      string
	material  any // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey or []byte: what jwt's methods take.
}

// fits says whether the key may verify signatures of the algorithm.
func (k *key) fits(algorithm string) bool {
	if k.algorithm != "" && k.algorithm != algorithm {
		return false
	}
	switch k.kind {
	case kindRSA:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case kindSecret:
		return strings.HasPrefix(algorithm, kindSecret)
	default:
		return algorithm == k.kind
	}
}

// keySet is a set of keys of one family. It does not change once a ring holds it.
type keySet struct {
	family     int
	byID       map[string][]*key // By kid; keys without one stand at "".
	all        []*key
	generation int64 // Of the ring.
}

func newKeySet(keys []*key) *keySet {
	set := &keySet{family: familyPublic, byID: map[string][]*key{}, all: keys}
	for _, k := range keys {
		set.byID[k.id] = append(set.byID[k.id], k)
		if k.kind == kindSecret {
			set.family = familySecret
		}
	}
	return set
}

// candidates returns the keys that the token could have been signed with, at most maxTried. A token that names its key
// is tried with the keys of that name, and where there is none with those that have no name; a token that names no key
// is tried with all.
func (s *keySet) candidates(id, algorithm string) []*key {
	keys := s.all
	if id != "" {
		keys = s.byID[id]
		if len(keys) == 0 {
			keys = s.byID[""]
		}
	}
	fitting := make([]*key, 0, 1)
	for _, k := range keys {
		if k.fits(algorithm) && len(fitting) < maxTried {
			fitting = append(fitting, k)
		}
	}
	return fitting
}

// publicKey wraps key material after checking that it is strong enough and on its curve.
func publicKey(material any) (*key, string) {
	switch public := material.(type) {
	case *rsa.PublicKey:
		return rsaKey(public)
	case *ecdsa.PublicKey:
		return ecdsaKey(public)
	case ed25519.PublicKey:
		return &key{kind: kindEd25519, material: public}, ""
	default:
		return nil, "holds a key of a type that signs no tokens: give an RSA, EC (P-256, P-384, P-521) or Ed25519 key"
	}
}

func rsaKey(public *rsa.PublicKey) (*key, string) {
	bits := public.N.BitLen()
	switch {
	case bits < minRSABits:
		return nil, "holds an RSA key under 2048 bits: use a longer key"
	case bits > maxRSABits:
		return nil, "holds an RSA key over 8192 bits: use a shorter key"
	case public.N.Bit(0) == 0 || public.E < 3 || public.E&1 == 0:
		return nil, "holds an RSA key that can't be valid (an even modulus or exponent, or an exponent under 3)"
	}
	return &key{kind: kindRSA, material: public}, ""
}

func ecdsaKey(public *ecdsa.PublicKey) (*key, string) {
	kind := ""
	switch public.Curve.Params().Name {
	case "P-256":
		kind = kindP256
	case "P-384":
		kind = kindP384
	case "P-521":
		kind = kindP521
	default:
		return nil, "holds an EC key on another curve than P-256, P-384 or P-521"
	}
	// The conversion fails for points that are not on the curve, and for the one at infinity.
	if _, err := public.ECDH(); err != nil {
		return nil, "holds an EC key whose point is not on its curve"
	}
	return &key{kind: kind, material: public}, ""
}

// parseSecret takes the text as the secret.
func parseSecret(text string) (*keySet, string) {
	if strings.Contains(text, "-----BEGIN ") {
		return nil, "is a PEM text and no secret: give a public key as publicKey or publicKeyFile"
	}
	if len(text) < minSecret {
		return nil, "is shorter than 32 bytes: use at least 32 random bytes"
	}
	return newKeySet([]*key{{kind: kindSecret, material: []byte(text)}}), ""
}
