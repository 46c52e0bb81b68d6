package attacks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// slowest is how long Traefik gives a client to send a request.
const slowest = 5 * time.Second

// publicKey is the PEM text of a key whose private half nobody has.
var publicKey = func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}()

const ooxml = "application/vnd.openxmlformats-officedocument."

// gates are the policies under attack. Those that are not made by harness.Policy are faulty in a way that could keep
// Traefik from building the middleware.
var gates = map[string]any{
	"plain":  harness.Policy(nil),
	"base":   harness.Policy(map[string]any{"basePath": "/kibana"}),
	"stream": harness.Policy(map[string]any{"delivery": map[string]any{"mode": "stream"}}),
	"report": harness.Policy(map[string]any{"enforcement": "report"}),
	"small":  harness.Policy(map[string]any{"files": map[string]any{"maxSize": "2MiB"}}),
	"office": harness.Policy(map[string]any{"files": map[string]any{"allowedMimeTypes": []string{
		ooxml + "wordprocessingml.document", ooxml + "spreadsheetml.sheet", "image/gif",
	}}}),
	"keys":    map[string]any{"token": map[string]any{"issuer": harness.Issuer, "publicKey": publicKey}},
	"cookie":  harness.Policy(map[string]any{"token": map[string]any{"cookie": "sid"}}),
	"strip":   harness.Policy(map[string]any{"token": map[string]any{"forward": false}}),
	"metrics": harness.Policy(map[string]any{"metricsPath": "/-/casegate/metrics"}),
	"check":   harness.Policy(map[string]any{"blobUploads": "check"}),
	"refuse":  harness.Policy(map[string]any{"blobUploads": "refuse"}),

	"faulty-empty":   map[string]any{"enforcement": ""},
	"faulty-list":    map[string]any{"token": []any{"secret"}},
	"faulty-section": map[string]any{"token": "secret"},
	"faulty-nested":  map[string]any{"token": map[string]any{"issuer": map[string]any{"a": []any{1}}}},
	"faulty-grants":  harness.Policy(map[string]any{"privileges": map[string]any{"grants": map[string]any{"claim": "groups"}}}),
	"faulty-unknown": harness.Policy(map[string]any{"enforcment": "enforce"}),
	"faulty-size":    harness.Policy(map[string]any{"files": map[string]any{"maxSize": "-1"}}),
}

// host is the name under which a gate stands before a stack.
func host(policy, stack string) string {
	if policy == "" {
		policy = "plain"
	}
	if _, known := gates[policy]; !known {
		panic("no gate " + policy)
	}
	return policy + "." + stack + ".example"
}

// dynamic puts every gate before both stacks, and behind them routers without a gate: an upload to a gate that Traefik
// could not build would get through there.
func dynamic() map[string]any {
	routers, middlewares, services := map[string]any{}, map[string]any{}, map[string]any{}
	for stack, upstream := range stacks {
		services[stack] = harness.Service(upstream.URL())
		routers["open-"+stack] = map[string]any{
			"rule": fmt.Sprintf("HostRegexp(`\\.%s\\.example$`)", stack), "service": stack, "entryPoints": []string{"web"}, "priority": 1,
		}
		for _, policy := range slices.Sorted(maps.Keys(gates)) {
			middlewares[policy] = harness.Middleware(gates[policy])
			routers[policy+"-"+stack] = map[string]any{
				"rule": fmt.Sprintf("Host(`%s`)", host(policy, stack)), "service": stack, "entryPoints": []string{"web"}, "priority": 1000,
				"middlewares": []string{policy},
			}
		}
	}
	return map[string]any{"http": map[string]any{"routers": routers, "middlewares": middlewares, "services": services}}
}
