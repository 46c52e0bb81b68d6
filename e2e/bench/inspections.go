package main

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// specimen is a file whose inspection is measured.
type specimen struct {
	what string
	name string
	make func() []byte
}

// inspected is a kind of file that is looked into: a harmless one, and hostile ones that are to cost at most twice as
// much. Small ones are sent several times, since CPU is counted in steps of 10 ms.
type inspected struct {
	kind     string
	times    int
	rounds   int
	harmless specimen
	hostile  []specimen
}

// inspections measures what it costs to look into files, of which the hostile ones are made to cost.
func (b *bench) inspections() ([]row, error) {
	rows := []row{}
	for _, kind := range inspectedKinds() {
		if b.kind != "" && b.kind != kind.kind {
			continue
		}
		more, err := b.inspect(kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.kind, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// inspect measures one kind, of which all files are in memory at once.
func (b *bench) inspect(kind inspected) ([]row, error) {
	say("making the files of %s", kind.kind)
	all := append([]specimen{kind.harmless}, kind.hostile...)
	forms := make([]form, len(all))
	var making sync.WaitGroup
	for i, s := range all {
		making.Add(1)
		go func() {
			defer making.Done()
			forms[i] = newForm(s.name, s.make())
		}()
	}
	making.Wait()
	say("inspecting them")
	answers := map[string]string{}
	ways := []way{}
	for i, s := range all {
		ways = append(ways, way{name: s.what, cpu: b.traefik.CPU, run: func() error {
			for range kind.times {
				answer, err := b.answer(to("sink", "inspect"), forms[i])
				if err != nil {
					return err
				}
				answers[s.what] = answer
			}
			return nil
		}})
	}
	cpu, _, err := b.measured(ways, min(b.rounds, kind.rounds))
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for i, s := range all {
		r := row{
			name:  kind.kind + ", " + s.what + sizeOf(forms[i]),
			value: fmt.Sprintf("%d ms CPU, %s", (cpu[s.what] / time.Duration(kind.times)).Milliseconds(), answers[s.what]),
			ratio: ratio(cpu[s.what], cpu[kind.harmless.what]), base: "harmless",
		}
		if i > 0 {
			r.target, r.aim = 2, 1
		} else {
			r.base = ""
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func sizeOf(f form) string {
	return fmt.Sprintf(" (%.1f MiB)", float64(len(f.body))/(1<<20))
}

// answer uploads a file and gives the gate's code, or the status. A refusal may come before all of the file has been sent.
func (b *bench) answer(host string, f form) (string, error) {
	c, err := dial(b.traefik.Addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(append(b.head(host, casePath, f.boundary, len(f.body)), f.body...))
		sent <- err
	}()
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return "", errors.Join(err, <-sent)
	}
	defer response.Body.Close()
	if code := response.Header.Get("X-Casegate-Code"); code != "" {
		return code, nil
	}
	return response.Status, nil
}
