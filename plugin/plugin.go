// Package plugin is Traefik's door to casegate: it takes Traefik's configuration raw and makes the gate of it.
package plugin

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync"

	"github.com/casegate/casegate/middleware"
)

// Config takes the whole configuration raw, whatever its shape: what Traefik's own decoding refuses would drop the
// router, and a broader router without the gate would then serve the upload.
type Config struct {
	Keys map[string]any `mapstructure:",remain"`
}

// CreateConfig gives an empty configuration.
func CreateConfig() *Config {
	return &Config{}
}

// New makes the gate in front of next. It never returns an error and never panics: with a faulty configuration it logs
// every fault and serves a handler that refuses every upload and passes everything else. The context is not used: it
// ends with the configuration's generation, before the requests do.
func New(ctx context.Context, next http.Handler, config *Config, name string) (handler http.Handler, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			logOnce(name, fmt.Sprint("the gate failed to start: ", recovered))
			handler = middleware.NewClosed(middleware.Policy{}, next)
			err = nil
		}
	}()
	policy, faults := middleware.Decode(config.Keys)
	if len(faults) > 0 {
		logOnce(name, faults...)
		return middleware.NewClosed(policy, next), nil
	}
	// Traefik lets X-Forwarded-For through from its trusted peers alone, and has not added its own peer yet.
	policy.TrustedHops = 1
	logOnce(name)
	return middleware.New(policy, next, name)
}

// logged remembers what was said of an instance: Traefik makes every middleware anew at each configuration change of
// any provider, and the log should name a fault once.
var (
	loggedMutex sync.Mutex
	logged      = map[string]string{}
)

func logOnce(name string, faults ...string) {
	text := strings.Join(faults, "\n")
	loggedMutex.Lock()
	defer loggedMutex.Unlock()
	if logged[name] == text {
		return
	}
	if len(logged) > 1000 {
		logged = map[string]string{}
	}
	logged[name] = text
	if len(faults) == 0 {
		return
	}
	for _, fault := range faults {
		log.Printf("casegate: middleware %s: %s", name, fault)
	}
	log.Printf("casegate: middleware %s: %d faults; every upload is refused with 503 misconfigured until they are mended", name, len(faults))
}
