package demo

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Caller is somebody who sends requests, with a token of their own.
type Caller struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Token string `json:"token"`
	// extra marks the callers that only the curl lines use; the page shows the others.
	extra bool
}

const (
	issuer        = "https://id.example.test/"
	audience      = "kibana"
	tokenLifetime = 12 * time.Hour
)

// newSecret makes the key of this run. It exists in the run's own folder alone.
func newSecret() (string, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(random), nil
}

// newCallers signs a token for everybody.
func newCallers(secret string, now time.Time) ([]Caller, error) {
	otherSecret, err := newSecret()
	if err != nil {
		return nil, err
	}
	expires := now.Add(tokenLifetime)
	table := []struct {
		name, about string
		privileges  any
		secret      string
		expires     time.Time
		extra       bool
	}{
		{"analyst", "all on the cases of every owner, in every space", casePrivileges("all"), secret, expires, false},
		{"reader", "may read cases, and no more", casePrivileges("read"), secret, expires, false},
		{"stranger", "has a token, but no Kibana privileges", nil, secret, expires, false},
		{"expired", "the analyst with the token of yesterday", casePrivileges("all"), secret, now.Add(-tokenLifetime), true},
		{"forged", "claims to be the analyst; signed with another key", casePrivileges("all"), otherSecret, expires, true},
	}
	callers := make([]Caller, 0, len(table))
	for _, row := range table {
		claims := jwt.MapClaims{
			"iss": issuer,
			"aud": audience,
			"sub": row.name,
			"iat": row.expires.Add(-tokenLifetime).Unix(),
			"exp": row.expires.Unix(),
		}
		if row.privileges != nil {
			claims["kibana"] = row.privileges
		}
		signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(row.secret))
		if err != nil {
			return nil, err
		}
		callers = append(callers, Caller{Name: row.name, About: row.about, Token: signed, extra: row.extra})
	}
	return callers, nil
}

// casePrivileges is the `kibana` array of a Kibana role.
func casePrivileges(level string) []any {
	levels := []string{level}
	return []any{map[string]any{
		"base": []string{},
		"feature": map[string]any{
			"generalCasesV3":          levels,
			"observabilityCasesV3":    levels,
			"securitySolutionCasesV3": levels,
		},
		"spaces": []string{"*"},
	}}
}

// writeCallers writes each token as a header line to a file of the caller's name, which curl takes as `-H @analyst`.
func writeCallers(folder string, callers []Caller) error {
	for _, caller := range callers {
		line := "Authorization: Bearer " + caller.Token + "\n"
		if err := os.WriteFile(filepath.Join(folder, caller.Name), []byte(line), 0o600); err != nil {
			return err
		}
	}
	return nil
}
