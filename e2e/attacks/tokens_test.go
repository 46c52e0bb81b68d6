package attacks

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/casegate/casegate/e2e/harness"
)

const route = "/api/cases/9/files"

func tokenAttacks() []attack {
	const algorithms = "only the algorithms of the key's own family"
	const keys = "keys come from the configuration alone"
	const oneWay = "a token that could be read in two ways is refused"
	bear := func(token func() string) sender { return bearing(route, token) }
	claims := func(over jwt.MapClaims) sender { return bear(func() string { return harness.Token(over) }) }
	header := func(fields map[string]any) sender {
		return bear(func() string { return signed(fields, harness.Claims()) })
	}
	authorization := func(value string) sender { return with(notes, "-Authorization", "Authorization: "+value) }
	return []attack{
		{"token-none", "`alg: none` without a signature", algorithms, "", "token_invalid", bear(unsigned), nil},
		{"token-none-case", "`alg: nOnE`", algorithms, "", "token_invalid", header(map[string]any{"alg": "nOnE"}), nil},
		{"token-confusion", "HS256, signed with the public key's text as the secret", algorithms, "keys", "token_invalid", bear(func() string { return sign([]byte(publicKey), map[string]any{"alg": "HS256"}, harness.Claims()) }), nil},
		{"token-kid-path", "`kid: ../../../dev/null`, signed with an empty secret", keys, "", "token_invalid", bear(func() string {
			return sign(nil, map[string]any{"alg": "HS256", "kid": "../../../dev/null"}, harness.Claims())
		}), nil},
		{"token-own-key", "a key of the attacker's in `jwk`", keys, "", "token_invalid", bear(func() string {
			return sign([]byte("attacker"), map[string]any{"alg": "HS256", "jwk": map[string]any{"kty": "oct", "k": "YXR0YWNrZXI"}}, harness.Claims())
		}), nil},
		{"token-own-address", "a key's address in `jku`", keys, "", "token_invalid", bear(func() string {
			return sign([]byte("attacker"), map[string]any{"alg": "HS256", "jku": "http://127.0.0.1:1/jwks"}, harness.Claims())
		}), nil},
		{"token-critical", "an extension that must be understood (`crit`, `b64: false`)", "extensions are refused", "", "token_malformed", header(map[string]any{"alg": "HS256", "crit": []string{"b64"}, "b64": false}), nil},
		{"token-type", "a logout token, signed with the right key", "only access and ID tokens", "", "token_invalid", header(map[string]any{"alg": "HS256", "typ": "logout+jwt"}), nil},
		{"token-duplicate", "`iss` twice, of which readers take one or the other", oneWay, "", "token_malformed", bear(func() string {
			return signText(`{"iss":"https://evil.example","iss":"` + harness.Issuer + `","sub":"anna","exp":9999999999}`)
		}), nil},
		{"token-duplicate-escaped", "the second as `\\u0069ss`", oneWay, "", "token_malformed", bear(func() string {
			return signText(`{"\u0069ss":"https://evil.example","iss":"` + harness.Issuer + `","sub":"anna","exp":9999999999}`)
		}), nil},
		{"token-duplicate-deep", "a space twice, deep in the privileges", oneWay, "", "token_malformed", bear(func() string {
			return signText(`{"iss":"` + harness.Issuer + `","sub":"anna","exp":9999999999,"kibana":[{"base":["all"],"spaces":[],"spaces":["*"]}]}`)
		}), nil},
		{"token-padded", "base64 with padding", oneWay, "", "token_malformed", bear(func() string { return harness.Token(nil) + "=" }), nil},
		{"token-standard-base64", "`+` and `/` instead of `-` and `_`", "the signature is verified over the text as it came", "", "token_invalid", bear(func() string { return strings.Replace(harness.Token(nil), ".", ".+/", 1) }), nil},
		{"token-no-signature", "the signature cut off", "the signature is verified", "", "token_malformed", bear(func() string { text := harness.Token(nil); return text[:strings.LastIndexByte(text, '.')+1] }), nil},
		{"token-changed", "another user's name under a good signature", "the signature is verified", "", "token_invalid", bear(changed), nil},
		{"token-five-parts", "an encrypted token", "only signed tokens", "", "token_malformed", bear(func() string { return "a.b.c.d.e" }), nil},
		{"token-huge", "a token of 100 KiB", "8 KiB at most, before anything is decoded", "", "token_malformed", bear(func() string { return strings.Repeat("a", 100<<10) }), nil},
		{"token-deep", "claims nested 2,000 deep", "depth costs nothing before the signature, and is bounded by the token's length after it", "", "privilege_missing", bear(func() string {
			return signText(`{"iss":"` + harness.Issuer + `","exp":9999999999,"kibana":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`)
		}), nil},
		{"token-expired", "an expired token", "exp is checked", "", "token_expired", claims(jwt.MapClaims{"exp": time.Now().Add(-time.Hour).Unix()}), nil},
		{"token-no-expiry", "a token without exp", "exp is required", "", "token_invalid", claims(jwt.MapClaims{"exp": nil}), nil},
		{"token-expiry-text", "exp as a text", "times are numbers", "", "token_malformed", claims(jwt.MapClaims{"exp": "9999999999"}), nil},
		{"token-expiry-huge", "exp of 1e300", "times lie before the year 10000", "", "token_malformed", claims(jwt.MapClaims{"exp": json.Number("1e300")}), nil},
		{"token-not-yet", "nbf in the future", "nbf is checked", "", "token_invalid", claims(jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()}), nil},
		{"token-other-issuer", "another issuer, with a slash at the end", "iss is compared as it is", "", "token_invalid", claims(jwt.MapClaims{"iss": harness.Issuer + "/"}), nil},
		{"token-user-line-end", "a user's name with a line end, to split the header to Kibana", "a name that is no plain text is refused", "", "token_invalid", claims(jwt.MapClaims{"sub": "anna\r\nX-Injected: " + forged}), nil},
		{"token-two-headers", "two Authorization headers, the second good", "exactly one", "", "token_malformed", with(notes, "Authorization: Bearer "+harness.Token(nil)), nil},
		{"token-basic", "Basic credentials", "only bearer tokens", "", "token_missing", authorization("Basic ZWxhc3RpYzpjaGFuZ2VtZQ=="), nil},
		{"token-api-key", "an API key, which Kibana itself would take", "other schemes only where passSchemes names them", "", "token_missing", authorization("ApiKey YTpi"), nil},
		{"token-in-query", "the token in the query", "it is not looked for there", "", "token_missing", func(t *testing.T, at place) *harness.Answer {
			return raw(t, upload(at, route+"?access_token="+harness.Token(nil), harness.Form(notes, ""), "-Authorization"))
		}, nil},
		{"token-session", "a session cookie alone, as a browser has it", "no token, no upload", "", "token_missing", with(notes, "-Authorization", "Cookie: sid=Fe26.2**abc"), nil},
		{"token-two-cookies", "the token's cookie twice", "exactly one", "cookie", "token_malformed", with(notes, "-Authorization", "Cookie: sid=x; sid="+harness.Token(nil)), nil},
		{"token-header-and-cookie", "a bad token in the header, a good one in the cookie", "the header counts where there is one", "cookie", "token_malformed", with(notes, "-Authorization", "Authorization: Bearer x", "Cookie: sid="+harness.Token(nil)), nil},
		{"token-kept", "where the token must not reach Kibana: is it in the look-up or the upload?", "forward: false removes it from both", "strip", "200", with(notes), stored(without("Authorization"))},
	}
}

// sign signs claims under a header of any kind.
func sign(secret []byte, header map[string]any, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	if secret == nil {
		secret = []byte{}
	}
	text, err := token.SignedString(secret)
	must(err)
	return text
}

// signed is sign with the right secret.
func signed(header map[string]any, claims jwt.MapClaims) string {
	return sign([]byte(harness.Secret), header, claims)
}

// signText signs claims as they are written.
func signText(claims string) string {
	start := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	signature, err := jwt.SigningMethodHS256.Sign(start, []byte(harness.Secret))
	must(err)
	return start + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func unsigned() string {
	text, err := jwt.NewWithClaims(jwt.SigningMethodNone, harness.Claims()).SignedString(jwt.UnsafeAllowNoneSignatureType)
	must(err)
	return text
}

func changed() string {
	own, other := strings.Split(harness.Token(nil), "."), strings.Split(harness.Token(jwt.MapClaims{"sub": "admin"}), ".")
	return own[0] + "." + other[1] + "." + own[2]
}

func privilegeAttacks() []attack {
	const owner = "the owner is asked from Kibana, and the privilege is judged for this very caller each time"
	const strict = "only the exact words of Kibana's privileges count"
	everyone := func(entry map[string]any) func() string {
		return func() string { return harness.Token(jwt.MapClaims{"kibana": []any{entry}}) }
	}
	feature := func(name string, levels any, spaces any) func() string {
		return everyone(map[string]any{"base": []string{}, "feature": map[string]any{name: levels}, "spaces": spaces})
	}
	star, all := []string{"*"}, []string{"all"}
	sales := feature("generalCasesV3", all, []string{"sales"})
	return []attack{
		{"privilege-none", "a good token without privileges", "no privilege, no upload", "", "privilege_missing", bearing(route, func() string { return harness.Token(jwt.MapClaims{"kibana": nil}) }), nil},
		{"privilege-read", "`read` on Cases", strict, "", "privilege_missing", bearing(route, feature("generalCasesV3", []string{"read"}, star)), nil},
		{"privilege-upper-case", "`ALL`", strict, "", "privilege_missing", bearing(route, feature("generalCasesV3", []string{"ALL"}, star)), nil},
		{"privilege-text", "`all` as a text and not in a list", strict, "", "privilege_missing", bearing(route, feature("generalCasesV3", "all", star)), nil},
		{"privilege-wrong-type", "a number after a good name, for readers that keep the last value", strict, "", "privilege_missing", bearing(route, everyone(map[string]any{"base": []any{7}, "feature": map[string]any{"generalCasesV3": []any{7, nil}}, "spaces": star})), nil},
		{"privilege-other-feature", "`all` on another feature", strict, "", "privilege_missing", bearing(route, feature("dashboard", all, star)), nil},
		{"privilege-no-space", "an entry without spaces", strict, "", "privilege_missing", bearing(route, everyone(map[string]any{"base": all})), nil},
		{"privilege-space-star", "Elasticsearch's form with the resource `space:*`", strict, "", "privilege_missing", bearing(route, everyone(map[string]any{"application": "kibana-.kibana", "privileges": all, "resources": []string{"space:*"}})), nil},
		{"privilege-other-space", "a privilege in the space sales, an upload to the default one", "space by space", "", "privilege_missing", bearing(route, sales), nil},
		{"privilege-default-named", "the same by `/s/default`", "space by space", "", "privilege_missing", bearing("/s/default"+route, sales), nil},
		{"privilege-other-owner", "a Management user and a Security case", owner, "", "privilege_missing", bearing("/api/cases/sec-1/files", func() string { return harness.Token(nil) }), nil},
		{"privilege-owner-spelled", "the same with the case's id percent-encoded", owner, "", "privilege_missing", bearing("/api/cases/%73ec-1/files", func() string { return harness.Token(nil) }), nil},
		{"privilege-warmed-cache", "the same, after a Security user's upload made the gate remember the owner", owner, "", "privilege_missing", warmed, nil},
		{"privilege-guessed-case", "a case that does not exist", "Kibana's own answer to the look-up", "", "case_not_found", bearing("/api/cases/missing-1/files", func() string { return harness.Token(nil) }), nil},
		{"privilege-hidden-case", "a case that Kibana does not show this caller", "Kibana's own answer to the look-up", "", "privilege_missing", bearing("/api/cases/forbidden-1/files", func() string { return harness.Token(nil) }), nil},
		{"privilege-look-up-headers", "Range, If-None-Match and X-HTTP-Method-Override, to bend the look-up's answer", "the look-up carries none of a body's or a cache's headers", "", "privilege_missing", func(t *testing.T, at place) *harness.Answer {
			return raw(t, upload(at, "/api/cases/obs-7/files", harness.Form(notes, ""), "Range: bytes=0-1", "If-None-Match: *", "Accept-Encoding: gzip"))
		}, nil},
	}
}

// warmed lets a Security user be refused for a program, so that the owner is known, and then comes as another user.
func warmed(t *testing.T, at place) *harness.Answer {
	t.Helper()
	const path = "/api/cases/sec-77/files"
	security := harness.Token(jwt.MapClaims{"sub": "sec", "kibana": []any{map[string]any{"feature": map[string]any{"securitySolutionCasesV3": []string{"all"}}, "spaces": []string{"*"}}}})
	first := raw(t, upload(at, path, harness.Form(program, ""), "-Authorization", "Authorization: Bearer "+security))
	if first == nil || first.Code() != "executable_content" {
		t.Errorf("the first upload was answered with %+v", first)
	}
	return bearing(path, func() string { return harness.Token(nil) })(t, at)
}
