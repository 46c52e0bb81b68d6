package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/casegate/casegate/e2e/harness"
)

// testBuild is a copy of the module in which each part panics when a file of the part's name lies in the folder triggers,
// and in which the clock goes wrong by what the file clock there says. It runs on three hosts: a real Traefik that
// interprets it, `casegate serve`, and a Go program that uses the middleware.
type testBuild struct {
	source, triggers string
	hosts            []host
	traefik          *traefikHost
}

func (s *stand) aBuild() *testBuild {
	if s.build != nil {
		return s.build
	}
	t := s.t
	b := &testBuild{source: t.TempDir(), triggers: t.TempDir()}
	copySources(t, b.source)
	for _, p := range parts {
		b.patch(t, p)
	}
	b.patch(t, part{name: "decode", file: "middleware/policy.go", place: "Decode"})
	for _, file := range []string{"middleware/token/registry.go", "middleware/privilege/lookup.go", "middleware/admit.go"} {
		b.patchClock(t, file)
	}
	writeFile(t, filepath.Join(b.source, "cmd", "api", "main.go"), apiHost)
	binaries := t.TempDir()
	for _, program := range []string{"casegate", "api"} {
		buildProgram(t, b.source, filepath.Join(binaries, program), "./cmd/"+program)
	}
	before, set := os.LookupEnv("CASEGATE_PLUGIN_SOURCE")
	_ = os.Setenv("CASEGATE_PLUGIN_SOURCE", b.source)
	b.traefik = &traefikHost{harness.StartTraefik(t, harness.Options{})}
	_ = os.Unsetenv("CASEGATE_PLUGIN_SOURCE")
	if set {
		_ = os.Setenv("CASEGATE_PLUGIN_SOURCE", before)
	}
	b.hosts = []host{
		b.traefik,
		newProgram(t, "serve", filepath.Join(binaries, "casegate"), "serve", "--config"),
		newProgram(t, "api", filepath.Join(binaries, "api")),
	}
	s.build = b
	return b
}

// apiHost is what the documentation of the Go API shows: the gate in front of a reverse proxy.
const apiHost = `package main

import (
	"encoding/json"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/casegate/casegate/middleware"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(text, &raw); err != nil {
		log.Fatal(err)
	}
	server := raw["server"].(map[string]any)
	delete(raw, "server")
	upstream, err := url.Parse(server["upstream"].(string))
	if err != nil {
		log.Fatal(err)
	}
	policy, faults := middleware.Decode(raw)
	if len(faults) > 0 {
		log.Fatal(faults)
	}
	gate, err := middleware.New(policy, httputil.NewSingleHostReverseProxy(upstream), "api")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(server["listen"].(string), gate))
}
`

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// patch puts one line where the part's place is, and fails when that is not there exactly once.
func (b *testBuild) patch(t testing.TB, p part) {
	t.Helper()
	pattern := `(?m)^func (?:\([^)]*\) )?` + p.place + `\(.*\{\n`
	if line, ok := strings.CutPrefix(p.place, "line: "); ok {
		pattern = `(?m)^\t*` + regexp.QuoteMeta(line) + `\n`
	}
	text := b.read(t, p.file)
	found := regexp.MustCompile(pattern).FindAllStringIndex(text, -1)
	if len(found) != 1 {
		t.Fatalf("%s holds %s %d times, want once: the test build must follow the sources", p.file, p.place, len(found))
	}
	end := found[0][1]
	line := fmt.Sprintf("\tif _, err := chaosos.Stat(%q); err == nil {\n\t\tpanic(%q)\n\t}\n", b.trigger(p.name), "forced in "+p.name)
	b.write(t, p.file, text[:end]+line+text[end:])
}

func (b *testBuild) read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.source, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write writes a source file that uses the package os under a name of our own.
func (b *testBuild) write(t testing.TB, file, text string) {
	t.Helper()
	const own = "\nimport chaosos \"os\"\n"
	if !strings.Contains(text, own) {
		at := strings.Index(text, "\nimport ")
		text = text[:at] + own + text[at:]
	}
	writeFile(t, filepath.Join(b.source, filepath.FromSlash(file)), text)
}

// patchClock replaces the clock that a file takes by one that can be set wrong. It has no monotonic reading, so that every
// comparison sees the jump.
func (b *testBuild) patchClock(t testing.TB, file string) {
	t.Helper()
	text := b.read(t, file)
	uses := regexp.MustCompile(`newRegistry\(time\.Now\)|now: +time\.Now,|now = u\.started\.UnixNano\(\)`)
	if len(uses.FindAllString(text, -1)) != 1 {
		t.Fatalf("%s does not take its clock once: the test build must follow the sources", file)
	}
	text = uses.ReplaceAllStringFunc(text, func(use string) string {
		return strings.NewReplacer("time.Now", "chaosNow", "u.started", "chaosNow()").Replace(use)
	})
	b.write(t, file, text+fmt.Sprintf(`
func chaosNow() time.Time {
	text, err := chaosos.ReadFile(%q)
	if err != nil {
		return time.Now()
	}
	offset, err := time.ParseDuration(string(text))
	if err != nil {
		return time.Now()
	}
	return time.Now().Round(0).Add(offset)
}
`, b.trigger("clock")))
}

func (b *testBuild) trigger(name string) string { return filepath.Join(b.triggers, name) }

// set makes a part panic until the function that it returns is called.
func (b *testBuild) set(t testing.TB, name string) func() {
	t.Helper()
	writeFile(t, b.trigger(name), "")
	return func() { _ = os.Remove(b.trigger(name)) }
}

// jump sets the clock wrong; 0 sets it right. The file is replaced in one step: no reader sees half of it.
func (b *testBuild) jump(t testing.TB, offset time.Duration) {
	t.Helper()
	if offset == 0 {
		_ = os.Remove(b.trigger("clock"))
		return
	}
	writeFile(t, b.trigger("clock.new"), offset.String())
	if err := os.Rename(b.trigger("clock.new"), b.trigger("clock")); err != nil {
		t.Fatal(err)
	}
}
