package token

import (
	"net/http"
	"strings"
)

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
