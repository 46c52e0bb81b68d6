package chaos

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// host is a gateway with the gate in it.
type host interface {
	name() string
	// use puts the gate with this policy before an upstream. Uploads may be under way.
	use(t *testing.T, upstream string, policy map[string]any)
	address() string
	pid() int
	// temp is its temporary folder.
	temp() string
}

// stand holds what rows share, each made when it is first needed and stopped at the test's end.
type stand struct {
	t       outliving
	mutex   sync.Mutex
	traefik *traefikHost
	serve   *program
	kibanas map[string]*harness.Upstream
	source  string
	build   *testBuild
}

func newStand(t *testing.T) *stand {
	return &stand{t: outliving{t, t}, kibanas: map[string]*harness.Upstream{}}
}

// kibana is a stack of Kibana's for one host alone, or for the rows that have one host only.
func (s *stand) kibana(stack string, h ...host) *harness.Upstream {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := stack
	for _, one := range h {
		key += " of " + one.name()
	}
	if s.kibanas[key] == nil {
		s.kibanas[key] = harness.StartUpstream(s.t, stack)
	}
	return s.kibanas[key]
}

// each runs a row on the hosts, at the same time when it does not measure times, and gives their figures.
func (s *stand) each(t *testing.T, together bool, run func(t *testing.T, h host, kibana *harness.Upstream) string) string {
	hosts := s.hosts()
	figures := make([]string, len(hosts))
	t.Run("on", func(t *testing.T) {
		for i, h := range hosts {
			kibana := s.kibana("hapi", h)
			t.Run(h.name(), func(t *testing.T) {
				if together {
					t.Parallel()
				}
				figures[i] = h.name() + ": " + run(t, h, kibana)
			})
		}
	})
	return strings.Join(figures, "; ")
}

// outliving fails the row that runs and cleans up after all of them.
type outliving struct {
	*testing.T
	parent *testing.T
}

// Cleanup waits for the end of all rows.
func (o outliving) Cleanup(end func()) { o.parent.Cleanup(end) }

// TempDir lasts until the end of all rows.
func (o outliving) TempDir() string { return o.parent.TempDir() }

// stacks are Kibana's HTTP stacks that the form that runs tries.
func (s *stand) stacks() []string {
	if full {
		return harness.Stacks
	}
	return harness.Stacks[:1]
}

// traefikHost is a real Traefik that interprets the plugin.
type traefikHost struct{ *harness.Traefik }

func (h traefikHost) name() string    { return "traefik" }
func (h traefikHost) address() string { return h.Addr }
func (h traefikHost) pid() int        { return h.PID }
func (h traefikHost) temp() string    { return h.TempDir }

func (h traefikHost) use(t *testing.T, upstream string, policy map[string]any) {
	t.Helper()
	if err := h.Reload(gateOf(upstream, policy)); err != nil {
		t.Fatal(err)
	}
}

// gateOf is harness.Gate with a second router, so that the same address speaks TLS too.
func gateOf(upstream string, policy map[string]any) map[string]any {
	dynamic := harness.Gate(upstream, policy)
	routers := dynamic["http"].(map[string]any)["routers"].(map[string]any)
	secure := maps.Clone(routers["kibana"].(map[string]any))
	secure["tls"] = map[string]any{}
	routers["secure"] = secure
	return dynamic
}

func (s *stand) aTraefik() *traefikHost {
	if s.traefik == nil {
		s.traefik = &traefikHost{harness.StartTraefik(s.t, harness.Options{})}
	}
	return s.traefik
}

// hosts are those on which the faults around the gate are tried.
func (s *stand) hosts() []host {
	return []host{s.aTraefik(), s.aServe()}
}

// program is a compiled gateway in a process of its own: `casegate serve`, or a Go program that uses the middleware.
type program struct {
	title     string
	arguments []string
	folder    string
	listen    string
	command   *exec.Cmd
	upstream  string
}

func (s *stand) aServe() *program {
	if s.serve == nil {
		binary := filepath.Join(s.t.TempDir(), "casegate")
		buildProgram(s.t, s.sources(), binary, "./cmd/casegate")
		s.serve = newProgram(s.t, "serve", binary, "serve", "--config")
	}
	return s.serve
}

func buildProgram(t testing.TB, source, binary, from string) {
	t.Helper()
	build := exec.Command("go", "build", "-o", binary, from)
	build.Dir = source
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=vendor -buildvcs=false")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", from, err, text)
	}
}

// newProgram runs a command line whose last argument, the policy's file, is added.
func newProgram(t testing.TB, title string, arguments ...string) *program {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p := &program{title: title, arguments: arguments, folder: t.TempDir(), listen: listener.Addr().String()}
	if err := os.Mkdir(p.temp(), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

func (p *program) name() string    { return p.title }
func (p *program) address() string { return p.listen }
func (p *program) pid() int        { return p.command.Process.Pid }
func (p *program) temp() string    { return filepath.Join(p.folder, "tmp") }
func (p *program) log() string     { return filepath.Join(p.folder, "log") }

// use starts the process anew, unless only the policy changes: that is reloaded.
func (p *program) use(t *testing.T, upstream string, policy map[string]any) {
	t.Helper()
	whole := map[string]any{"server": map[string]any{"listen": p.listen, "upstream": upstream}}
	maps.Copy(whole, policy)
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(p.folder, "policy.yaml")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if p.command != nil && p.upstream == upstream && len(p.arguments) > 1 {
		before, kept := p.logged("the policy was"), p.logged("was not reloaded")
		if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "serve reloads", func() bool { return p.logged("the policy was") > before })
		if p.logged("was not reloaded") > kept {
			t.Fatalf("serve did not take the policy: %s", text)
		}
		return
	}
	p.stop()
	p.start(t, config)
	p.upstream = upstream
}

// logged counts how often the log says something.
func (p *program) logged(what string) int {
	text, err := os.ReadFile(p.log())
	if err != nil {
		return 0
	}
	return strings.Count(string(text), what)
}

func (p *program) start(t *testing.T, config string) {
	t.Helper()
	log, err := os.Create(p.log())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.command = exec.Command(p.arguments[0], append(p.arguments[1:len(p.arguments):len(p.arguments)], config)...)
	p.command.Env = append(os.Environ(), "TMPDIR="+p.temp())
	p.command.Stderr = log
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, p.title+" listens", func() bool {
		connection, err := net.Dial("tcp", p.listen)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
}

// stop ends the process.
func (p *program) stop() {
	if p.command == nil {
		return
	}
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
	p.command = nil
}

// descriptors is how many the process has open.
func descriptors(t testing.TB, pid int) int {
	t.Helper()
	open, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// resident is the process's resident memory in bytes.
func resident(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// leftovers lists the files in the temporary folder, and those that the process holds open although they are unlinked.
func leftovers(t testing.TB, h host) []string {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(h.temp())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	folder := filepath.Join("/proc", strconv.Itoa(h.pid()), "fd")
	// A process that has ended holds nothing.
	open, _ := os.ReadDir(folder)
	for _, one := range open {
		target, err := os.Readlink(filepath.Join(folder, one.Name()))
		if err == nil && strings.Contains(target, "/casegate-") && strings.HasSuffix(target, " (deleted)") {
			names = append(names, target)
		}
	}
	return names
}

// checkNothingLeft fails the test when temporary files stay.
func checkNothingLeft(t *testing.T, h host) {
	t.Helper()
	var left []string
	if !within(patience, func() bool {
		left = leftovers(t, h)
		return len(left) == 0
	}) {
		t.Errorf("%s: left over: %q", h.name(), left)
	}
}

const metricsPath = "/-/casegate/metrics"

// metric is the sum of a counter's values, whatever their labels.
func metric(t testing.TB, h host, name string) int64 {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+h.address()+metricsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := harness.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^`+name+`(?:\{[^}]*\})? (\d+)$`).FindAllSubmatch(answer.Body, -1)
	if found == nil {
		t.Fatalf("the metrics do not hold %s: %s", name, answer.Body)
	}
	var sum int64
	for _, one := range found {
		n, err := strconv.ParseInt(string(one[1]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// policyOf is the tests' policy with a delivery mode, the metrics and further keys.
func policyOf(mode string, extra map[string]any) map[string]any {
	policy := harness.Policy(map[string]any{"metricsPath": metricsPath, "delivery": map[string]any{"mode": mode}})
	for key, value := range extra {
		section, ok := value.(map[string]any)
		if base, both := policy[key].(map[string]any); ok && both {
			maps.Copy(base, section)
			continue
		}
		policy[key] = value
	}
	return policy
}

// sources is a copy of the module as the harness plants it: what git has committed, or as CASEGATE_PLUGIN_SOURCE says.
func (s *stand) sources() string {
	if s.source == "" {
		s.source = s.t.TempDir()
		copySources(s.t, s.source)
	}
	return s.source
}

func copySources(t testing.TB, target string) {
	t.Helper()
	var script string
	switch source := os.Getenv("CASEGATE_PLUGIN_SOURCE"); source {
	case "", "head":
		script = `git archive HEAD | tar -x -C "$0"`
	case "worktree":
		script = `git ls-files -z --cached --others --exclude-standard -- . ':!e2e' | tar -c --ignore-failed-read --null -T - | tar -x -C "$0"`
	default:
		script = fmt.Sprintf(`tar -c -C '%s' . | tar -x -C "$0"`, source)
	}
	command := exec.Command("bash", "-euo", "pipefail", "-c", script, target)
	command.Dir = harness.Root()
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("copying the sources: %v\n%s", err, text)
	}
}
