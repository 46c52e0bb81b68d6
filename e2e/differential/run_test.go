// Package differential sends hostile variants of real clients' uploads through a real Traefik to both of Kibana's HTTP
// stacks, over raw sockets. What a stack stores must be what the request says in its one reading, and allowed; everything
// else must be refused without the upstream having seen it.
package differential

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

var (
	traefik   *harness.Traefik
	upstreams = map[string]*harness.Upstream{}
)

func TestMain(m *testing.M) {
	harness.Main(m, func() (err error) {
		if err = harness.Setup("node"); err != nil {
			return err
		}
		for _, stack := range harness.Stacks {
			if upstreams[stack], err = harness.SharedUpstream(stack); err != nil {
				return err
			}
		}
		// Traefik cleans paths before the gate sees them. The gate does not rely on it, so the tests go without.
		traefik, err = harness.SharedTraefik(harness.Options{
			EntryPoint: map[string]any{"http": map[string]any{"sanitizePath": false}},
			Dynamic:    harness.Gate(upstreams["hapi"].URL(), harness.Policy(nil)),
		})
		return err
	})
}

// onBothStacks runs a test with each stack behind the gate, in both modes of delivery.
func onBothStacks(t *testing.T, test func(t *testing.T, upstream *harness.Upstream)) {
	for _, stack := range harness.Stacks {
		for _, mode := range []string{"hold", "stream"} {
			t.Run(stack+" "+mode, func(t *testing.T) {
				policy := harness.Policy(map[string]any{"delivery": map[string]any{"mode": mode}})
				if err := traefik.Reload(harness.Gate(upstreams[stack].URL(), policy)); err != nil {
					t.Fatal(err)
				}
				test(t, upstreams[stack])
			})
		}
	}
}

// probe is one message on its way, and what became of it.
type probe struct {
	mutation
	shape   string
	message *message
	sent    []byte
	answer  *harness.Answer
	err     error
	records []harness.Record
}

// send sends all probes over connections of their own, 8 at a time, and finds their records.
func send(t *testing.T, upstream *harness.Upstream, probes []*probe) {
	t.Helper()
	// Portions bound what the upstream has to remember.
	for portion := range slices.Chunk(probes, 1000) {
		upstream.Reset(t)
		next := make(chan int)
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for i := range next {
					p := portion[i]
					p.sent = p.message.render(fmt.Sprintf("probe-%d", i))
					p.answer, p.err = harness.Raw(traefik.Addr, p.sent, p.message.cut)
				}
			})
		}
		for i := range portion {
			next <- i
		}
		close(next)
		workers.Wait()
		collect(t, upstream, portion)
	}
}

// collect gives every probe its records. A request that none of them sent is one that somebody smuggled.
func collect(t *testing.T, upstream *harness.Upstream, probes []*probe) {
	t.Helper()
	for _, record := range upstream.Records(t) {
		var i int
		if _, err := fmt.Sscanf(record.ID, "probe-%d", &i); err == nil && i < len(probes) {
			probes[i].records = append(probes[i].records, record)
			continue
		}
		if record.Method != http.MethodGet || !strings.HasPrefix(record.URL, "/api/cases/") && !strings.HasPrefix(record.URL, "/s/") {
			t.Errorf("the upstream saw a request that no probe sent: %+v", record)
		}
	}
}

// posts are the probe's records without the gate's own question for the case.
func (p *probe) posts() []harness.Record {
	var posts []harness.Record
	for _, record := range p.records {
		if record.Method != http.MethodGet {
			posts = append(posts, record)
		}
	}
	return posts
}

// stored is what the upstream keeps, or nil; err when it keeps more than one.
func (p *probe) stored() (*harness.Stored, error) {
	var found *harness.Stored
	for _, record := range p.posts() {
		if record.Stored == nil {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("stored twice: %+v and %+v", found, record.Stored)
		}
		found = record.Stored
	}
	return found, nil
}

// uploadTarget is a target that every reader takes for an upload's.
var uploadTarget = regexp.MustCompile(`^(?:/s/[a-z0-9_-]+)?/api/cases/[^/]+/files/?(?:[?#].*)?$`)

// elsewhere says that a mutation of the request line made it a plain request that is no upload.
func (p *probe) elsewhere() bool {
	return p.outside && (p.message.method != http.MethodPost || !uploadTarget.MatchString(p.message.target))
}

// judge says what is wrong with the outcome, or nil.
func (p *probe) judge(mode string) error {
	stored, err := p.stored()
	if err != nil {
		return err
	}
	if stored != nil {
		return p.judgeStored(stored)
	}
	posts := p.posts()
	if p.answer == nil {
		// What follows a request that Traefik took to be over makes it close the connection, and that can overtake its answer.
		if p.early && len(posts) == 0 && !errors.Is(p.err, os.ErrDeadlineExceeded) {
			return nil
		}
		return fmt.Errorf("no answer: %w", p.err)
	}
	switch {
	case p.answer.Code() == "" && p.outside && p.answer.Status < 500:
		return nil
	case p.answer.Code() == "" && p.elsewhere():
		// Traefik's proxy says 500 when the body of what is no upload breaks off.
		return nil
	case p.answer.Code() == "" && p.early && len(posts) == 0 && p.answer.Status >= 400:
		// Traefik's own HTTP server said no.
		return nil
	case p.answer.Code() == "" && p.harmless && len(posts) == 1 && p.answer.Status == http.StatusBadRequest:
		// Kibana's own rules on names are stricter than the gate's in places.
		return nil
	case p.answer.Status < 400 || p.answer.Status >= 500 || p.answer.Code() == "":
		return fmt.Errorf("nothing was stored, but the answer is %d %q: %.200q", p.answer.Status, p.answer.Code(), p.answer.Body)
	}
	if _, err := p.answer.Refusal(); err != nil {
		return err
	}
	for _, post := range posts {
		// What is found late while streaming breaks the upstream's request off: it must never be whole.
		if mode == "hold" || post.Complete {
			return fmt.Errorf("refused as %s, but the upstream saw %s %s, %d bytes, complete %v, parts %+v", p.answer.Code(), post.Method, post.URL, post.BodySize, post.Complete, post.Parts)
		}
	}
	return nil
}

// judgeStored holds what is stored against the one reading and the policy.
func (p *probe) judgeStored(stored *harness.Stored) error {
	reading, err := read(p.message.contentType, p.message.content())
	if err != nil {
		return fmt.Errorf("stored %+v of a form that has no one reading: %w", *stored, err)
	}
	if err := allowed(reading); err != nil {
		return fmt.Errorf("stored %+v against the policy: %w", *stored, err)
	}
	file := harness.File{Name: reading.filename, Bytes: reading.content}
	extension := strings.ToLower(reading.filename[strings.LastIndexByte(reading.filename, '.')+1:])
	want := harness.Stored{CaseID: stored.CaseID, Name: reading.name(), Extension: extension, Type: types[extension], Size: int64(len(file.Bytes)), SHA256: file.SHA256()}
	if *stored != want {
		return fmt.Errorf("stored %+v, the request says %+v", *stored, want)
	}
	if !p.harmless {
		return fmt.Errorf("stored %+v of a hostile request", *stored)
	}
	return nil
}

// report fails the test for every probe with a bad outcome, with the bytes to send it again.
func report(t *testing.T, probes []*probe) {
	t.Helper()
	_, mode, _ := strings.Cut(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:], "_")
	codes := map[string]int{}
	const most = 40
	bad := 0
	for _, p := range probes {
		if p.answer != nil {
			codes[fmt.Sprintf("%d %s", p.answer.Status, p.answer.Code())]++
		}
		if err := p.judge(mode); err != nil {
			if bad++; bad <= most {
				t.Errorf("%s, as %s: %v\nanswer: %s\nsent: %s", p.name, p.shape, err, describe(p), p.reproduction())
			}
		}
	}
	t.Logf("%d requests, %d bad outcomes", len(probes), bad)
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		t.Logf("%6d × %s", codes[code], code)
	}
}

func describe(p *probe) string {
	if p.answer == nil {
		return fmt.Sprint(p.err)
	}
	return fmt.Sprintf("%d %s %.150s", p.answer.Status, p.answer.Code(), p.answer.Body)
}

// reproduction is what was sent, short enough to read: the token is left out, and the middle of a long body.
func (p *probe) reproduction() string {
	text := strings.ReplaceAll(string(p.sent), strings.TrimPrefix(p.message.authorization, "Bearer "), "$TOKEN")
	const most = 1200
	if len(text) > most {
		text = text[:most-300] + "…" + text[len(text)-300:]
	}
	return fmt.Sprintf("%q", text)
}

func TestShapesOfRealClientsPass(t *testing.T) {
	token := harness.Token(nil)
	if count := len(shapes()); count < 40 {
		t.Fatalf("only %d shapes", count)
	}
	onBothStacks(t, func(t *testing.T, upstream *harness.Upstream) {
		var probes []*probe
		for _, shape := range shapes() {
			for _, file := range plainFiles() {
				probes = append(probes, &probe{mutation: mutation{name: file.Name, harmless: true}, shape: shape.name, message: shape.build(file, token)})
			}
		}
		send(t, upstream, probes)
		report(t, probes)
		for _, p := range probes {
			if stored, err := p.stored(); stored == nil || err != nil {
				t.Errorf("%s, as %s, did not pass: %s\nsent: %s", p.name, p.shape, describe(p), p.reproduction())
			}
		}
	})
}

// plainFiles are good files whose names need no encoding by any client.
func plainFiles() []harness.File {
	var files []harness.File
	for _, file := range harness.GoodFiles() {
		if !strings.ContainsFunc(file.Name, func(r rune) bool { return r == ' ' || r > 0x7f }) {
			files = append(files, file)
		}
	}
	return append(files, harness.File{Name: "evidence.png", Type: "image/png", Bytes: harness.PNG(20, 20)})
}

// mutations are all of them, in a fixed order.
func mutations() []mutation {
	list := slices.Concat(contentTypeMutations(), httpMutations(), pathMutations(), dispositionMutations(), partHeaderMutations(),
		framingMutations(), partsMutations(), nameMutations(), contentMutations())
	slices.SortFunc(list, func(a, b mutation) int { return strings.Compare(a.name, b.name) })
	return list
}

func TestHostileMutations(t *testing.T) {
	list := mutations()
	hostile := 0
	for i, m := range list {
		if i > 0 && m.name == list[i-1].name {
			t.Errorf("two mutations are named %s", m.name)
		}
		if !m.harmless {
			hostile++
		}
	}
	t.Logf("%d mutations, %d of them hostile", len(list), hostile)
	if hostile < 400 {
		t.Errorf("only %d hostile mutations", hostile)
	}
	token := harness.Token(nil)
	all := shapes()
	evidence := harness.File{Name: "evidence.png", Type: "image/png", Bytes: harness.PNG(20, 20)}
	onBothStacks(t, func(t *testing.T, upstream *harness.Upstream) {
		var probes []*probe
		for i, m := range list {
			shape := all[i%len(all)]
			p := &probe{mutation: m, shape: shape.name, message: shape.build(evidence, token)}
			m.apply(p.message)
			probes = append(probes, p)
		}
		send(t, upstream, probes)
		report(t, probes)
	})
}
