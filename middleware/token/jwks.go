package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
)

// What a JWK set may hold depends on where it comes from.
const (
	jwksFetched = iota // Public keys; what can't be used is left out: the set is the provider's, for all its clients.
	jwksPublic         // Public keys; what can't be used is a fault: an operator wrote it.
	jwksNamed          // Public keys or secrets; what can't be used is a fault.
)

// curves are those of RFC 7518, section 6.2.1.1.
var curves = map[string]elliptic.Curve{
	"P-256": elliptic.P256(),
	"P-384": elliptic.P384(),
	"P-521": elliptic.P521(),
}

// parseJWKS reads a JWK set (RFC 7517, section 5). A set without any key that can be used is a fault.
func parseJWKS(text string, mode int) (*keySet, string) {
	var document map[string]any
	if json.Unmarshal([]byte(text), &document) != nil {
		return nil, "is not the JSON of a JWK set"
	}
	list, ok := document["keys"].([]any)
	if !ok {
		return nil, "is not a JWK set: it has no list of keys (keys)"
	}
	if len(list) > maxKeys {
		return nil, "holds more than 256 keys"
	}
	keys := []*key{}
	secrets := 0
	for _, entry := range list {
		members, ok := entry.(map[string]any)
		if !ok {
			return nil, "is not a JWK set: an entry of keys is no object"
		}
		k, fault := parseJWK(members, mode)
		if fault != "" {
			if mode == jwksFetched {
				continue
			}
			return nil, fault
		}
		if k == nil {
			continue
		}
		if k.kind == kindSecret {
			secrets++
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, "holds no key that can verify tokens"
	}
	if secrets > 0 && secrets < len(keys) {
		return nil, "holds both secrets (oct) and public keys: give one or the other"
	}
	return newKeySet(keys), ""
}

// parseJWK reads one key. A key that is meant for something else than signatures is neither a key nor a fault.
func parseJWK(members map[string]any, mode int) (*key, string) {
	if !forSignatures(members) {
		return nil, ""
	}
	var k *key
	var fault string
	switch member(members, "kty") {
	case "RSA":
		k, fault = parseRSA(members)
	case "EC":
		k, fault = parseEC(members)
	case "OKP":
		k, fault = parseOKP(members)
	case "oct":
		k, fault = parseOct(members, mode)
	default:
		return nil, "holds a key whose kty is none of RSA, EC, OKP and oct"
	}
	if fault != "" {
		return nil, fault
	}
	if _, private := members["d"]; private {
		return nil, "holds a private key (d): give the public key alone, and keep the private one with the issuer"
	}
	if id, named := members["kid"]; named {
		name, ok := id.(string)
		if !ok {
			return nil, "holds a key whose kid is no string"
		}
		k.id = name
	}
	if algorithm, bound := members["alg"]; bound {
		name, ok := algorithm.(string)
		if !ok || !k.fits(name) || algorithmFamilies[name] == 0 {
			return nil, "holds a key whose alg is not one that its type can have"
		}
		k.algorithm = name
	}
	return k, ""
}

// forSignatures looks at use and key_ops (RFC 7517, sections 4.2 and 4.3).
func forSignatures(members map[string]any) bool {
	if _, given := members["use"]; given && member(members, "use") != "sig" {
		return false
	}
	operations, given := members["key_ops"]
	if !given {
		return true
	}
	list, ok := operations.([]any)
	if !ok {
		return false
	}
	for _, operation := range list {
		name, ok := operation.(string)
		if ok && name == "verify" {
			return true
		}
	}
	return false
}

// parseRSA reads RFC 7518, section 6.3.1.
func parseRSA(members map[string]any) (*key, string) {
	n, e := number(members, "n"), number(members, "e")
	// Exponents beyond 31 bits don't fit crypto/rsa on every platform, and nobody uses them.
	if n == nil || e == nil || e.BitLen() > 31 {
		return nil, "holds an RSA key whose n or e is missing or damaged"
	}
	return rsaKey(&rsa.PublicKey{N: n, E: int(e.Int64())})
}

// parseEC reads RFC 7518, section 6.2.1. The coordinates have the full length of the curve's field.
func parseEC(members map[string]any) (*key, string) {
	curve, known := curves[member(members, "crv")]
	if !known {
		return nil, "holds an EC key whose crv is none of P-256, P-384 and P-521"
	}
	x, y := octets(members, "x"), octets(members, "y")
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, "holds an EC key whose x or y is missing or damaged"
	}
	return ecdsaKey(&ecdsa.PublicKey{Curve: curve, X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)})
}

// parseOKP reads RFC 8037, section 2.
func parseOKP(members map[string]any) (*key, string) {
	x := octets(members, "x")
	if member(members, "crv") != "Ed25519" || len(x) != ed25519.PublicKeySize {
		return nil, "holds an OKP key that is not Ed25519, or whose x is missing or damaged"
	}
	return publicKey(ed25519.PublicKey(x))
}

// parseOct reads RFC 7518, section 6.4.
func parseOct(members map[string]any, mode int) (*key, string) {
	if mode != jwksNamed {
		return nil, "holds a secret (oct) where public keys are expected: give secrets as secret, secretFile or jwksFile"
	}
	k := octets(members, "k")
	if len(k) < minSecret {
		return nil, "holds a secret (oct) that is damaged or shorter than 32 bytes"
	}
	return &key{kind: kindSecret, material: k}, ""
}

// text returns a member that is a string, or "".
func member(members map[string]any, name string) string {
	value, ok := members[name].(string)
	if !ok {
		return ""
	}
	return value
}

// octets returns a member that is base64url without padding (RFC 7518, section 2), or nil.
func octets(members map[string]any, name string) []byte {
	decoded, err := base64.RawURLEncoding.DecodeString(member(members, name))
	if err != nil || len(decoded) == 0 {
		return nil
	}
	return decoded
}

// number returns a member that is a Base64urlUInt, or nil.
func number(members map[string]any, name string) *big.Int {
	decoded := octets(members, name)
	if decoded == nil {
		return nil
	}
	return new(big.Int).SetBytes(decoded)
}
