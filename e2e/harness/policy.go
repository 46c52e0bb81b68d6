package harness

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Secret signs the tests' tokens. It is made anew for every run.
var Secret = func() string {
	bytes := make([]byte, 32)
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}()

// Issuer is the tokens' issuer.
const Issuer = "https://idp.example"

// Policy is the policy of most tests: tokens signed with Secret, everything else as it is by default. The extra keys are
// laid over it, section by section.
func Policy(extra map[string]any) map[string]any {
	policy := map[string]any{
		"token": map[string]any{"issuer": Issuer, "secret": Secret},
	}
	for key, value := range extra {
		section, ok := value.(map[string]any)
		base, both := policy[key].(map[string]any)
		if ok && both {
			maps.Copy(base, section)
			continue
		}
		policy[key] = value
	}
	return policy
}

// Claims are those of a user who may attach to Management cases in every space.
func Claims() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": Issuer,
		"sub": "anna",
		"iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Hour).Unix(),
		"kibana": []any{
			map[string]any{"base": []string{}, "feature": map[string]any{"generalCasesV3": []string{"all"}}, "spaces": []string{"*"}},
		},
	}
}

// Token signs Claims, with these claims laid over them; a nil value removes one.
func Token(over jwt.MapClaims) string {
	claims := Claims()
	for name, value := range over {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(Secret))
	if err != nil {
		panic(fmt.Sprintf("harness: signing a token: %v", err))
	}
	return text
}

// Gate is a dynamic configuration: the gate with this policy on a router for everything, before one upstream. A nil
// policy leaves the gate out.
func Gate(upstream string, policy any) map[string]any {
	router := map[string]any{"rule": "PathPrefix(`/`)", "service": "kibana", "entryPoints": []string{"web"}}
	http := map[string]any{
		"routers":  map[string]any{"kibana": router},
		"services": map[string]any{"kibana": Service(upstream)},
	}
	if policy != nil {
		router["middlewares"] = []string{"gate"}
		http["middlewares"] = map[string]any{"gate": Middleware(policy)}
	}
	return map[string]any{"http": http}
}

// Service is a service of one server.
func Service(upstream string) map[string]any {
	return map[string]any{"loadBalancer": map[string]any{"servers": []any{map[string]any{"url": upstream}}}}
}

// Middleware is the gate as a middleware of the dynamic configuration.
func Middleware(policy any) map[string]any {
	return map[string]any{"plugin": map[string]any{"casegate": policy}}
}
