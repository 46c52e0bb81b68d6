// Package demo shows the gate at work on one machine, with Go alone: the gate in front of a stand-in for Kibana, freshly
// made tokens and files, and curl lines of which some pass and some are refused.
package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/casegate/casegate/cmd/casegate/internal/decision"
	"github.com/casegate/casegate/cmd/casegate/internal/page"
	"github.com/casegate/casegate/middleware"
)

// Run is the command `casegate demo`. It returns the exit code: 0, 1 when --once found a difference, 2 when the
// demonstration could not be set up.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("casegate demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: casegate demo [--listen 127.0.0.1:8080] [--once] [--traefik PATH]\n\n"+
			"Runs the gate in front of a stand-in for Kibana and prints curl lines to try it with.\n\n")
		flags.PrintDefaults()
	}
	listen := flags.String("listen", "127.0.0.1:8080", "`address` to listen on; a free port is taken when it is in use")
	once := flags.Bool("once", false, "send all requests, print what was expected and what came, and stop")
	traefik := flags.String("traefik", "", "`path` of a Traefik binary: show the plugin as it is committed, inside Traefik, instead of the compiled gate")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "casegate demo: takes no argument %q\n", flags.Arg(0))
		return 2
	}
	folder, err := os.MkdirTemp("", "casegate-demo-")
	if err != nil {
		fmt.Fprintln(stderr, "casegate demo:", err)
		return 2
	}
	defer os.RemoveAll(folder)
	different, err := show(ctx, options{folder, *listen, *traefik, *once, stderr}, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "casegate demo:", err)
		return 2
	}
	if different > 0 {
		fmt.Fprintf(stderr, "casegate demo: %d requests did not come to what was expected\n", different)
		return 1
	}
	return 0
}

type options struct {
	folder  string
	listen  string
	traefik string
	once    bool
	stderr  io.Writer
}

// show sets everything up, and runs until ctx ends or, with once, until every request has been sent.
func show(ctx context.Context, o options, out io.Writer) (different int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	callers, keys, err := prepare(o.folder)
	if err != nil {
		return 0, err
	}
	feed := decision.NewFeed()
	behind := page.New(setup(callers), feed).Over(NewStandIn(filepath.Join(o.folder, "stored")))
	listener, err := listenOrFree(o.listen, out)
	if err != nil {
		return 0, err
	}
	start := startCompiled
	if o.traefik != "" {
		start = startTraefik
	}
	stop, err := start(ctx, o, keys, behind, listener)
	if err != nil {
		return 0, err
	}
	defer stop()
	base := "http://" + listener.Addr().String()
	if o.once {
		return runAll(ctx, out, o.folder, base), nil
	}
	introduce(out, o.folder, base)
	return 0, printDecisions(ctx, out, filepath.Join(o.folder, auditName), feed)
}

// prepare writes tokens, sample files and the policy into the folder.
func prepare(folder string) ([]Caller, map[string]any, error) {
	secret, err := newSecret()
	if err != nil {
		return nil, nil, err
	}
	callers, err := newCallers(secret, time.Now())
	if err != nil {
		return nil, nil, err
	}
	keys, err := writePolicy(folder, secret)
	if err != nil {
		return nil, nil, err
	}
	err = errors.Join(writeCallers(folder, callers), writeSamples(folder), os.Mkdir(filepath.Join(folder, "stored"), 0o700))
	return callers, keys, err
}

func setup(callers []Caller) page.Setup {
	s := page.Setup{
		Notice: "Files that pass are stored by a stand-in for Kibana, in the demonstration's own temporary folder.",
		Spaces: []string{"default", "soc"},
	}
	for _, caller := range callers {
		if !caller.extra {
			s.Callers = append(s.Callers, page.Caller{Name: caller.Name, About: caller.About, Token: caller.Token})
		}
	}
	for _, known := range Cases {
		s.Cases = append(s.Cases, page.Case{ID: known.ID, About: known.Title + " (" + known.Owner + ")"})
	}
	return s
}

// listenOrFree listens on the address, or on a free port of the same host when the port is taken.
func listenOrFree(address string, out io.Writer) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener, nil
	}
	host, _, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		return nil, fmt.Errorf("--listen %s: write host:port, e.g. 127.0.0.1:8080", address)
	}
	free, freeErr := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if freeErr != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%s can't be had (is something else listening there?), so this is %s.\n\n", address, free.Addr())
	return free, nil
}

// startCompiled serves the compiled gate on the listener.
func startCompiled(_ context.Context, _ options, keys map[string]any, behind http.Handler, listener net.Listener) (func(), error) {
	policy, faults := middleware.Decode(keys)
	if len(faults) > 0 {
		return nil, fmt.Errorf("the demonstration's policy has faults: %v", faults)
	}
	gate, err := middleware.New(policy, behind, "demo")
	if err != nil {
		return nil, err
	}
	return serve(listener, gate), nil
}

// serve answers on the listener until the returned function is called.
func serve(listener net.Listener, handler http.Handler) (stop func()) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }
}

// printDecisions writes each decision as it is made.
func printDecisions(ctx context.Context, out io.Writer, path string, feed *decision.Feed) error {
	recent, next, leave := feed.Subscribe()
	defer leave()
	for _, d := range recent {
		fmt.Fprintln(out, d.Line())
	}
	followed := make(chan error, 1)
	go func() { followed <- decision.Follow(ctx, path, feed) }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case d := <-next:
			fmt.Fprintln(out, d.Line())
		case err := <-followed:
			if ctx.Err() == nil {
				return err
			}
		}
	}
}

func introduce(out io.Writer, folder, base string) {
	fmt.Fprintf(out, `The gate listens on %s, in front of a stand-in for Kibana.
Open that address in a browser to try files by hand, or run the lines below in another terminal, first of all

    cd %s

where the tokens (analyst, reader, stranger), the sample files, the policy and what Kibana has stored are found.
Ctrl-C ends the demonstration and removes the folder.
`, base, folder)
	passing := true
	fmt.Fprint(out, "\nThese pass:\n")
	for _, a := range attempts() {
		if passing && a.code != "" {
			passing = false
			fmt.Fprint(out, "\nThese are refused:\n")
		}
		fmt.Fprintf(out, "\n  # %s → %s\n  %s\n", a.about, a.expected(), a.line(base))
	}
	fmt.Fprint(out, "\nEach decision, as it is made:\n")
}
