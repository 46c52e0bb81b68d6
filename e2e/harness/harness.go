// Package harness runs what the end-to-end tests are about, for real: Traefik with the plugin out of the repository, and
// Kibana's two HTTP stacks behind it.
package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// patience is how long anything may take to get ready. It only matters when something is broken.
const patience = 60 * time.Second

// Root is the repository's root folder.
func Root() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		panic("harness: no caller information")
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Folder is a folder or file of the e2e module.
func Folder(elements ...string) string {
	return filepath.Join(append([]string{Root(), "e2e"}, elements...)...)
}

// Setup runs e2e/setup.sh for the named parts (node, python, curl, chromium, clamav, redis, nginx). Its progress goes to
// standard error.
func Setup(parts ...string) error {
	command := exec.Command(Folder("setup.sh"), parts...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("e2e/setup.sh %v: %w", parts, err)
	}
	return nil
}

// Main is the TestMain of a package that shares processes between its tests: start makes them, and everything that was
// started through this package is stopped and cleaned away at the end. When a test failed, the logs are printed first.
func Main(m *testing.M, start func() error) {
	status := 1
	func() {
		defer stopAll()
		if err := start(); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			dumpAll()
			return
		}
		status = m.Run()
		_ = neverCached()
		if status != 0 {
			dumpAll()
		}
	}()
	os.Exit(status)
}

// neverCached keeps the tests' results out of go test's cache, which does not see the plugin's sources: a result is not
// kept when a file of the module that a test opened was written in the last two seconds. So this is called in the tests,
// for the opening to be noticed, and at the end, for the time.
func neverCached() error {
	return os.WriteFile(Folder(".last-run"), nil, 0o600)
}

// shared are the processes that Main stops.
var shared []interface {
	Stop()
	Dump()
}

func stopAll() {
	for i := len(shared) - 1; i >= 0; i-- {
		shared[i].Stop()
	}
}

func dumpAll() {
	for _, process := range shared {
		process.Dump()
	}
}

// Eventually polls a condition until it holds, and fails the test when it does not within the harness's patience.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !poll(condition) {
		t.Fatalf("waited %s in vain: %s", patience, what)
	}
}

func poll(condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// freeAddress is a loopback address that nothing listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// output runs a command in a folder and gives its standard output.
func output(folder, name string, arguments ...string) ([]byte, error) {
	command := exec.Command(name, arguments...)
	command.Dir = folder
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w\n%s", name, arguments, err, stderr.Bytes())
	}
	return out, nil
}

// Client is an HTTP client that keeps no connection beyond one request, follows no redirects and adds nothing.
var Client = &http.Client{
	Transport: &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
		},
	},
	CheckRedirect: func(_ *http.Request, _ []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       patience,
}
