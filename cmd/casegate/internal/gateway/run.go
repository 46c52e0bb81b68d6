package gateway

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/casegate/casegate/middleware"
	"github.com/casegate/casegate/middleware/audit"
)

// auditPatience is how long the gateway waits at its end for the last audit events to be written.
const auditPatience = 5 * time.Second

// Run is the command `casegate serve`. It returns the exit code: 0 after a stop in good order, 1 when requests were cut off
// or the address could not be had, 2 when the configuration has faults.
func Run(ctx context.Context, args []string, _, stderr io.Writer) int {
	flags := flag.NewFlagSet("casegate serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: casegate serve --config policy.yaml [--page 127.0.0.1:PORT]\n\n"+
			"Runs the gate in front of the Kibana that the file's server.upstream names.\n"+
			"SIGHUP reloads the policy; SIGTERM and SIGINT stop, and let uploads that run finish.\n\n")
		flags.PrintDefaults()
	}
	config := flags.String("config", "", "policy `file` with a section server")
	pageAddress := flags.String("page", "", "loopback `address` for a page to try the policy on; nothing tried there reaches a case")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *config == "" || flags.NArg() > 0 {
		flags.Usage()
		return 2
	}
	if *pageAddress != "" && !isLoopback(*pageAddress) {
		fmt.Fprintln(stderr, "casegate serve: --page: write a loopback address such as 127.0.0.1:8081: the page shows decisions and asks for no password")
		return 2
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	g, faults := newGateway(*config, *pageAddress != "", log)
	if len(faults) > 0 {
		for _, fault := range faults {
			fmt.Fprintf(stderr, "%s: %s\n", *config, fault)
		}
		return 2
	}
	defer g.close()
	defer audit.Flush(auditPatience)
	defer middleware.Recorded()
	if err := g.run(ctx, *pageAddress); err != nil {
		fmt.Fprintln(stderr, "casegate serve:", err)
		return 1
	}
	return 0
}

// run listens and serves until ctx ends; SIGHUP reloads meanwhile.
func (g *gateway) run(ctx context.Context, pageAddress string) error {
	listener, err := net.Listen("tcp", g.server.Listen)
	if err != nil {
		return err
	}
	if pageAddress != "" {
		stop, err := g.serveBeside(pageAddress, "the page to try the policy", g.trial.handler())
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer stop()
	}
	if g.server.MetricsListen != "" {
		stop, err := g.serveBeside(g.server.MetricsListen, "metrics", http.HandlerFunc(g.metrics))
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer stop()
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				g.reload()
			}
		}
	}()
	g.log.Info("listening", "address", listener.Addr().String(), "tls", g.tls != nil, "upstream", g.server.Upstream)
	return g.serve(ctx, listener)
}

// serveBeside answers on an address of its own, beside the one that clients use, until stop is called.
func (g *gateway) serveBeside(address, what string, handler http.Handler) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	g.log.Info(what, "address", "http://"+listener.Addr().String()+"/")
	return func() { _ = server.Close() }, nil
}

// isLoopback says whether the address is host:port with a host that only this machine reaches.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopbackHost(host)
}

func isLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
