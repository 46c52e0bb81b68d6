// Command bench measures the gate in a real Traefik, side by side with plain Traefik in the same run: interleaved
// rounds, medians, ratios, and the targets that hold or fall short. It takes some minutes; run it on a quiet machine:
//
//	cd e2e && go run ./bench
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

func main() {
	rounds := flag.Int("rounds", 7, "rounds of each measurement")
	only := flag.String("only", "", "one measurement alone: small, others, large, hostile, memory or inspections; that last one takes minutes more, and is left out otherwise")
	kind := flag.String("kind", "", "of the inspections, one kind of file alone, such as gzip")
	flag.Parse()
	if err := run(*rounds, *only, *kind); err != nil {
		log.Fatal(err)
	}
}

func run(rounds int, only, kind string) error {
	sink, err := startSink()
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := harness.Setup("node"); err != nil {
		return err
	}
	hapi, err := harness.NewUpstream("hapi")
	if err != nil {
		return err
	}
	defer hapi.Stop()
	say("starting Traefik")
	traefik, err := harness.NewTraefik(harness.Options{
		Dynamic: dynamic(map[string]string{"hapi": hapi.URL(), "sink": sink.url()}),
		Static:  map[string]any{"accessLog": nil, "api": nil, "log": map[string]any{"level": "ERROR"}},
	})
	if err != nil {
		return err
	}
	defer traefik.Stop()
	gateway, err := startGateway(hapi.URL())
	if err != nil {
		return err
	}
	defer gateway.stop()

	b := &bench{traefik: traefik, gateway: gateway, kibana: hapi, rounds: rounds, kind: kind, token: harness.Token(nil)}
	table := []row{}
	for _, measurement := range []struct {
		name string
		run  func() ([]row, error)
	}{{"small", b.small}, {"others", b.others}, {"large", b.large}, {"hostile", b.hostile}, {"memory", b.memory}, {"inspections", b.inspections}} {
		if only != measurement.name && (only != "" || measurement.name == "inspections") {
			continue
		}
		rows, err := measurement.run()
		if err != nil {
			traefik.Dump()
			hapi.Dump()
			return err
		}
		table = append(table, rows...)
	}
	return b.print(os.Stdout, table)
}

func say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "%s bench: %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, values...))
}

// dynamic has one router a way through Traefik, told apart by the host name, to each of the upstreams.
func dynamic(upstreams map[string]string) map[string]any {
	off := map[string]any{"output": "off", "sha256": false}
	hash := map[string]any{"output": "off", "sha256": true}
	images := map[string]any{"maxImageSize": "100MiB"}
	gate := func(audit map[string]any, mode string) map[string]any {
		return map[string]any{"plugin": map[string]any{"casegate": harness.Policy(map[string]any{
			"audit": audit, "files": images, "delivery": map[string]any{"mode": mode},
		})}}
	}
	middlewares := map[string]any{
		"buffering":   map[string]any{"buffering": map[string]any{"maxRequestBodyBytes": 200 << 20, "memRequestBodyBytes": 1 << 20}},
		"hold":        gate(off, "hold"),
		"hold-hash":   gate(hash, "hold"),
		"stream":      gate(off, "stream"),
		"stream-hash": gate(hash, "stream"),
		"inspect": map[string]any{"plugin": map[string]any{"casegate": harness.Policy(map[string]any{
			"audit": off, "files": map[string]any{"allowedMimeTypes": inspectedTypes},
		})}},
		"default": map[string]any{"plugin": map[string]any{"casegate": harness.Policy(nil)}},
	}
	routers := map[string]any{}
	services := map[string]any{}
	for service, url := range upstreams {
		services[service] = map[string]any{"loadBalancer": map[string]any{"servers": []any{map[string]any{"url": url}}}}
		routers[service+"-plain"] = map[string]any{"rule": "Host(`" + to(service, "plain") + "`)", "service": service}
		for name := range middlewares {
			routers[service+"-"+name] = map[string]any{"rule": "Host(`" + to(service, name) + "`)", "service": service, "middlewares": []string{name}}
		}
	}
	return map[string]any{"http": map[string]any{
		"routers":     routers,
		"middlewares": middlewares,
		"services":    services,
	}}
}

// inspectedTypes are those of the files whose inspection is measured.
var inspectedTypes = []string{
	"application/gzip", "application/x-bzip2", "application/zip", "application/x-tar", "image/svg+xml", "image/png", "image/tiff", "application/pdf",
	"text/plain", "text/csv", "application/json", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// to is the host name of a way to an upstream. The targets are measured to Kibana's own released stack.
func to(service, way string) string {
	if service == "hapi" {
		return way
	}
	return way + "-to-" + service
}
