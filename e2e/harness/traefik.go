package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Options say how Traefik is started.
type Options struct {
	// NoPlugin leaves the plugin out.
	NoPlugin bool
	// KeepGoing starts Traefik without abortOnPluginFailure.
	KeepGoing bool
	// Dynamic is the first dynamic configuration: YAML text (a string), or a value that is written as JSON.
	Dynamic any
	// Static is merged over the harness's static configuration, key by key at the top level.
	Static map[string]any
	// EntryPoint is merged over the entry point "web", key by key at its top level.
	EntryPoint map[string]any
	// Environment is added to the process's environment, as NAME=value.
	Environment []string
}

// Traefik is a running Traefik.
type Traefik struct {
	// Addr is the host:port of the entry point "web". It speaks HTTP/1.1 and, with prior knowledge, h2c.
	Addr string
	// Folder is the working directory. Everything of this Traefik lies in it.
	Folder string
	// TempDir is the process's TMPDIR, so that what was left over can be counted.
	TempDir string
	// PID is the process's id.
	PID int

	admin      string
	command    *exec.Cmd
	generation int
	exited     chan struct{}
	stop       sync.Once
}

// StartTraefik starts Traefik for one test and stops it at the test's end. When the test failed, the logs are printed.
func StartTraefik(t testing.TB, options Options) *Traefik {
	t.Helper()
	traefik, err := NewTraefik(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			traefik.Dump()
		}
		traefik.Stop()
	})
	return traefik
}

// SharedTraefik starts Traefik for all tests of a package: Main stops it.
func SharedTraefik(options Options) (*Traefik, error) {
	traefik, err := NewTraefik(options)
	if err == nil {
		shared = append(shared, traefik)
	}
	return traefik, err
}

// NewTraefik starts Traefik and returns when it serves the first dynamic configuration. The caller stops it.
func NewTraefik(options Options) (*Traefik, error) {
	binary, err := traefikBinary()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "casegate-e2e-")
	if err != nil {
		return nil, err
	}
	traefik := &Traefik{Folder: folder, TempDir: filepath.Join(folder, "tmp"), exited: make(chan struct{})}
	if err := traefik.start(binary, options); err != nil {
		traefik.Dump()
		traefik.Stop()
		return nil, err
	}
	return traefik, nil
}

var traefikBinary = sync.OnceValues(func() (string, error) {
	command := exec.Command(Folder("traefik", "build.sh"))
	command.Stderr = os.Stderr
	path, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("e2e/traefik/build.sh: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
})

func (t *Traefik) start(binary string, options Options) error {
	for _, folder := range []string{t.TempDir, t.path("dynamic")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if !options.NoPlugin {
		if err := plantPlugin(t.Folder); err != nil {
			return err
		}
	}
	static, err := t.static(options)
	if err != nil {
		return err
	}
	if err := os.WriteFile(t.path("traefik.yml"), static, 0o600); err != nil {
		return err
	}
	if err := t.write(options.Dynamic); err != nil {
		return err
	}
	log, err := os.Create(t.path("output.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	t.command = exec.Command(binary, "--configFile="+t.path("traefik.yml"))
	t.command.Dir = t.Folder
	t.command.Env = append(append(os.Environ(), "TMPDIR="+t.TempDir), options.Environment...)
	t.command.Stdout, t.command.Stderr = log, log
	// Traefik goes with the test, even when the test is killed.
	t.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := t.command.Start(); err != nil {
		return err
	}
	t.PID = t.command.Process.Pid
	go func() {
		_ = t.command.Wait()
		close(t.exited)
	}()
	return t.waitForGeneration()
}

// static is the static configuration, as JSON, which is YAML too.
func (t *Traefik) static(options Options) ([]byte, error) {
	var err error
	if t.Addr, err = freeAddress(); err != nil {
		return nil, err
	}
	if t.admin, err = freeAddress(); err != nil {
		return nil, err
	}
	web := map[string]any{"address": t.Addr}
	for key, value := range options.EntryPoint {
		web[key] = value
	}
	static := map[string]any{
		"global": map[string]any{"checkNewVersion": false, "sendAnonymousUsage": false},
		"entryPoints": map[string]any{
			"web":     web,
			"traefik": map[string]any{"address": t.admin},
		},
		"api": map[string]any{"insecure": true, "debug": true, "dashboard": false},
		"log": map[string]any{"level": "INFO", "format": "json", "filePath": t.path("traefik.log")},
		"accessLog": map[string]any{
			"filePath": t.path("access.log"), "format": "json",
			"fields": map[string]any{"headers": map[string]any{"names": map[string]any{"X-Casegate-Code": "keep", "X-Casegate-Report": "keep"}}},
		},
		"providers": map[string]any{
			"providersThrottleDuration": "20ms",
			"file":                      map[string]any{"directory": t.path("dynamic"), "watch": true},
		},
	}
	if !options.NoPlugin {
		static["experimental"] = map[string]any{
			"abortOnPluginFailure": !options.KeepGoing,
			"localPlugins":         map[string]any{"casegate": map[string]any{"moduleName": PluginModule}},
		}
	}
	for key, value := range options.Static {
		static[key] = value
	}
	return json.MarshalIndent(static, "", "  ")
}

// Reload replaces the dynamic configuration and returns when Traefik serves the new one.
func (t *Traefik) Reload(dynamic any) error {
	if err := t.write(dynamic); err != nil {
		return err
	}
	return t.waitForGeneration()
}

// write writes the dynamic configuration and after it a file with a router that only this generation has: Traefik reads
// both at once, so that when this router answers, the configuration beside it is served too.
func (t *Traefik) write(dynamic any) error {
	if err := neverCached(); err != nil {
		return err
	}
	text, err := asYAML(dynamic)
	if err != nil {
		return err
	}
	if err := t.replace("gate.yml", text); err != nil {
		return err
	}
	t.generation++
	marker, err := asYAML(map[string]any{"http": map[string]any{"routers": map[string]any{"harness-generation": map[string]any{
		"rule": fmt.Sprintf("Path(`%s`)", t.marker()), "service": "noop@internal", "priority": 1 << 30, "entryPoints": []string{"web"},
	}}}})
	if err != nil {
		return err
	}
	return t.replace("generation.yml", marker)
}

func asYAML(dynamic any) ([]byte, error) {
	switch value := dynamic.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(value), nil
	default:
		// JSON is YAML.
		return json.MarshalIndent(value, "", "  ")
	}
}

// replace puts a file into the watched folder in one step, so that Traefik never reads half of it.
func (t *Traefik) replace(name string, text []byte) error {
	draft := t.path(name + ".draft")
	if err := os.WriteFile(draft, text, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, t.path("dynamic", name))
}

func (t *Traefik) marker() string {
	return fmt.Sprintf("/harness-generation/%d", t.generation)
}

func (t *Traefik) waitForGeneration() error {
	gone := false
	served := poll(func() bool {
		select {
		case <-t.exited:
			gone = true
			return true
		default:
		}
		response, err := Client.Get("http://" + t.Addr + t.marker())
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusTeapot
	})
	if gone {
		return errors.New("Traefik ended by itself")
	}
	if !served {
		return fmt.Errorf("Traefik did not serve generation %d within %s", t.generation, patience)
	}
	return nil
}

// Stop ends the process and removes its folder.
func (t *Traefik) Stop() {
	t.stop.Do(func() {
		if t.PID != 0 {
			_ = t.command.Process.Signal(syscall.SIGKILL)
			<-t.exited
		}
		// For a closer look: the folder holds the logs and the configuration.
		if os.Getenv("CASEGATE_E2E_KEEP") != "" {
			fmt.Fprintln(os.Stderr, "Traefik's folder is kept:", t.Folder)
			return
		}
		_ = os.RemoveAll(t.Folder)
	})
}

// Exited is closed when the process has ended.
func (t *Traefik) Exited() <-chan struct{} { return t.exited }

func (t *Traefik) path(elements ...string) string {
	return filepath.Join(append([]string{t.Folder}, elements...)...)
}
