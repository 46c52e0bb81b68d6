package token

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// The world of the table: one issuer, one audience, one moment.
const (
	testIssuer   = "https://id.example"
	testAudience = "kibana"
	testNow      = 1800000000
)

// row is one token, or one way to send it, and what becomes of it. What a row does not say is good: a token of ada,
// signed with the key p256, that is valid for five minutes.
type row struct {
	name     string
	settings func(s *Settings, k *testKeys)
	key      string // That signs; p256.
	alg      string // That it signs with; ES256.
	header   string // Text of the token's header.
	claims   string // Text of the token's claims.
	token    func(token string) string
	request  func(token string) http.Header
	want     string // The code of the refusal; "" when the token is accepted.
	user     string // Of the accepted token; ada.
}

// claims returns good claims with more members.
func claims(more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"iss":"https://id.example","aud":"kibana","sub":"ada","exp":1800000300` + more + `}`
}

// times returns good claims but for the times that are given.
func times(members string) string {
	return `{"iss":"https://id.example","aud":"kibana","sub":"ada",` + members + `}`
}

// from returns good claims but for the issuer, audience and subject that are given.
func from(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"exp":1800000300` + members + `}`
}

// named returns the header of a token that is signed with the key.
func named(alg, key string) string {
	return `{"alg":"` + alg + `","kid":"` + key + `"}`
}

// with returns the header of a token that is signed with p256, with more members.
func with(more string) string {
	return `{"alg":"ES256","kid":"p256",` + more + `}`
}

// authorization sends the header as it stands.
func authorization(values ...string) func(token string) http.Header {
	return func(token string) http.Header {
		sent := make([]string, len(values))
		for i, value := range values {
			sent[i] = strings.Replace(value, "TOKEN", token, 1)
		}
		return http.Header{"Authorization": sent}
	}
}

// cookies sends no Authorization but these Cookie lines.
func cookies(lines ...string) func(token string) http.Header {
	return func(token string) http.Header {
		header := http.Header{}
		for _, line := range lines {
			header.Add("Cookie", strings.Replace(line, "TOKEN", token, 1))
		}
		return header
	}
}

func secretKey(s *Settings, _ *testKeys)  { s.PublicKey, s.Secret = "", testSecret }
func withCookie(s *Settings, _ *testKeys) { s.Cookie = "kibana.token" }
func passing(s *Settings, _ *testKeys)    { s.PassSchemes = []string{"ApiKey", "Basic"} }
func rsaPEM(s *Settings, k *testKeys)     { s.PublicKey = k.pem("rsa") }
func anyIssuer(s *Settings, _ *testKeys)  { s.Issuer = "" }
func anyAudience(s *Settings, _ *testKeys) {
	s.Audience = nil
}

// testSettings are what the rows start from.
func testSettings(k *testKeys) Settings {
	s := Default()
	s.Issuer = testIssuer
	s.Audience = []string{testAudience, "kibana-staging"}
	s.PublicKey = k.set("rsa", "rsa2", "p256", "p256b", "p384", "p521", "ed")
	return s
}

// run checks one request and returns what is wrong with the answer, or "".
func (r row) run(k *testKeys) string {
	settings := testSettings(k)
	if r.settings != nil {
		r.settings(&settings, k)
	}
	if faults := settings.Faults(); len(faults) > 0 {
		return "the settings have faults: " + strings.Join(faults, "; ")
	}
	v := newRegistry(func() time.Time { return time.Unix(testNow, 0) }).verifier(settings)
	req := httptest.NewRequest(http.MethodPost, "/api/cases/1/files", nil)
	req.Header = r.build(k)
	for _, round := range []string{"at first", "again"} {
		caller, no := v.Check(req)
		got, user := "", ""
		if no != nil {
			got = no.Code
		}
		if caller != nil {
			user = caller.User
		}
		want := r.user
		if want == "" && r.want == "" {
			want = "ada"
		}
		if want == "-" {
			want = ""
		}
		if got != r.want || user != want {
			return round + ": got " + got + " for user " + user + ", want " + r.want + " for user " + want
		}
		if (caller == nil) == (no == nil) {
			return round + ": a caller and a refusal, or neither"
		}
		if no != nil && no.Status == 401 && !strings.HasPrefix(no.Challenge, `Bearer realm="kibana"`) {
			return round + ": the challenge is " + no.Challenge
		}
	}
	return ""
}

// build makes the headers of the request.
func (r row) build(k *testKeys) http.Header {
	key, alg, header, text := r.key, r.alg, r.header, r.claims
	if key == "" {
		key = "p256"
	}
	if alg == "" {
		alg = "ES256"
	}
	if header == "" {
		header = named(alg, key)
	}
	if text == "" {
		text = claims("")
	}
	token := k.sign(key, alg, header, text)
	if r.token != nil {
		token = r.token(token)
	}
	if r.request != nil {
		return r.request(token)
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// rows is the table.
func rows() []row {
	all := algorithmRows()
	all = append(all, sendingRows()...)
	all = append(all, shapeRows()...)
	all = append(all, headerRows()...)
	all = append(all, timeRows()...)
	return append(all, claimRows()...)
}

func algorithmRows() []row {
	return []row{
		{name: "RS256", key: "rsa", alg: "RS256"},
		{name: "RS384", key: "rsa", alg: "RS384"},
		{name: "RS512", key: "rsa", alg: "RS512"},
		{name: "PS256", key: "rsa", alg: "PS256"},
		{name: "PS384", key: "rsa", alg: "PS384"},
		{name: "PS512", key: "rsa", alg: "PS512"},
		{name: "ES256", key: "p256", alg: "ES256"},
		{name: "ES384", key: "p384", alg: "ES384"},
		{name: "ES512", key: "p521", alg: "ES512"},
		{name: "EdDSA", key: "ed", alg: "EdDSA"},
		{name: "HS256", key: "secret", alg: "HS256", settings: secretKey},
		{name: "HS384", key: "secret", alg: "HS384", settings: secretKey},
		{name: "HS512", key: "secret", alg: "HS512", settings: secretKey},
		{name: "HS256 without kid", key: "secret", alg: "HS256", header: `{"alg":"HS256"}`, settings: secretKey},
		{name: "HS256 with another secret", key: "other-secret", alg: "HS256", settings: secretKey, want: "token_invalid"},
		{name: "HS256 where there are public keys", key: "secret", alg: "HS256", want: "token_invalid"},
		{name: "public key algorithm where there is a secret", settings: secretKey, want: "token_invalid"},
		{
			name: "HS256 where only HS512 is accepted", key: "secret", alg: "HS256", want: "token_invalid",
			settings: func(s *Settings, k *testKeys) { secretKey(s, k); s.Algorithms = []string{"HS512"} },
		},
		{
			name: "the algorithm that is accepted alone", key: "rsa", alg: "PS256",
			settings: func(s *Settings, _ *testKeys) { s.Algorithms = []string{"PS256"} },
		},
		{
			name: "another than is accepted alone", key: "rsa", alg: "RS256", want: "token_invalid",
			settings: func(s *Settings, _ *testKeys) { s.Algorithms = []string{"PS256"} },
		},
		{
			name: "none", want: "token_invalid",
			token: func(token string) string { return part(part(token, 0, b64([]byte(`{"alg":"none"}`))), 2, "") },
		},
		{name: "none with a signature", header: `{"alg":"none","kid":"p256"}`, want: "token_invalid"},
		{name: "None in another case", header: `{"alg":"nOnE","kid":"p256"}`, want: "token_invalid"},
		{name: "es256 in lower case", header: `{"alg":"es256","kid":"p256"}`, want: "token_invalid"},
		{name: "unknown algorithm", header: `{"alg":"ES256K","kid":"p256"}`, want: "token_invalid"},
		{name: "no algorithm", header: `{"kid":"p256"}`, want: "token_malformed"},
		{name: "algorithm null", header: `{"alg":null,"kid":"p256"}`, want: "token_malformed"},
		{name: "algorithm as a list", header: `{"alg":["ES256"],"kid":"p256"}`, want: "token_malformed"},
		{name: "algorithm empty", header: `{"alg":"","kid":"p256"}`, want: "token_invalid"},
		{name: "RSA public key as a secret", want: "token_invalid", settings: rsaPEM, token: func(_ string) string {
			return signWith([]byte(theKeys().pem("rsa")), "HS256", `{"alg":"HS256"}`, claims(""))
		}},
		{name: "EC public key as a secret", want: "token_invalid", token: func(_ string) string {
			return signWith([]byte(theKeys().pem("p256")), "HS256", named("HS256", "p256"), claims(""))
		}},
		{name: "RS256 said, PS256 done", key: "rsa", alg: "PS256", header: named("RS256", "rsa"), want: "token_invalid"},
		{name: "PS256 said, RS256 done", key: "rsa", alg: "RS256", header: named("PS256", "rsa"), want: "token_invalid"},
		{name: "ES384 said for a P-256 key", header: named("ES384", "p256"), want: "token_invalid"},
		{name: "RS256 said for an EC key", header: named("RS256", "p256"), want: "token_invalid"},
		{name: "EdDSA said for an EC key", header: named("EdDSA", "p256"), want: "token_invalid"},
		{name: "key of another name", key: "p256", header: named("ES256", "p256b"), want: "token_invalid"},
		{name: "name that no key has", header: named("ES256", "nobody"), want: "token_invalid"},
		{name: "stranger's key under a known name", key: "stranger", header: named("ES256", "p256"), want: "token_invalid"},
		{name: "stranger's key without a name", key: "stranger", header: `{"alg":"ES256"}`, want: "token_invalid"},
		{name: "no name: every key is tried", key: "p256b", header: `{"alg":"ES256"}`},
		{name: "no name: every RSA key is tried", key: "rsa2", alg: "RS512", header: `{"alg":"RS512"}`},
		{name: "empty name is no name", key: "p256b", header: `{"alg":"ES256","kid":""}`},
		{name: "PEM key, token with a name", key: "rsa", alg: "RS256", settings: rsaPEM},
		{
			name: "second of several PEM keys", key: "p384", alg: "ES384",
			settings: func(s *Settings, k *testKeys) { s.PublicKey = k.pem("p256", "p384", "ed") },
		},
		{
			name: "key bound to another algorithm", key: "rsa", alg: "RS512", want: "token_invalid",
			settings: func(s *Settings, k *testKeys) { s.PublicKey = jwks(k.jwk("rsa", "alg", "RS256")) },
		},
		{
			name: "key bound to the algorithm", key: "rsa", alg: "RS256",
			settings: func(s *Settings, k *testKeys) { s.PublicKey = jwks(k.jwk("rsa", "alg", "RS256")) },
		},
		{
			name: "key for encryption", key: "rsa", alg: "RS256", want: "token_invalid",
			settings: func(s *Settings, k *testKeys) { s.PublicKey = jwks(k.jwk("rsa", "use", "enc"), k.jwk("p256")) },
		},
		{
			name: "key for signatures", key: "rsa", alg: "RS256",
			settings: func(s *Settings, k *testKeys) { s.PublicKey = jwks(k.jwk("rsa", "use", "sig")) },
		},
		{
			name: "two keys of one name, the second fits", key: "p256", header: named("ES256", "k"),
			settings: func(s *Settings, k *testKeys) {
				s.PublicKey = jwks(k.jwk("rsa", "kid", "k"), k.jwk("p256", "kid", "k"))
			},
		},
		{
			name: "two keys of one name and type, the second signs", key: "p256b", header: named("ES256", "k"),
			settings: func(s *Settings, k *testKeys) {
				s.PublicKey = jwks(k.jwk("p256", "kid", "k"), k.jwk("p256b", "kid", "k"))
			},
		},
		{
			name: "key without a name for a token with one", header: named("ES256", "k"),
			settings: func(s *Settings, k *testKeys) { s.PublicKey = jwks(k.jwk("rsa"), k.jwk("p256", "kid", "-")) },
		},
		{
			name: "key of the name goes before one without", key: "p256b", header: named("ES256", "p256"), want: "token_invalid",
			settings: func(s *Settings, k *testKeys) { s.PublicKey = jwks(k.jwk("p256"), k.jwk("p256b", "kid", "-")) },
		},
	}
}

func sendingRows() []row {
	return []row{
		{name: "no Authorization", request: authorization(), want: "token_missing"},
		{name: "empty Authorization", request: authorization(""), want: "token_missing"},
		{name: "empty Authorization, schemes are passed on", request: authorization(""), settings: passing, want: "token_missing"},
		{name: "blank first", request: authorization(" Bearer TOKEN"), want: "token_missing"},
		{name: "blank first, schemes are passed on", request: authorization(" x"), settings: passing, want: "token_missing"},
		{name: "bearer in lower case", request: authorization("bearer TOKEN")},
		{name: "BEARER in upper case", request: authorization("BEARER TOKEN")},
		{name: "several blanks", request: authorization("Bearer   TOKEN")},
		{name: "tab instead of a blank", request: authorization("Bearer\tTOKEN"), want: "token_missing"},
		{name: "blank and tab", request: authorization("Bearer \tTOKEN"), want: "token_malformed"},
		{name: "blank after the token", request: authorization("Bearer TOKEN "), want: "token_malformed"},
		{name: "line end after the token", request: authorization("Bearer TOKEN\n"), want: "token_malformed"},
		{name: "something after the token", request: authorization("Bearer TOKEN x"), want: "token_malformed"},
		{name: "parameter after the token", request: authorization("Bearer TOKEN, x=y"), want: "token_malformed"},
		{name: "scheme alone", request: authorization("Bearer"), want: "token_missing"},
		{name: "scheme and blanks", request: authorization("Bearer   "), want: "token_missing"},
		{name: "no scheme", request: authorization("TOKEN"), want: "token_missing"},
		{name: "scheme glued to the token", request: authorization("BearerTOKEN"), want: "token_missing"},
		{name: "Bearer twice", request: authorization("Bearer Bearer TOKEN"), want: "token_malformed"},
		{name: "Basic", request: authorization("Basic YWRhOmxvdmVsYWNl"), want: "token_missing"},
		{name: "Basic with the token as password", request: authorization("Basic TOKEN"), want: "token_missing"},
		{name: "unknown scheme with the token", request: authorization("Something TOKEN"), want: "token_missing"},
		{name: "DPoP with the token", request: authorization("DPoP TOKEN"), want: "token_missing"},
		{name: "two headers, the same token", request: authorization("Bearer TOKEN", "Bearer TOKEN"), want: "token_malformed"},
		{name: "two headers, one empty", request: authorization("Bearer TOKEN", ""), want: "token_malformed"},
		{name: "two headers, one passed on", request: authorization("ApiKey x", "Bearer TOKEN"), settings: passing, want: "token_malformed"},
		{name: "two tokens in one header", request: authorization("Bearer TOKEN, Bearer x.y.z"), want: "token_malformed"},
		{name: "passed on", request: authorization("ApiKey abc"), settings: passing, user: "-"},
		{name: "passed on in another case", request: authorization("aPIkEY abc"), settings: passing, user: "-"},
		{name: "second scheme passed on", request: authorization("Basic abc"), settings: passing, user: "-"},
		{name: "scheme that only begins like one passed on", request: authorization("ApiKeys abc"), settings: passing, want: "token_missing"},
		{name: "schemes are passed on, Bearer is checked", settings: passing},
		{name: "schemes are passed on, bad Bearer is refused", key: "stranger", header: named("ES256", "p256"), settings: passing, want: "token_invalid"},
		{name: "8 KiB", request: sized(maxToken)},
		{name: "8 KiB and one byte", request: sized(maxToken + 1), want: "token_malformed"},
		{name: "1 MiB of token", request: sized(1 << 20), want: "token_malformed"},
		{name: "cookie", request: cookies("kibana.token=TOKEN"), settings: withCookie},
		{name: "cookie among others", request: cookies("a=1; kibana.token=TOKEN; b=2"), settings: withCookie},
		{name: "cookie in the second line", request: cookies("a=1", "kibana.token=TOKEN"), settings: withCookie},
		{name: "cookie that is not looked at", request: cookies("kibana.token=TOKEN"), want: "token_missing"},
		{name: "no such cookie", request: cookies("a=TOKEN"), settings: withCookie, want: "token_missing"},
		{name: "cookie whose name ends alike", request: cookies("xkibana.token=TOKEN"), settings: withCookie, want: "token_missing"},
		{name: "cookie whose name is a pattern", request: cookies("kibanaXtoken=TOKEN"), settings: withCookie, want: "token_missing"},
		{name: "cookie in another case", request: cookies("Kibana.Token=TOKEN"), settings: withCookie, want: "token_missing"},
		{name: "empty cookie", request: cookies("kibana.token="), settings: withCookie, want: "token_missing"},
		{name: "cookie twice", request: cookies("kibana.token=TOKEN; kibana.token=x"), settings: withCookie, want: "token_malformed"},
		{name: "cookie twice, the first empty", request: cookies("kibana.token=; kibana.token=TOKEN"), settings: withCookie, want: "token_malformed"},
		{name: "cookie twice in two lines", request: cookies("kibana.token=x", "kibana.token=TOKEN"), settings: withCookie, want: "token_malformed"},
		{name: "cookie twice, blanks before the sign", request: cookies("kibana.token =x; kibana.token=TOKEN"), settings: withCookie, want: "token_malformed"},
		{name: "quoted cookie", request: cookies(`kibana.token="TOKEN"`), settings: withCookie, want: "token_malformed"},
		{name: "cookie after 16 KiB of others", request: cookies("a="+strings.Repeat("a", maxCookies), "kibana.token=TOKEN"), settings: withCookie, want: "token_malformed"},
		{name: "header goes before the cookie", settings: withCookie, request: func(token string) http.Header {
			return http.Header{"Authorization": {"Bearer " + token}, "Cookie": {"kibana.token=x"}}
		}},
		{name: "bad header is not mended by the cookie", settings: withCookie, want: "token_malformed", request: func(token string) http.Header {
			return http.Header{"Authorization": {"Bearer x"}, "Cookie": {"kibana.token=" + token}}
		}},
		{name: "Basic is not mended by the cookie", settings: withCookie, want: "token_missing", request: func(token string) http.Header {
			return http.Header{"Authorization": {"Basic x"}, "Cookie": {"kibana.token=" + token}}
		}},
	}
}

// sized sends a good token that is just as long.
func sized(length int) func(string) http.Header {
	return func(_ string) http.Header {
		k := theKeys()
		filled := func(fill int) string {
			return k.sign("p256", "ES256", named("ES256", "p256"), claims(`"fill":"`+strings.Repeat("a", fill)+`"`))
		}
		// Three bytes make four characters; the rest is found by trying.
		fill := (length-len(filled(0)))*3/4 - 3
		token := filled(fill)
		for len(token) < length {
			fill++
			token = filled(fill)
		}
		return http.Header{"Authorization": {"Bearer " + token}}
	}
}

func shapeRows() []row {
	shaped := func(token string) func(_ string) string { return func(_ string) string { return token } }
	return []row{
		{name: "one part", token: shaped("abcdef"), want: "token_malformed"},
		{name: "two parts", token: shaped("abc.def"), want: "token_malformed"},
		{name: "four parts", token: func(token string) string { return token + ".x" }, want: "token_malformed"},
		{name: "five parts (encrypted)", token: func(token string) string { return token + ".x.y" }, want: "token_malformed"},
		{name: "dot at the end", token: func(token string) string { return token + "." }, want: "token_malformed"},
		{name: "empty parts", token: shaped(".."), want: "token_malformed"},
		{name: "thousands of dots", token: shaped(strings.Repeat(".", 8000)), want: "token_malformed"},
		{name: "no header", token: func(token string) string { return part(token, 0, "") }, want: "token_malformed"},
		{name: "no claims", token: func(token string) string { return part(token, 1, "") }, want: "token_invalid"},
		{name: "no signature", token: func(token string) string { return part(token, 2, "") }, want: "token_malformed"},
		{name: "padding", token: func(token string) string { return token + "==" }, want: "token_malformed"},
		{name: "base64 instead of base64url", token: func(token string) string { return part(token, 2, "+/+/") }, want: "token_malformed"},
		{name: "line end inside", token: func(token string) string { return token[:40] + "\n" + token[40:] }, want: "token_malformed"},
		{name: "carriage return inside", token: func(token string) string { return token[:40] + "\r" + token[40:] }, want: "token_malformed"},
		{name: "short signature", token: func(token string) string { return part(token, 2, "AAAA") }, want: "token_invalid"},
		{name: "signature of zeros", token: func(token string) string { return part(token, 2, b64(make([]byte, 64))) }, want: "token_invalid"},
		{name: "signature in ASN.1 form", token: func(token string) string { return part(token, 2, b64(make([]byte, 70))) }, want: "token_invalid"},
		{
			name: "other claims under the signature", want: "token_invalid",
			token: func(token string) string { return part(token, 1, b64([]byte(claims(`"admin":true`)))) },
		},
		{
			name: "other header over the signature", want: "token_invalid",
			token: func(token string) string { return part(token, 0, b64([]byte(with(`"x":1`)))) },
		},
		{
			name: "spare bits in the signature", want: "token_malformed",
			token: func(token string) string {
				// 64 bytes leave four spare bits in the last of 86 characters, which are A, Q, g or w.
				last := strings.IndexByte("AQgw", token[len(token)-1])
				return token[:len(token)-1] + "BRhx"[last:last+1]
			},
		},
		{name: "header is no JSON", header: `alg`, want: "token_malformed"},
		{name: "header is a list", header: `[]`, want: "token_malformed"},
		{name: "header is null", header: `null`, want: "token_malformed"},
		{name: "header with something after it", header: named("ES256", "p256") + "{}", want: "token_malformed"},
		{name: "header with blanks around it", header: " " + named("ES256", "p256") + "\n"},
		{name: "header not UTF-8", header: with("\"x\":\"\xff\""), want: "token_malformed"},
		{name: "claims are no JSON", claims: `exp`, want: "token_malformed"},
		{name: "claims are a list", claims: `[1]`, want: "token_malformed"},
		{name: "claims are null", claims: `null`, want: "token_malformed"},
		{name: "claims are a string", claims: `"x"`, want: "token_malformed"},
		{name: "claims are empty", claims: ``, token: func(_ string) string {
			return theKeys().sign("p256", "ES256", named("ES256", "p256"), "")
		}, want: "token_malformed"},
		{name: "claims with something after them", claims: claims("") + "x", want: "token_malformed"},
		{name: "claims cut off", claims: `{"exp":1800000300`, want: "token_malformed"},
		{name: "claims not UTF-8", claims: claims("\"x\":\"\xc3\""), want: "token_malformed"},
		{name: "claims with a control character", claims: claims("\"x\":\"\x01\""), want: "token_malformed"},
		{name: "claims nested very deep", claims: claims(`"x":` + strings.Repeat("[", 2500) + strings.Repeat("]", 2500))},
		{name: "claims with spaces and line ends", claims: "{ \"iss\" : \"https://id.example\",\n\t\"aud\":\"kibana\", \"sub\":\"ada\", \"exp\": 1800000300 }"},
	}
}

func headerRows() []row {
	return []row{
		{name: "typ JWT", header: with(`"typ":"JWT"`)},
		{name: "typ jwt", header: with(`"typ":"jwt"`)},
		{name: "typ at+jwt", header: with(`"typ":"at+jwt"`)},
		{name: "typ AT+JWT", header: with(`"typ":"AT+JWT"`)},
		{name: "typ application/at+jwt", header: with(`"typ":"application/at+jwt"`)},
		{name: "typ application/jwt", header: with(`"typ":"application/jwt"`)},
		{name: "typ empty", header: with(`"typ":""`), want: "token_invalid"},
		{name: "typ of a logout token", header: with(`"typ":"logout+jwt"`), want: "token_invalid"},
		{name: "typ of a DPoP proof", header: with(`"typ":"dpop+jwt"`), want: "token_invalid"},
		{name: "typ JOSE", header: with(`"typ":"JOSE"`), want: "token_invalid"},
		{name: "typ is a number", header: with(`"typ":1`), want: "token_malformed"},
		{name: "typ is null", header: with(`"typ":null`), want: "token_malformed"},
		{name: "kid is a number", header: `{"alg":"ES256","kid":1}`, want: "token_malformed"},
		{name: "kid is null", header: `{"alg":"ES256","kid":null}`, want: "token_malformed"},
		{name: "crit", header: with(`"crit":["exp"]`), want: "token_malformed"},
		{name: "crit empty", header: with(`"crit":[]`), want: "token_malformed"},
		{name: "crit null", header: with(`"crit":null`), want: "token_malformed"},
		{name: "b64 false", header: with(`"b64":false`), want: "token_malformed"},
		{name: "b64 true", header: with(`"b64":true`), want: "token_malformed"},
		{name: "zip", header: with(`"zip":"DEF"`), want: "token_malformed"},
		{name: "cty of a nested token", header: with(`"cty":"JWT"`), want: "token_malformed"},
		{name: "alg twice", header: `{"alg":"none","kid":"p256","alg":"ES256"}`, want: "token_malformed"},
		{name: "kid twice", header: `{"alg":"ES256","kid":"p384","kid":"p256"}`, want: "token_malformed"},
		{name: "unknown member twice", header: with(`"x":1,"x":1`), want: "token_malformed"},
		{name: "member twice, once escaped", header: with(`"x":1,"\u0078":2`), want: "token_malformed"},
		{name: "Alg beside alg", header: with(`"Alg":"none"`)},
		{name: "ALG instead of alg", header: `{"ALG":"ES256","kid":"p256"}`, want: "token_malformed"},
		{name: "jwk is not looked at", key: "stranger", header: `{"alg":"ES256","jwk":{"kty":"EC"}}`, want: "token_invalid"},
		{name: "jku is not looked at", key: "stranger", header: named("ES256", "p256")[:27] + `,"jku":"https://evil.example"}`, want: "token_invalid"},
		{name: "further members are fine", header: with(`"x5t":"abc","nonce":"x","x5c":["a","b"]`)},
	}
}

func timeRows() []row {
	return []row{
		{name: "no exp", claims: times(`"iat":1800000000`), want: "token_invalid"},
		{name: "exp null", claims: times(`"exp":null`), want: "token_malformed"},
		{name: "exp as a string", claims: times(`"exp":"1800000300"`), want: "token_malformed"},
		{name: "exp true", claims: times(`"exp":true`), want: "token_malformed"},
		{name: "exp as a list", claims: times(`"exp":[1800000300]`), want: "token_malformed"},
		{name: "exp 0", claims: times(`"exp":0`), want: "token_expired"},
		{name: "exp negative", claims: times(`"exp":-1`), want: "token_malformed"},
		{name: "exp long past", claims: times(`"exp":1700000000`), want: "token_expired"},
		{name: "exp at the edge of the leeway", claims: times(`"exp":1799999970`), want: "token_expired"},
		{name: "exp just within the leeway", claims: times(`"exp":1799999971`)},
		{name: "exp a fraction within the leeway", claims: times(`"exp":1799999970.5`), want: "token_expired"},
		{name: "exp with a fraction", claims: times(`"exp":1799999971.5`)},
		{
			name: "exp without leeway, now", claims: times(`"exp":1800000000`), want: "token_expired",
			settings: func(s *Settings, _ *testKeys) { s.Leeway = 0 },
		},
		{
			name: "exp without leeway, in a second", claims: times(`"exp":1800000001`),
			settings: func(s *Settings, _ *testKeys) { s.Leeway = 0 },
		},
		{name: "exp with an exponent", claims: times(`"exp":1.8000003e9`)},
		{name: "exp in milliseconds", claims: times(`"exp":1800000300000`), want: "token_malformed"},
		{name: "exp at the end of 9999", claims: times(`"exp":253402300799`)},
		{name: "exp after 9999", claims: times(`"exp":253402300800`), want: "token_malformed"},
		{name: "exp larger than any number", claims: times(`"exp":1e400`), want: "token_malformed"},
		{name: "exp of many digits", claims: times(`"exp":` + strings.Repeat("9", 400)), want: "token_malformed"},
		{name: "exp twice", claims: times(`"exp":1,"exp":1800000300`), want: "token_malformed"},
		{name: "Exp beside exp", claims: claims(`"Exp":1`)},
		{name: "EXP instead of exp", claims: times(`"EXP":1800000300`), want: "token_invalid"},
		{name: "nbf past", claims: claims(`"nbf":1799999000`)},
		{name: "nbf now", claims: claims(`"nbf":1800000000`)},
		{name: "nbf at the edge of the leeway", claims: claims(`"nbf":1800000030`)},
		{name: "nbf beyond the leeway", claims: claims(`"nbf":1800000031`), want: "token_invalid"},
		{name: "nbf as a string", claims: claims(`"nbf":"1"`), want: "token_malformed"},
		{name: "nbf null", claims: claims(`"nbf":null`), want: "token_malformed"},
		{name: "nbf as an object", claims: claims(`"nbf":{}`), want: "token_malformed"},
		{name: "iat past", claims: claims(`"iat":1799999000`)},
		{name: "iat at the edge of the leeway", claims: claims(`"iat":1800000030`)},
		{name: "iat beyond the leeway", claims: claims(`"iat":1800000031`), want: "token_invalid"},
		{name: "iat as a string", claims: claims(`"iat":"now"`), want: "token_malformed"},
		{name: "expired and not valid yet", claims: times(`"exp":1,"nbf":1900000000`), want: "token_expired"},
	}
}

func claimRows() []row {
	return []row{
		{name: "no issuer", claims: from(`"aud":"kibana","sub":"ada"`), want: "token_invalid"},
		{name: "another issuer", claims: from(`"iss":"https://evil.example","aud":"kibana","sub":"ada"`), want: "token_invalid"},
		{name: "issuer with a slash more", claims: from(`"iss":"https://id.example/","aud":"kibana","sub":"ada"`), want: "token_invalid"},
		{name: "issuer in another case", claims: from(`"iss":"https://ID.example","aud":"kibana","sub":"ada"`), want: "token_invalid"},
		{name: "issuer as a list", claims: from(`"iss":["https://id.example"],"aud":"kibana","sub":"ada"`), want: "token_malformed"},
		{name: "issuer null", claims: from(`"iss":null,"aud":"kibana","sub":"ada"`), want: "token_malformed"},
		{name: "issuer empty", claims: from(`"iss":"","aud":"kibana","sub":"ada"`), want: "token_invalid"},
		{name: "issuer twice", claims: claims(`"iss":"https://id.example"`), want: "token_malformed"},
		{name: "any issuer", claims: from(`"iss":"https://evil.example","aud":"kibana","sub":"ada"`), settings: anyIssuer},
		{name: "any issuer, none", claims: from(`"aud":"kibana","sub":"ada"`), settings: anyIssuer},
		{name: "any issuer, a number", claims: from(`"iss":1,"aud":"kibana","sub":"ada"`), settings: anyIssuer, want: "token_malformed"},
		{name: "second audience", claims: from(`"iss":"https://id.example","aud":"kibana-staging","sub":"ada"`)},
		{name: "audience in a list", claims: from(`"iss":"https://id.example","aud":["other","kibana"],"sub":"ada"`)},
		{name: "audience not in the list", claims: from(`"iss":"https://id.example","aud":["other","third"],"sub":"ada"`), want: "token_invalid"},
		{name: "audience list empty", claims: from(`"iss":"https://id.example","aud":[],"sub":"ada"`), want: "token_invalid"},
		{name: "audience list with a number first", claims: from(`"iss":"https://id.example","aud":[1,"kibana"],"sub":"ada"`), want: "token_malformed"},
		{name: "audience list with null last", claims: from(`"iss":"https://id.example","aud":["kibana",null],"sub":"ada"`), want: "token_malformed"},
		{name: "audience list with a list", claims: from(`"iss":"https://id.example","aud":[["kibana"]],"sub":"ada"`), want: "token_malformed"},
		{name: "audience missing", claims: from(`"iss":"https://id.example","sub":"ada"`), want: "token_invalid"},
		{name: "audience null", claims: from(`"iss":"https://id.example","aud":null,"sub":"ada"`), want: "token_malformed"},
		{name: "audience a number", claims: from(`"iss":"https://id.example","aud":7,"sub":"ada"`), want: "token_malformed"},
		{name: "audience true", claims: from(`"iss":"https://id.example","aud":true,"sub":"ada"`), want: "token_malformed"},
		{name: "audience an object", claims: from(`"iss":"https://id.example","aud":{"kibana":1},"sub":"ada"`), want: "token_malformed"},
		{name: "audience with blanks", claims: from(`"iss":"https://id.example","aud":"kibana other","sub":"ada"`), want: "token_invalid"},
		{name: "audience empty", claims: from(`"iss":"https://id.example","aud":"","sub":"ada"`), want: "token_invalid"},
		{name: "any audience", claims: from(`"iss":"https://id.example","aud":"other","sub":"ada"`), settings: anyAudience},
		{name: "any audience, none", claims: from(`"iss":"https://id.example","sub":"ada"`), settings: anyAudience},
		{name: "any audience, a number", claims: from(`"iss":"https://id.example","aud":7,"sub":"ada"`), settings: anyAudience, want: "token_malformed"},
		{name: "no subject", claims: from(`"iss":"https://id.example","aud":"kibana"`), user: "-"},
		{name: "subject a number", claims: from(`"iss":"https://id.example","aud":"kibana","sub":7`), want: "token_malformed"},
		{name: "subject null", claims: from(`"iss":"https://id.example","aud":"kibana","sub":null`), want: "token_malformed"},
		{name: "subject empty", claims: from(`"iss":"https://id.example","aud":"kibana","sub":""`), want: "token_invalid"},
		{name: "subject with a line end", claims: from(`"iss":"https://id.example","aud":"kibana","sub":"ada\r\nX: y"`), want: "token_invalid"},
		{name: "subject with a blank at the end", claims: from(`"iss":"https://id.example","aud":"kibana","sub":"ada "`), want: "token_invalid"},
		{name: "subject with a blank inside", claims: from(`"iss":"https://id.example","aud":"kibana","sub":"ada lovelace"`), user: "ada lovelace"},
		{name: "subject of one letter", claims: from(`"iss":"https://id.example","aud":"kibana","sub":"a"`), user: "a"},
		{name: "subject in Greek", claims: from(`"iss":"https://id.example","aud":"kibana","sub":"Αδα"`), user: "Αδα"},
		{name: "subject too long", claims: from(`"iss":"https://id.example","aud":"kibana","sub":"` + strings.Repeat("a", maxUser+1) + `"`), want: "token_invalid"},
		{name: "user from another claim", claims: claims(`"preferred_username":"lovelace"`), user: "lovelace", settings: userFrom("preferred_username")},
		{name: "user from a claim with dots", claims: claims(`"https://x.example/user":"lovelace"`), user: "lovelace", settings: userFrom("https://x.example/user")},
		{name: "user from another claim, missing", user: "-", settings: userFrom("preferred_username")},
		{name: "user from another claim, a number", claims: claims(`"uid":7`), settings: userFrom("uid"), want: "token_invalid"},
		{name: "user from another claim, subject a number", claims: from(`"iss":"https://id.example","aud":"kibana","sub":7,"uid":"ada"`), settings: userFrom("uid"), want: "token_malformed"},
		{name: "claim twice", claims: claims(`"kibana":[],"kibana":[{"base":["all"]}]`), want: "token_malformed"},
		{name: "claim twice, once escaped", claims: claims(`"kibana":[],"kiban\u0061":[]`), want: "token_malformed"},
		{name: "member twice inside an object", claims: claims(`"kibana":{"a":1,"a":1}`), want: "token_malformed"},
		{name: "member twice inside a list", claims: claims(`"kibana":[{"base":["all"],"base":[]}]`), want: "token_malformed"},
		{name: "member twice, empty names", claims: claims(`"":1,"":2`), want: "token_malformed"},
		{name: "member twice, with a colon in a string", claims: claims(`"x":"\":","x":"\u003a"`), want: "token_malformed"},
		{name: "the same name in two objects", claims: claims(`"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]`)},
		{name: "colons and quotes in strings", claims: claims(`"a":"x:\":\\","b:":":\u003a\u0022:","\"c\":":"\\\":\\\\"`)},
		{name: "escaped and HTML characters", claims: claims(`"a<b>":"\u2028<&>\/","\u00e9":"\ud83d\ude00"`)},
		{name: "large numbers", claims: claims(`"n":123456789012345678901234567890,"f":1.0e-7,"z":-0`)},
	}
}

func userFrom(claim string) func(s *Settings, k *testKeys) {
	return func(s *Settings, _ *testKeys) { s.UserClaim = claim }
}
