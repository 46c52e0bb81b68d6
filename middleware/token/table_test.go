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
		caller, no := Check(v, req)
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

func userFrom(claim string) func(s *Settings, k *testKeys) {
	return func(s *Settings, _ *testKeys) { s.UserClaim = claim }
}
