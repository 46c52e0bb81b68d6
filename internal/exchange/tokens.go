package exchange

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Issuer is the iss of the standard tokens; tokenKeys names it.
const issuer = "https://login.example.com"

// tokenKeys is the standard token section of a policy: one issuer, one audience, the public key ec256.
func tokenKeys() (string, error) {
	key, err := publicKey("ec256")
	if err != nil {
		return "", err
	}
	quoted, err := quote(key)
	return "token:\n  issuer: " + issuer + "\n  audience: [kibana]\n  publicKey: " + quoted, err
}

// people are the claims of the named callers, on top of the standard ones.
var people = map[string]string{
	// analyst may attach to cases of Management in every space.
	"analyst": `{"sub":"ana","kibana":[{"base":[],"feature":{"generalCasesV3":["all"]},"spaces":["*"]}]}`,
	// hunter may attach to cases of Security in the space hunting.
	"hunter": `{"sub":"hugo","kibana":[{"base":[],"feature":{"securitySolutionCasesV3":["all"]},"spaces":["hunting"]}]}`,
	// reader may read cases of Management and nothing else.
	"reader": `{"sub":"rita","kibana":[{"base":[],"feature":{"generalCasesV3":["read"]},"spaces":["*"]}]}`,
	// admin may do everything everywhere.
	"admin": `{"sub":"adam","kibana":[{"base":["all"],"feature":{},"spaces":["*"]}]}`,
}

// token returns a bearer token that tokenKeys accepts. Who is one of the people, or a JSON object of claims; further
// objects are laid over it.
func token(who string, override ...string) (string, error) {
	claims, known := people[who]
	if !known {
		claims = who
	}
	standard := map[string]any{
		"iss": issuer, "aud": "kibana", "sub": "ana", "iat": "@now", "exp": "@now+3600",
	}
	merged, err := merge(standard, append([]string{claims}, override...)...)
	if err != nil {
		return "", err
	}
	return jwt(`{"alg":"ES256","typ":"JWT"}`, merged, "ec256")
}

// claims returns the JSON text of the standard claims of one of the people, for use with jwt.
func claims(who string, override ...string) (string, error) {
	standard := map[string]any{
		"iss": issuer, "aud": "kibana", "iat": "@now", "exp": "@now+3600",
	}
	return merge(standard, append([]string{people[who]}, override...)...)
}

// jwt signs exactly the header and the claims that it is given, whatever they are, with a named key and the algorithm that the
// header names. @now+3600, quoted or not, stands for a NumericDate.
func jwt(header, claims, key string) (string, error) {
	var named struct {
		Algorithm string `json:"alg"`
	}
	if err := json.Unmarshal([]byte(header), &named); err != nil {
		return "", fmt.Errorf("%s: %w", header, err)
	}
	return jwtAs(named.Algorithm, header, claims, key)
}

// jwtAs is jwt with an algorithm other than the one that the header names.
func jwtAs(algorithm, header, claims, key string) (string, error) {
	input := segment([]byte(header)) + "." + segment([]byte(times(claims)))
	signature, err := sign(algorithm, key, input)
	return input + "." + segment(signature), err
}

var timeMark = regexp.MustCompile(`"@now([+-]\d+)?"|@now([+-]\d+)?`)

// times replaces the time marks in a JSON text.
func times(text string) string {
	return timeMark.ReplaceAllStringFunc(text, func(mark string) string {
		offset, _ := strconv.Atoi(strings.TrimPrefix(strings.Trim(mark, `"`), "@now"))
		return strconv.FormatInt(time.Now().Unix()+int64(offset), 10)
	})
}

// quote makes a text a JSON string, which is also a double-quoted scalar of YAML.
func quote(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}
