package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"sync"
	"syscall"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

const casePath = "/api/cases/9c235210-6834-11ea-a78c-6ffb38a34414/files"

type bench struct {
	traefik *harness.Traefik
	gateway *gateway
	kibana  *harness.Upstream
	rounds  int
	kind    string // Of the inspections, the one kind that is measured; "" for all.
	token   string
}

func median(values []time.Duration) time.Duration {
	sorted := append([]time.Duration{}, values...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return sorted[len(sorted)/2]
}

// way is one thing that is measured in every round.
type way struct {
	name string
	run  func() error
	cpu  func() (time.Duration, error)
}

// interleaved runs all ways in turn, round after round, and gives the medians of CPU and wall time by name.
func (b *bench) interleaved(ways []way, rounds int) (cpu, wall map[string]time.Duration, err error) {
	// The first round warms up.
	if _, _, err := b.measured(ways, 1); err != nil {
		return nil, nil, err
	}
	return b.measured(ways, rounds)
}

func (b *bench) measured(ways []way, rounds int) (cpu, wall map[string]time.Duration, err error) {
	cpus, walls := map[string][]time.Duration{}, map[string][]time.Duration{}
	for range rounds {
		// What one way leaves behind, such as garbage upstream, falls on the next: each round has an order of its own.
		for _, i := range rand.Perm(len(ways)) {
			w := ways[i]
			// Kibana's stack keeps a record of every request.
			if err := b.kibana.Forget(); err != nil {
				return nil, nil, err
			}
			if err := backMemory(); err != nil {
				return nil, nil, err
			}
			before, err := w.cpu()
			if err != nil {
				return nil, nil, err
			}
			from := time.Now()
			if err := w.run(); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", w.name, err)
			}
			took := time.Since(from)
			after, err := w.cpu()
			if err != nil {
				return nil, nil, err
			}
			cpus[w.name] = append(cpus[w.name], after-before)
			walls[w.name] = append(walls[w.name], took)
		}
	}
	cpu, wall = map[string]time.Duration{}, map[string]time.Duration{}
	for _, w := range ways {
		cpu[w.name], wall[w.name] = median(cpus[w.name]), median(walls[w.name])
	}
	return cpu, wall, nil
}

// backMemory touches as much memory as an upload of 99 MiB needs on its way, and frees it. Hosts of virtual machines take
// back what lies free for some seconds, and the first touch after that takes ten times as long: a quarter of a second for
// such an upload, now and then, and most often for the ways that need most.
func backMemory() error {
	const (
		// Kibana's stack takes some 300 MiB.
		ofProcesses = 400 << 20
		// Files get theirs in larger pieces, which nothing else touches.
		ofFiles = 200 << 20
	)
	memory, err := syscall.Mmap(-1, 0, ofProcesses, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return fmt.Errorf("memory to measure with: %w", err)
	}
	for page := 0; page < len(memory); page += os.Getpagesize() {
		memory[page] = 1
	}
	file, err := os.CreateTemp("", "casegate-bench-*")
	if err == nil {
		_, err = file.Write(memory[:ofFiles])
		_ = file.Close()
		_ = os.Remove(file.Name())
	}
	return errors.Join(err, syscall.Munmap(memory))
}

// small measures 10 KiB uploads over 8 connections.
func (b *bench) small() ([]row, error) {
	say("10 KiB uploads")
	// Many, because a collection of garbage costs as much as hundreds of uploads.
	const count = 6000
	f := newForm("screen.png", padded(harness.PNG(40, 40), 10<<10))
	ways := []way{}
	add := func(name, host string, lines ...string) {
		head := b.head(host, casePath, f.boundary, len(f.body), lines...)
		ways = append(ways, way{name: name, cpu: b.traefik.CPU, run: func() error {
			return many(b.traefik.Addr, 8, count, 200, head, f.body)
		}})
	}
	for _, host := range []string{
		"plain", "buffering", "default", "hold", to("sink", "plain"), to("sink", "buffering"), to("sink", "default"),
	} {
		add(host, host)
	}
	// Traefik asks for gzip by itself, and unpacks the answer, for a client that names no encoding.
	encodings := []string{"gzip", "identity"}
	for _, encoding := range encodings {
		add("plain, "+encoding, "plain", "Accept-Encoding: "+encoding)
		add("default, "+encoding, "default", "Accept-Encoding: "+encoding)
	}
	head := b.head("serve", casePath, f.boundary, len(f.body))
	ways = append(ways, way{name: "serve", cpu: func() (time.Duration, error) { return harness.ProcessCPU(b.gateway.process.Pid) }, run: func() error {
		return many(b.gateway.address, 8, count, 200, head, f.body)
	}})
	cpu, _, err := b.interleaved(ways, b.rounds)
	if err != nil {
		return nil, err
	}
	each := func(name string) string { return fmt.Sprintf("%d µs CPU", (cpu[name] / count).Microseconds()) }
	rows := []row{
		{name: "10 KiB upload, plain Traefik", value: each("plain"), ratio: 1},
		{name: "10 KiB upload, buffering", value: each("buffering"), ratio: ratio(cpu["buffering"], cpu["plain"]), base: "plain"},
		{name: "10 KiB upload, gate, all checks", value: each("default"), ratio: ratio(cpu["default"], cpu["plain"]), base: "plain", target: 2.2, aim: 1.5},
		{name: "10 KiB upload, gate, audit off", value: each("hold"), ratio: ratio(cpu["hold"], cpu["plain"]), base: "plain"},
		{name: "10 KiB upload, casegate serve", value: each("serve"), ratio: ratio(cpu["serve"], cpu["plain"]), base: "plain Traefik", target: 1, aim: 0.7},
	}
	for _, encoding := range encodings {
		plain, gate, client := "plain, "+encoding, "default, "+encoding, ", from a client that takes "+encoding
		rows = append(rows, row{name: "10 KiB upload, plain Traefik" + client, value: each(plain), ratio: 1},
			row{name: "10 KiB upload, gate, all checks" + client, value: each(gate), ratio: ratio(cpu[gate], cpu[plain]), base: "plain, same one"})
	}
	const apart = ", to a receiver that discards"
	plain := to("sink", "plain")
	rows = append(rows, row{name: "10 KiB upload, plain Traefik" + apart, value: each(plain), ratio: 1})
	for _, w := range []struct{ name, host string }{{"buffering", to("sink", "buffering")}, {"gate, all checks", to("sink", "default")}} {
		rows = append(rows, row{name: "10 KiB upload, " + w.name + apart, value: each(w.host), ratio: ratio(cpu[w.host], cpu[plain]), base: "plain, same one"})
	}
	return rows, nil
}

// padded fills a PNG up to a size with a text chunk's worth of pixels: a larger picture is simply drawn.
func padded(png []byte, size int) []byte {
	for side := 60; len(png) < size; side += 20 {
		png = harness.PNG(side, side)
	}
	return png
}

// others measures requests that are no uploads.
func (b *bench) others() ([]row, error) {
	say("requests that are no uploads")
	const count = 20000
	ways := []way{}
	for _, host := range []string{to("sink", "plain"), to("sink", "default")} {
		for _, method := range []string{"GET", "POST"} {
			request := []byte(method + " /internal/bsearch?compress=false HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 2\r\nkbn-xsrf: x\r\nAuthorization: Bearer " + b.token + "\r\n\r\n{}")
			ways = append(ways, way{name: host + method, cpu: b.traefik.CPU, run: func() error {
				return many(b.traefik.Addr, 8, count, 200, request)
			}})
		}
	}
	cpu, _, err := b.interleaved(ways, 2*b.rounds+1)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, method := range []string{"GET", "POST"} {
		plain, gate := cpu[to("sink", "plain")+method], cpu[to("sink", "default")+method]
		rows = append(rows, row{
			name: method + ", not an upload", value: fmt.Sprintf("%d µs CPU", (gate / count).Microseconds()),
			ratio: ratio(gate, plain), base: "plain", target: 1.25, aim: 1.1,
		})
	}
	return rows, nil
}

// large measures single uploads of 99 MiB.
func (b *bench) large() ([]row, error) {
	rows := []row{}
	for _, kind := range []struct {
		name string
		form form
	}{
		{"99 MiB PDF", newForm("report.pdf", largePDF(99<<20))},
		{"99 MiB log", newForm("trace.log", largeLog(99<<20))},
	} {
		say("%s", kind.name)
		ways := []way{}
		for _, host := range []string{
			"plain", "buffering", "hold", "hold-hash", "stream", "stream-hash",
			to("sink", "plain"), to("sink", "buffering"), to("sink", "hold"), to("sink", "stream"),
		} {
			head := b.head(host, casePath, kind.form.boundary, len(kind.form.body))
			ways = append(ways, way{name: host, cpu: b.traefik.CPU, run: func() error {
				return many(b.traefik.Addr, 1, 1, 200, head, kind.form.body)
			}})
		}
		// Kibana's stack takes a tenth more or less of a second for the same upload: many rounds find the middle.
		cpu, wall, err := b.interleaved(ways, 3*b.rounds)
		if err != nil {
			return nil, err
		}
		each := func(name string) string {
			return fmt.Sprintf("%d ms wall, %d ms CPU", wall[name].Milliseconds(), cpu[name].Milliseconds())
		}
		rows = append(rows,
			row{name: kind.name + ", plain", value: each("plain"), ratio: 1},
			row{name: kind.name + ", buffering", value: each("buffering"), ratio: ratio(wall["buffering"], wall["plain"]), base: "plain"},
			row{name: kind.name + ", hold, hash off", value: each("hold"), ratio: ratio(wall["hold"], wall["plain"]), base: "plain", target: 1.3, aim: 1.1},
			row{name: kind.name + ", hold, hash on", value: each("hold-hash"), ratio: ratio(wall["hold-hash"], wall["buffering"]), base: "buffering", target: 1.7, aim: 1.3},
			row{name: kind.name + ", stream, hash off", value: each("stream"), ratio: ratio(wall["stream"], wall["plain"]), base: "plain", target: 1.4, aim: 1.2},
			row{name: kind.name + ", stream, hash on", value: each("stream-hash"), ratio: ratio(wall["stream-hash"], wall["plain"]), base: "plain"},
		)
		// It takes bytes many times faster than any Kibana: here the gate's own time stands out.
		const apart = ", to a receiver that discards"
		plain := to("sink", "plain")
		rows = append(rows, row{name: kind.name + ", plain" + apart, value: each(plain), ratio: 1})
		for _, w := range []struct{ name, host string }{
			{"buffering", to("sink", "buffering")}, {"hold, hash off", to("sink", "hold")}, {"stream, hash off", to("sink", "stream")},
		} {
			rows = append(rows, row{
				name: kind.name + ", " + w.name + apart, value: each(w.host), ratio: ratio(wall[w.host], wall[plain]), base: "plain, same one",
			})
		}
	}
	return rows, nil
}

// hostile measures bodies that are made to cost: what looks like a boundary everywhere, what begins like one where one was
// seen, and chunks of one byte.
func (b *bench) hostile() ([]row, error) {
	say("hostile bodies")
	ordinary := newForm("report.pdf", largePDF(99<<20))
	tiny := newForm("report.pdf", largePDF(2<<20))
	bytewise := chunked(tiny.body)
	ways := []way{}
	add := func(name, host, boundary string, length int, body []byte) {
		head := b.head(to("sink", host), casePath, boundary, length)
		ways = append(ways, way{name: name, cpu: b.traefik.CPU, run: func() error {
			return many(b.traefik.Addr, 1, 1, 200, head, body)
		}})
	}
	add("ordinary", "hold", ordinary.boundary, len(ordinary.body), ordinary.body)
	for name, file := range map[string][]byte{
		"near": nearBoundaries(ordinary.boundary, 99<<20), "lines": boundariesInLines(ordinary.boundary, 99<<20),
	} {
		f := newForm("report.pdf", file)
		body := bytes.ReplaceAll(f.body, []byte(f.boundary), []byte(ordinary.boundary))
		add(name, "hold", ordinary.boundary, len(body), body)
	}
	add("bytewise plain", "plain", tiny.boundary, -1, bytewise)
	add("bytewise gate", "hold", tiny.boundary, -1, bytewise)
	cpu, _, err := b.interleaved(ways, b.rounds)
	if err != nil {
		return nil, err
	}
	each := func(name string) string { return fmt.Sprintf("%d ms CPU", cpu[name].Milliseconds()) }
	return []row{
		{name: "99 MiB of near-boundaries", value: each("near"), ratio: ratio(cpu["near"], cpu["ordinary"]), base: "an ordinary one", target: 2, aim: 1.1},
		{name: "99 MiB of line ends, boundaries within lines", value: each("lines"), ratio: ratio(cpu["lines"], cpu["ordinary"]), base: "an ordinary one", target: 2, aim: 1.1},
		{name: "2 MiB in chunks of one byte", value: each("bytewise gate"), ratio: ratio(cpu["bytewise gate"], cpu["bytewise plain"]), base: "plain, same chunks", target: 2, aim: 1.1},
	}, nil
}

// memory measures the peak of 64 uploads of 50 MiB at once.
func (b *bench) memory() ([]row, error) {
	say("64 uploads of 50 MiB at once")
	f := newForm("report.pdf", largePDF(50<<20))
	head := b.head(to("sink", "hold-hash"), casePath, f.boundary, len(f.body))
	idle, err := b.traefik.RSS()
	if err != nil {
		return nil, err
	}
	peak := idle
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Add(1)
	go func() {
		defer watching.Done()
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				if now, err := b.traefik.RSS(); err == nil && now > peak {
					peak = now
				}
			}
		}
	}()
	err = many(b.traefik.Addr, 64, 64, 200, head, f.body)
	close(done)
	watching.Wait()
	if err != nil {
		return nil, err
	}
	more := float64(peak-idle) / (1 << 20)
	return []row{{name: "64 × 50 MiB at once, hold: memory above idle", value: fmt.Sprintf("%.0f MiB above %d MiB", more, idle>>20), ratio: more, base: "MiB", target: 160, aim: 40}}, nil
}
