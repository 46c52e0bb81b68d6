package exchange

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
)

// keyring makes the named keys of a run, each once. A name begins with the kind of the key (rsa, rsa1024, ec256, ec384,
// ec521, ed25519, hs); what follows after a hyphen tells keys of one kind apart: rsa-other.
type keyring struct {
	mu   sync.Mutex
	keys map[string]any
}

// ring is shared by all exchanges: making RSA keys takes long.
var ring = &keyring{keys: map[string]any{}}

func (k *keyring) get(name string) (any, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, known := k.keys[name]; known {
		return key, nil
	}
	kind, _, _ := strings.Cut(name, "-")
	key, err := generate(kind)
	if err != nil {
		return nil, err
	}
	k.keys[name] = key
	return key, nil
}

func generate(kind string) (any, error) {
	switch kind {
	case "rsa":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "rsa1024":
		return rsa.GenerateKey(rand.Reader, 1024)
	case "ec256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ec384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ec521":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case "hs":
		random := make([]byte, 32)
		if _, err := rand.Read(random); err != nil {
			return nil, err
		}
		return []byte(hex.EncodeToString(random)), nil
	}
	return nil, fmt.Errorf("no key is of the kind %q", kind)
}

// publicKey returns the public half of a named key as PEM.
func publicKey(name string) (string, error) {
	key, err := ring.get(name)
	if err != nil {
		return "", err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return "", fmt.Errorf("key %q has no public half", name)
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// secret returns a named key of the kind hs; without a name the one called hs.
func secret(names ...string) (string, error) {
	name := "hs"
	if len(names) > 0 {
		name = names[0]
	}
	key, err := ring.get(name)
	if err != nil {
		return "", err
	}
	text, ok := key.([]byte)
	if !ok {
		return "", fmt.Errorf("key %q is no secret", name)
	}
	return string(text), nil
}

// jwk returns the public half of a named key as a JSON Web Key with its name as kid. The members of an overriding JSON
// object replace its own; null removes one.
func jwk(name string, override ...string) (string, error) {
	key, err := ring.get(name)
	if err != nil {
		return "", err
	}
	members := map[string]any{"kid": name, "use": "sig"}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		members["kty"] = "RSA"
		members["n"] = segment(key.N.Bytes())
		members["e"] = segment(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PrivateKey:
		size := (key.Params().BitSize + 7) / 8
		members["kty"] = "EC"
		members["crv"] = key.Params().Name
		members["x"] = segment(key.X.FillBytes(make([]byte, size)))
		members["y"] = segment(key.Y.FillBytes(make([]byte, size)))
	case ed25519.PrivateKey:
		members["kty"] = "OKP"
		members["crv"] = "Ed25519"
		members["x"] = segment(key.Public().(ed25519.PublicKey))
	case []byte:
		members["kty"] = "oct"
		members["k"] = segment(key)
	}
	return merge(members, override...)
}

// jwks returns a key set of the named keys.
func jwks(names ...string) (string, error) {
	var keys []string
	for _, name := range names {
		key, err := jwk(name)
		if err != nil {
			return "", err
		}
		keys = append(keys, key)
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`, nil
}

// merge lays JSON objects over the members and returns the result as JSON.
func merge(members map[string]any, overrides ...string) (string, error) {
	for _, override := range overrides {
		var over map[string]any
		if err := json.Unmarshal([]byte(override), &over); err != nil {
			return "", fmt.Errorf("%s: %w", override, err)
		}
		for name, value := range over {
			if value == nil {
				delete(members, name)
				continue
			}
			members[name] = value
		}
	}
	text, err := json.Marshal(members)
	return string(text), err
}

// segment encodes bytes as JOSE does.
func segment(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// hashes gives the hash function for the size in an algorithm's name.
var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// sign makes a JOSE signature. The key none gives an empty one; public:NAME is the PEM of a public key used as an HMAC
// secret, as the algorithm confusion attack does.
func sign(algorithm, name, input string) ([]byte, error) {
	if name == "none" {
		return nil, nil
	}
	if public, found := strings.CutPrefix(name, "public:"); found {
		text, err := publicKey(public)
		if err != nil {
			return nil, err
		}
		return digest(crypto.SHA256, []byte(text), input), nil
	}
	key, err := ring.get(name)
	if err != nil {
		return nil, err
	}
	if key, ok := key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, []byte(input)), nil
	}
	if len(algorithm) != 5 || hashes[algorithm[2:]] == 0 {
		return nil, fmt.Errorf("key %q can't sign with %q", name, algorithm)
	}
	hash := hashes[algorithm[2:]]
	sum := hash.New()
	sum.Write([]byte(input))
	switch key := key.(type) {
	case []byte:
		return digest(hash, key, input), nil
	case *rsa.PrivateKey:
		if strings.HasPrefix(algorithm, "PS") {
			return rsa.SignPSS(rand.Reader, key, hash, sum.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(rand.Reader, key, hash, sum.Sum(nil))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, sum.Sum(nil))
		if err != nil {
			return nil, err
		}
		size := (key.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
	}
	return nil, fmt.Errorf("key %q can't sign", name)
}

func digest(hash crypto.Hash, key []byte, input string) []byte {
	mac := hmac.New(hash.New, key)
	mac.Write([]byte(input))
	return mac.Sum(nil)
}
