package differential

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	seed   = flag.Uint64("seed", 0, "seed of the random mutations; 0 takes the clock")
	random = flag.Int("random", 5000, "number of random mutations, over both stacks")
)

// fragments are what a form is made of: random mutations put them where they do not belong.
var fragments = []string{
	"\r\n", "\n", "\r", "\r\n\r\n", "--", "\"", "\\", ";", ":", "=", " ", "\t", "\x00", "\xff", "%22", "''", "*", "*0", "*=utf-8''", "filename=", "name=", `name="file"`, `filename="evil.exe"`, "; filename=evil.exe", "; name=file",
	"Content-Disposition: form-data; name=\"file\"; filename=\"evil.exe\"\r\n", "Content-Transfer-Encoding: base64\r\n", "Content-Type: text/plain\r\n", "\r\n ", "form-data", "\x7fELF", "MZ", "#!/bin/sh\n", "PK\x03\x04",
}

func TestRandomMutations(t *testing.T) {
	start := *seed
	if start == 0 {
		start = uint64(time.Now().UnixNano())
	}
	t.Logf("again with: go test ./differential -run TestRandomMutations -seed %d -random %d", start, *random)
	token := harness.Token(nil)
	named := mutations()
	all := shapes()
	files := plainFiles()
	round := uint64(0)
	onBothStacks(t, func(t *testing.T, upstream *harness.Upstream) {
		round++
		source := rand.New(rand.NewPCG(start, round))
		var probes []*probe
		for range *random / 4 {
			shape := all[source.IntN(len(all))]
			p := &probe{mutation: mutation{name: "random", harmless: true, early: true, outside: true}, shape: shape.name, message: shape.build(files[source.IntN(len(files))], token)}
			mutate(p, source, named)
			probes = append(probes, p)
		}
		send(t, upstream, probes)
		report(t, probes)
	})
}

// mutate does one to three random things to a message.
func mutate(p *probe, source *rand.Rand, named []mutation) {
	m := p.message
	for step := range 1 + source.IntN(3) {
		switch source.IntN(5) {
		case 0, 1:
			one := named[source.IntN(len(named))]
			// Half of the first steps keep the request whole, so that the next ones start from something unusual.
			for step == 0 && source.IntN(2) == 0 && !one.harmless {
				one = named[source.IntN(len(named))]
			}
			// What is fixed, as text or on the wire, has no parts to change any more.
			if m.wire != nil || m.body != nil || !applies(one, m) {
				continue
			}
			p.name += " + " + one.name
		case 2:
			at := source.IntN(len(m.contentType) + 1)
			m.contentType = m.contentType[:at] + fragments[source.IntN(len(fragments))] + m.contentType[at:]
			p.name += " + content type"
		default:
			if m.wire != nil {
				continue
			}
			m.body = mangle(m.content(), source)
			p.name += " + body"
		}
	}
	// A length that was fixed before the body changed would have the server wait for the rest.
	m.cut = m.cut || m.framing != nil
}

// applies does a named mutation, which may find that an earlier one took away what it works on.
func applies(one mutation, m *message) (done bool) {
	defer func() {
		if recover() != nil {
			done = false
		}
	}()
	one.apply(m)
	return true
}

// mangle changes a body in one place, mostly where its heads are.
func mangle(body []byte, source *rand.Rand) []byte {
	if len(body) == 0 {
		return body
	}
	at := source.IntN(len(body))
	if head := bytes.Index(body, []byte("\r\n\r\n")); head > 0 && source.IntN(4) > 0 {
		at = source.IntN(head + 4)
	}
	end := min(len(body), at+1+source.IntN(20))
	var middle []byte
	switch source.IntN(5) {
	case 0: // Something is put in.
		middle, end = []byte(fragments[source.IntN(len(fragments))]), at
	case 1: // Something is replaced.
		middle = []byte(fragments[source.IntN(len(fragments))])
	case 2: // Something is lost.
	case 3: // Something is doubled.
		middle = bytes.Repeat(body[at:end], 2)
	case 4: // A byte is another.
		middle, end = []byte{byte(source.IntN(256))}, at+1
	}
	return bytes.Join([][]byte{body[:at], middle, body[end:]}, nil)
}
