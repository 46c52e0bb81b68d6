package docs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// provider is an identity provider with one key, made for this run.
type provider struct {
	server *httptest.Server
	key    *ecdsa.PrivateKey
	// keys is its JSON Web Key Set.
	keys string
	// authority is a certificate, PEM, that vouches for nothing that the tests ask.
	authority string
}

func newProvider() (*provider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	p := &provider{key: key}
	p.keys = fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"1","x":"%s","y":"%s"}]}`,
		encode(point[1:33]), encode(point[33:]))
	p.server = httptest.NewTLSServer(http.NotFoundHandler())
	p.authority = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}))
	p.server.Close()
	p.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/keys":
			fmt.Fprint(rw, p.keys)
		case "/.well-known/openid-configuration":
			fmt.Fprintf(rw, `{"issuer":"%s","jwks_uri":"%s/keys"}`, p.server.URL, p.server.URL)
		default:
			http.NotFound(rw, req)
		}
	}))
	return p, nil
}

// token is one that the examples' policies accept, from this issuer: the caller may attach to Management's and
// Security's cases.
func (p *provider) token(t *testing.T, issuer string) string {
	t.Helper()
	feature := map[string]any{"generalCasesV3": []string{"all"}, "securitySolutionCasesV3": []string{"all"}}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": issuer, "aud": "kibana", "sub": "anna",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"groups": []string{"soc-analysts"},
		"kibana": []any{map[string]any{"base": []string{}, "feature": feature, "spaces": []string{"*"}}},
	})
	token.Header["kid"] = "1"
	text, err := token.SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
