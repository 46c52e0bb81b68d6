package token

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/casegate/casegate/middleware/refusal"
)

// lastSecond is the end of the year 9999, in seconds of the Unix epoch. Times beyond it are milliseconds, or nonsense.
const lastSecond = 253402300799

// maxUser is the longest name of a user, in bytes.
const maxUser = 1024

// plainName matches what can name a user in a header: no control characters, no blanks around it.
var plainName = regexp.MustCompile(`^[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$`)

// readClaims reads and judges the claims of a token whose signature is right. It also returns when the token expires,
// leeway included.
func (v *Verifier) readClaims(head *header, part string) (*Caller, time.Time, *refusal.Refusal) {
	text, claims := decodeObject(part)
	if claims == nil {
		return nil, time.Time{}, refuse("token_malformed", sayClaims)
	}
	if !unique(head.text, head.members) || !unique(text, claims) {
		return nil, time.Time{}, refuse("token_malformed", sayDuplicate)
	}
	if no := v.checkIssuer(claims); no != nil {
		return nil, time.Time{}, no
	}
	if no := v.checkAudience(claims); no != nil {
		return nil, time.Time{}, no
	}
	expiry, no := v.checkTimes(claims)
	if no != nil {
		return nil, time.Time{}, no
	}
	user, no := v.readUser(claims)
	if no != nil {
		return nil, time.Time{}, no
	}
	return &Caller{User: user, Claims: claims}, expiry, nil
}

// checkIssuer compares iss (RFC 7519, section 4.1.1).
func (v *Verifier) checkIssuer(claims map[string]any) *refusal.Refusal {
	value, present := claims["iss"]
	issuer, ok := value.(string)
	if present && !ok {
		return refuse("token_malformed", sayClaims)
	}
	if v.settings.Issuer != "" && issuer != v.settings.Issuer {
		return refuse("token_invalid", sayIssuer)
	}
	return nil
}

// checkAudience looks for one of the accepted audiences in aud: a string or a list of strings (RFC 7519, section 4.1.3).
func (v *Verifier) checkAudience(claims map[string]any) *refusal.Refusal {
	value, present := claims["aud"]
	meant := false
	switch audience := value.(type) {
	case string:
		meant = v.audiences[audience]
	case []any:
		for _, entry := range audience {
			name, ok := entry.(string)
			if !ok {
				return refuse("token_malformed", sayClaims)
			}
			if v.audiences[name] {
				meant = true
			}
		}
	default:
		if present {
			return refuse("token_malformed", sayClaims)
		}
	}
	if len(v.audiences) > 0 && !meant {
		return refuse("token_invalid", sayAudience)
	}
	return nil
}

// checkTimes judges exp, nbf and iat (RFC 7519, sections 4.1.4 to 4.1.6) and returns exp with the leeway added.
func (v *Verifier) checkTimes(claims map[string]any) (time.Time, *refusal.Refusal) {
	if _, present := claims["exp"]; !present {
		return time.Time{}, refuse("token_invalid", sayNoExpiry)
	}
	now := v.now()
	expiry, ok := date(claims, "exp")
	if !ok {
		return time.Time{}, refuse("token_malformed", sayTimes)
	}
	start, ok := date(claims, "nbf")
	if !ok {
		return time.Time{}, refuse("token_malformed", sayTimes)
	}
	issued, ok := date(claims, "iat")
	if !ok {
		return time.Time{}, refuse("token_malformed", sayTimes)
	}
	expiry = expiry.Add(v.settings.Leeway)
	if !now.Before(expiry) {
		return time.Time{}, refuse("token_expired", sayExpired)
	}
	latest := now.Add(v.settings.Leeway)
	if latest.Before(start) || latest.Before(issued) {
		return time.Time{}, refuse("token_invalid", sayNotYet)
	}
	return expiry, nil
}

// date returns a NumericDate (RFC 7519, section 2), or the epoch when the claim is absent. ok is false for everything
// that is not a number of seconds between 1970 and 9999. Fractions of a second are dropped.
func date(claims map[string]any, name string) (at time.Time, ok bool) {
	value, present := claims[name]
	if !present {
		return time.Unix(0, 0), true
	}
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// readUser returns the name of the user, or "" when the token has no such claim. sub is a string in any case (RFC 7519,
// section 4.1.2).
func (v *Verifier) readUser(claims map[string]any) (string, *refusal.Refusal) {
	if subject, present := claims["sub"]; present {
		if _, ok := subject.(string); !ok {
			return "", refuse("token_malformed", sayClaims)
		}
	}
	value, present := claims[v.settings.UserClaim]
	if !present {
		return "", nil
	}
	user, ok := value.(string)
	if !ok || len(user) > maxUser || !plainName.MatchString(user) {
		return "", refuse("token_invalid", sayUser)
	}
	return user, nil
}
