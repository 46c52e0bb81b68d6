package token

import (
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

// realm is the protection space of the challenges (RFC 9110, section 11.5).
const realm = `Bearer realm="kibana"`

// What callers are told. The texts are also sent as error_description, where RFC 6750, section 3, allows neither
// quotes nor backslashes.
const (
	sayMissing    = "a bearer token is needed: send Authorization: Bearer followed by the token"
	saySeveral    = "more than one Authorization header was sent: send one"
	sayCookies    = "more than one cookie of the token's name was sent: send one"
	sayLong       = "the token is longer than 8 KiB"
	sayShape      = "the token is no JSON Web Token: it must have three parts in base64url"
	sayEncrypted  = "the token is encrypted (JWE), which is not supported: send a signed one (JWS)"
	sayHeader     = "the token's header is not well formed"
	sayExtension  = "the token's header asks for an extension that is not supported (crit, b64, zip or cty)"
	sayType       = "the token is of another type (typ) than an access token"
	sayAlgorithm  = "the token's algorithm (alg) is not accepted here"
	saySignature  = "the token's signature can't be verified with the keys of its issuer"
	sayClaims     = "the token's claims are not well formed"
	sayDuplicate  = "the token names a member twice"
	sayTimes      = "the token's times (exp, nbf, iat) must be numbers of seconds"
	sayNoExpiry   = "the token never expires (it has no exp): get one that does"
	sayExpired    = "the token has expired: get a new one"
	sayNotYet     = "the token is not valid yet (nbf or iat is in the future): check the clocks"
	sayIssuer     = "the token was made by another issuer (iss)"
	sayAudience   = "the token was made for another service (aud)"
	sayUser       = "the claim of the token that names the user is not a plain string"
	sayNoKeys     = "the keys that verify tokens can't be had at the moment: try again later"
	sayCookieSize = "more than 16 KiB of cookies were sent: send fewer"
)

// missing is the answer to a request without a bearer token: a challenge without an error (RFC 6750, section 3.1).
func missing() *refusal.Refusal {
	no := refusal.New("token_missing", sayMissing)
	no.Challenge = realm
	return no
}

// refuse is the answer to a token that is not accepted. The code is token_malformed, token_invalid or token_expired.
func refuse(code, message string) *refusal.Refusal {
	no := refusal.New(code, message)
	no.Challenge = realm + `, error="invalid_token", error_description="` + message + `"`
	return no
}

// keysUnavailable is the answer while there are no keys. Whether the token is right is not known, so that it is no 401.
func keysUnavailable(wait time.Duration) *refusal.Refusal {
	no := refusal.New("keys_unavailable", sayNoKeys)
	no.RetryAfter = int((wait + time.Second - 1) / time.Second)
	if no.RetryAfter < 1 {
		no.RetryAfter = 1
	}
	return no
}
