package token

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/casegate/casegate/middleware/refusal"
	"github.com/golang-jwt/jwt/v5"
)

// encoding is that of RFC 7515, section 2: base64url without padding, and without spare bits, so that a token can be
// written in one way alone.
var encoding = base64.RawURLEncoding.Strict()

// jsonString matches one string of a JSON text.
var jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// tokenTypes are the values of typ that an access token or an ID token may have, in lower case. Tokens of other types
// (logout+jwt, dpop+jwt …) are signed with the same keys and mean something else (RFC 8725, section 3.11).
var tokenTypes = map[string]bool{
	"jwt": true, "application/jwt": true, "at+jwt": true, "application/at+jwt": true,
}

// header is what is taken from a token's header.
type header struct {
	text      []byte
	members   map[string]any
	algorithm string
	keyID     string
}

// verify verifies a token and remembers it. The order keeps refusals cheap: the key is looked for before any signature
// is verified, and the claims are not looked at before the signature has been found right.
func (v *Verifier) verify(ctx context.Context, token string) (*Caller, *refusal.Refusal) {
	if len(token) > maxToken {
		return nil, refuse("token_malformed", sayLong)
	}
	parts := strings.SplitN(token, ".", 6)
	// The decoder would skip line ends.
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		if len(parts) == 5 {
			return nil, refuse("token_malformed", sayEncrypted)
		}
		return nil, refuse("token_malformed", sayShape)
	}
	head, no := v.readHeader(parts[0])
	if no != nil {
		return nil, no
	}
	keys, until := v.ring.keys(ctx)
	if keys == nil {
		return nil, keysUnavailable(until.Sub(v.now()))
	}
	credential := "Bearer " + token
	if caller := recall(v, credential); caller != nil {
		return caller, nil
	}
	CacheMisses.Add(1)
	if algorithmFamilies[head.algorithm] != keys.family {
		return nil, refuse("token_invalid", sayAlgorithm)
	}
	signature, err := encoding.DecodeString(parts[2])
	if err != nil || len(signature) == 0 {
		return nil, refuse("token_malformed", sayShape)
	}
	method := v.methods[head.algorithm]
	signed := token[:len(parts[0])+1+len(parts[1])]
	if !signedBy(keys.candidates(head.keyID, head.algorithm), method, signed, signature) {
		// The issuer may have changed its keys since they were fetched. Where the key is known, it is the signature
		// that is wrong.
		if head.keyID != "" && len(keys.byID[head.keyID]) > 0 {
			return nil, refuse("token_invalid", saySignature)
		}
		// A fetch that was under way may have been answered before the issuer changed its keys, so there are two tries.
		verified := false
		for tries := 0; tries < 2 && !verified; tries++ {
			keys, until = v.ring.refreshed(ctx)
			if keys == nil {
				break
			}
			verified = signedBy(keys.candidates(head.keyID, head.algorithm), method, signed, signature)
		}
		if !verified {
			return nil, refuse("token_invalid", saySignature)
		}
	}
	caller, expiry, no := v.readClaims(head, parts[1])
	if no != nil {
		return nil, no
	}
	v.remember(sha256.Sum256([]byte(credential)), caller, keys.generation, expiry, until)
	return caller, nil
}

// remember keeps a verified token for a minute, but not beyond its expiry or the time until which its keys are good.
func (v *Verifier) remember(digest [sha256.Size]byte, caller *Caller, generation int64, expiry, until time.Time) {
	end := v.now().Add(maxRemembered)
	if expiry.Before(end) {
		end = expiry
	}
	if until.Before(end) {
		end = until
	}
	v.cache.put(digest, &remembered{caller: caller, generation: generation, until: end.UnixNano()})
}

// signedBy says whether one of the keys made the signature.
func signedBy(keys []*key, method jwt.SigningMethod, signed string, signature []byte) bool {
	for _, k := range keys {
		if method.Verify(signed, signature, k.material) == nil {
			return true
		}
	}
	return false
}

// readHeader reads the header of a token and judges what must be known before the key is looked for.
func (v *Verifier) readHeader(part string) (*header, *refusal.Refusal) {
	text, members := decodeObject(part)
	if members == nil {
		return nil, refuse("token_malformed", sayHeader)
	}
	for _, name := range []string{"crit", "b64", "zip", "cty"} {
		if _, present := members[name]; present {
			return nil, refuse("token_malformed", sayExtension)
		}
	}
	algorithm, ok := members["alg"].(string)
	if !ok {
		return nil, refuse("token_malformed", sayHeader)
	}
	if v.methods[algorithm] == nil {
		return nil, refuse("token_invalid", sayAlgorithm)
	}
	if kind, present := members["typ"]; present {
		name, ok := kind.(string)
		if !ok {
			return nil, refuse("token_malformed", sayHeader)
		}
		if !tokenTypes[strings.ToLower(name)] {
			return nil, refuse("token_invalid", sayType)
		}
	}
	keyID := ""
	if id, present := members["kid"]; present {
		name, ok := id.(string)
		if !ok {
			return nil, refuse("token_malformed", sayHeader)
		}
		keyID = name
	}
	return &header{text: text, members: members, algorithm: algorithm, keyID: keyID}, nil
}

// decodeObject decodes a part of a token that is a JSON object. It returns nil members when it is anything else.
func decodeObject(part string) ([]byte, map[string]any) {
	var members map[string]any
	text, err := encoding.DecodeString(part)
	if err != nil || !utf8.Valid(text) {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&members) != nil {
		return nil, nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, nil
	}
	return text, members
}

// unique says whether no object in the JSON text, at any depth, names a member twice. Of such members readers take the
// first or the last. The decoded value has fewer members than the text then: each colon outside the text's strings
// stands for one member. It is counted this way because a walk through the text would be interpreted step by step.
func unique(text []byte, members map[string]any) bool {
	once, err := json.Marshal(members)
	return err == nil && countMembers(text) == countMembers(once)
}

// countMembers counts the members of all objects in a valid JSON text.
func countMembers(text []byte) int {
	return bytes.Count(jsonString.ReplaceAllLiteral(text, nil), []byte(":"))
}
