// Command casegate runs the gate outside Traefik: `serve` is a gateway of its own, `check` applies a policy to files, and
// `demo` shows the whole on one machine.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/casegate/casegate/cmd/casegate/internal/checker"
	"github.com/casegate/casegate/cmd/casegate/internal/demo"
	"github.com/casegate/casegate/cmd/casegate/internal/gateway"
)

const usage = `casegate checks files on their way into Kibana's cases.

usage:
  casegate demo                                  try it: a gate, a stand-in for Kibana, tokens, files, curl lines
  casegate serve --config policy.yaml            run the gate as a gateway of its own
  casegate check [--config policy.yaml] FILE...  say what the policy would do with files and folders
  casegate check --config policy.yaml            say what is wrong with a policy
  casegate version                               print the version

"casegate COMMAND --help" lists a command's flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal, while the first is being obeyed, ends the program at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code. Every command ends in good order when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch args[0] {
	case "demo":
		return demo.Run(ctx, args[1:], stdout, stderr)
	case "serve":
		return gateway.Run(ctx, args[1:], stdout, stderr)
	case "check":
		return checker.Run(args[1:], stdout, stderr)
	case "version", "--version":
		fmt.Fprintln(stdout, version())
		return 0
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "casegate: unknown command %q\n\n%s", args[0], usage)
	return 2
}

// version is what the Go toolchain recorded when it built the program.
func version() string {
	number := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		number = info.Main.Version
	}
	return fmt.Sprintf("casegate %s %s %s/%s", number, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
