// Package checker applies a policy's rules about files to files on disk, without any request.
package checker

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/casegate/casegate/cmd/casegate/internal/terminal"
	"github.com/casegate/casegate/internal/policyfile"
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/form"
	"github.com/casegate/casegate/middleware/refusal"
)

// The exit codes of `casegate check`.
const (
	allAllowed  = 0
	someRefused = 1
	failed      = 2
)

// verdict is what the policy says about one file. In JSON each verdict is one line.
type verdict struct {
	File       string            `json:"file"`
	Allowed    bool              `json:"allowed"`
	MIMEType   string            `json:"mimeType,omitempty"`
	Size       int64             `json:"size"`
	Code       string            `json:"code,omitempty"`
	Message    string            `json:"message,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Run is the command `casegate check`. It returns the exit code: 0 when every file is allowed, 1 when some are refused,
// 2 when the policy has faults or a file can't be read.
func Run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("casegate check", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: casegate check [--config policy.yaml] [--json] FILE|FOLDER...\n"+
			"       casegate check --config policy.yaml\n\n"+
			"Says what the policy's section files would do with each file; without files, what is wrong with the policy.\n"+
			"Exit code 0: all allowed, 1: some refused, 2: the policy has faults or a file can't be read.\n\n")
		flags.PrintDefaults()
	}
	config := flags.String("config", "", "policy `file`; without one, the defaults (Kibana's own limits and types)")
	asJSON := flags.Bool("json", false, "print one JSON object a line")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return allAllowed
		}
		return failed
	}
	settings := content.Default()
	if *config != "" {
		file, faults := policyfile.Read(*config)
		if len(faults) > 0 {
			for _, fault := range faults {
				fmt.Fprintf(stderr, "%s: %s\n", *config, fault)
			}
			return failed
		}
		settings = file.Policy.Files
	}
	if flags.NArg() == 0 {
		if *config == "" {
			flags.Usage()
			return failed
		}
		fmt.Fprintf(stdout, "%s: no faults\n", *config)
		return allAllowed
	}
	out := newTable(stdout)
	if *asJSON {
		out = newLines(stdout)
	}
	run := &run{inspector: content.New(settings), out: out, stderr: stderr}
	for _, path := range flags.Args() {
		run.walk(path)
	}
	return run.finish()
}

// run is one pass over the files.
type run struct {
	inspector *content.Inspector
	out       output
	stderr    io.Writer
	refused   int
	errors    int
}

// walk checks a file, or every regular file below a folder. Links below a folder are not followed.
func (r *run) walk(root string) {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			r.fail(err)
			return nil
		}
		if entry.Type().IsRegular() || (path == root && !entry.IsDir()) {
			r.file(path)
		}
		return nil
	})
	if err != nil {
		r.fail(err)
	}
}

func (r *run) fail(err error) {
	r.errors++
	fmt.Fprintln(r.stderr, "casegate check:", err)
}

func (r *run) file(path string) {
	v, err := check(r.inspector, path)
	if err != nil {
		r.fail(err)
		return
	}
	if !v.Allowed {
		r.refused++
	}
	r.out.write(v)
}

func (r *run) finish() int {
	if err := r.out.flush(); err != nil {
		r.fail(err)
	}
	switch {
	case r.errors > 0:
		return failed
	case r.refused > 0:
		return someRefused
	}
	return allAllowed
}

// check makes the checks of the gate that concern the file alone: its name, its type, its content.
func check(inspector *content.Inspector, path string) (verdict, error) {
	file, err := os.Open(path)
	if err != nil {
		return verdict{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return verdict{}, err
	}
	if !info.Mode().IsRegular() {
		return verdict{}, fmt.Errorf("%s: not a regular file", path)
	}
	v := verdict{File: path, Size: info.Size()}
	name := filepath.Base(path)
	no := form.CheckFilename(name)
	var kind *content.Type
	if no == nil {
		kind, no = content.ByName(inspector, name)
	}
	if no == nil {
		v.MIMEType = kind.MIME
		no, err = inspect(inspector.Open(kind, name), file, info.Size())
	}
	if err != nil {
		return verdict{}, err
	}
	v.Allowed = no == nil
	if no != nil {
		v.Code, v.Message, v.Attributes = no.Code, no.Message, no.Attributes
	}
	return v, nil
}

// inspect shows the inspection the file's bytes in the order and size in which the gate would.
func inspect(inspection *content.Inspection, file *os.File, size int64) (*refusal.Refusal, error) {
	buffer := make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(file, buffer)
		if n > 0 {
			if no := content.Write(inspection, buffer[:n]); no != nil {
				return no, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return inspection.Finish(file, size), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// output takes verdicts one by one.
type output struct {
	write func(verdict)
	flush func() error
}

func newLines(to io.Writer) output {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	var failure error
	return output{
		write: func(v verdict) { failure = errors.Join(failure, encoder.Encode(v)) },
		flush: func() error { return failure },
	}
}

func newTable(to io.Writer) output {
	table := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "VERDICT\tSIZE\tFILE\tTYPE OR REASON")
	return output{
		write: func(v verdict) {
			if v.Allowed {
				fmt.Fprintf(table, "allowed\t%d\t%s\t%s\n", v.Size, terminal.Safe(v.File), v.MIMEType)
				return
			}
			fmt.Fprintf(table, "refused\t%d\t%s\t%s: %s\n", v.Size, terminal.Safe(v.File), v.Code, terminal.Safe(v.Message))
		},
		flush: table.Flush,
	}
}
