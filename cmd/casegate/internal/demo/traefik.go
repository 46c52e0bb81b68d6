package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const module = "github.com/casegate/casegate"

// traefikStart is how long Traefik may take to load the plugin and the configuration.
const traefikStart = time.Minute

// startTraefik runs a real Traefik with the plugin as git has it committed, so that a file that is missing from the
// repository is missed here too. The listener only reserves the port; Traefik listens there itself.
func startTraefik(ctx context.Context, o options, keys map[string]any, behind http.Handler, listener net.Listener) (func(), error) {
	binary, err := exec.LookPath(o.traefik)
	if err != nil {
		return nil, fmt.Errorf("--traefik: %w", err)
	}
	binary, err = filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(o.folder, "traefik")
	if err := exportCommitted(ctx, filepath.Join(home, "plugins-local", "src", filepath.FromSlash(module))); err != nil {
		return nil, err
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	stopUpstream := serve(upstream, behind)
	address := listener.Addr().String()
	err = errors.Join(listener.Close(),
		writeYAML(filepath.Join(home, "traefik.yml"), staticConfiguration(address, home)),
		writeYAML(filepath.Join(home, "dynamic.yml"), dynamicConfiguration(keys, upstream.Addr().String())))
	if err != nil {
		stopUpstream()
		return nil, err
	}
	stopTraefik, err := runTraefik(ctx, binary, home, "http://"+address, o.stderr)
	if err != nil {
		stopUpstream()
		return nil, err
	}
	// The upstream goes first: a page that is open there would keep Traefik waiting.
	return func() { stopUpstream(); stopTraefik() }, nil
}

// exportCommitted unpacks what git has at HEAD of the repository around the working directory.
func exportCommitted(ctx context.Context, target string) error {
	top, err := exec.CommandContext(ctx, "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return errors.New("--traefik shows the plugin as it is committed: run it inside a clone of the repository, with git")
	}
	if err := os.MkdirAll(target, 0o700); err != nil {
		return err
	}
	archive := exec.CommandContext(ctx, "git", "-C", strings.TrimSpace(string(top)), "archive", "--format=tar", "HEAD")
	unpack := exec.CommandContext(ctx, "tar", "-xf", "-", "-C", target)
	var problems bytes.Buffer
	archive.Stderr, unpack.Stderr = &problems, &problems
	unpack.Stdin, err = archive.StdoutPipe()
	if err != nil {
		return err
	}
	if err := unpack.Start(); err != nil {
		return err
	}
	if err := errors.Join(archive.Run(), unpack.Wait()); err != nil {
		return fmt.Errorf("git archive HEAD: %w: %s", err, problems.String())
	}
	return nil
}

func staticConfiguration(address, home string) map[string]any {
	return map[string]any{
		"entryPoints": map[string]any{"web": map[string]any{"address": address}},
		"providers":   map[string]any{"file": map[string]any{"filename": filepath.Join(home, "dynamic.yml")}},
		"experimental": map[string]any{
			"abortOnPluginFailure": true,
			"localPlugins":         map[string]any{"casegate": map[string]any{"moduleName": module}},
		},
		"global": map[string]any{"checkNewVersion": false, "sendAnonymousUsage": false},
		"log":    map[string]any{"level": "ERROR", "noColor": true},
	}
}

func dynamicConfiguration(keys map[string]any, upstream string) map[string]any {
	return map[string]any{"http": map[string]any{
		"routers": map[string]any{"kibana": map[string]any{
			"rule": "PathPrefix(`/`)", "entryPoints": []string{"web"}, "middlewares": []string{"casegate"}, "service": "kibana",
		}},
		"middlewares": map[string]any{"casegate": map[string]any{"plugin": map[string]any{"casegate": keys}}},
		"services": map[string]any{"kibana": map[string]any{"loadBalancer": map[string]any{
			"servers": []any{map[string]any{"url": "http://" + upstream}},
		}}},
	}}
}

// runTraefik starts Traefik and waits until the page answers through it. Traefik logs errors alone, such as the faults of
// a policy, and these are shown.
func runTraefik(ctx context.Context, binary, home, base string, stderr io.Writer) (stop func(), err error) {
	command := exec.Command(binary, "--configFile="+filepath.Join(home, "traefik.yml"))
	command.Dir = home
	command.Stdout, command.Stderr = stderr, stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	stop = func() { stopProcess(command.Process, ended) }
	if err := waitUntilServed(ctx, base, ended); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// stopProcess asks the process to end, and ends it when it takes too long.
func stopProcess(process *os.Process, ended <-chan struct{}) {
	const patience = 15 * time.Second
	_ = process.Signal(os.Interrupt)
	select {
	case <-ended:
	case <-time.After(patience):
		_ = process.Kill()
		<-ended
	}
}

func waitUntilServed(ctx context.Context, base string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, traefikStart)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for {
		select {
		case <-ended:
			return errors.New("the Traefik process ended at its start")
		case <-ctx.Done():
			return errors.New("the page does not appear through Traefik")
		case <-ticker.C:
		}
		answer, err := client.Get(base + "/")
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
}
