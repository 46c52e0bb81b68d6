// Package exchange reads and runs the exchanges of testdata/exchanges. An exchange is a text file that shows one rule of
// the gate: a policy, and cases of a request, the answer to it, and what Kibana received. The same files run against
// every host of the gate (the compiled middleware, the plugin in Traefik's interpreter, a real Traefik), so that a host
// that answers differently is noticed. testdata/exchanges/README.md describes the format.
package exchange

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Exchange is one file of testdata/exchanges.
type Exchange struct {
	// Name is the file's name without its extension. Name + ".test" is the host name under which the exchange runs.
	Name string
	// Rule is the sentence before the first section: what the exchange shows.
	Rule string
	// Policy is the configuration in YAML. Load leaves its template actions in place; Run expands them before it
	// hands the exchange to a host.
	Policy string
	// Faults are the lines that a faulty policy must be answered with, in any order. A line that ends with … is a
	// prefix. They are empty for a policy without faults.
	Faults []string
	// Cases are the requests, in the order in which they are sent.
	Cases []*Case

	provider string
	files    map[string]string
}

// Case is one request of an exchange. All its texts are templates.
type Case struct {
	Name     string
	request  string
	answer   string
	upstream []string
	kibana   string
	provider string
}

// Host returns the host name that the exchange's requests carry.
func (e *Exchange) Host() string { return e.Name + ".test" }

// Load reads all exchanges of a directory, in the order of their names.
func Load(dir string) ([]*Exchange, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no exchanges in %s", dir)
	}
	var exchanges []*Exchange
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		e, err := parse(strings.TrimSuffix(filepath.Base(path), ".txtar"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		exchanges = append(exchanges, e)
	}
	return exchanges, nil
}

// section is one file of the archive.
type section struct{ name, text string }

// split cuts a txtar archive into its comment and its sections.
func split(text string) (comment string, sections []section) {
	for _, line := range strings.SplitAfter(text, "\n") {
		bare := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(bare, "-- ") && strings.HasSuffix(bare, " --") && len(bare) > len("--  --") {
			sections = append(sections, section{name: strings.TrimSpace(bare[3 : len(bare)-3])})
			continue
		}
		if len(sections) == 0 {
			comment += line
			continue
		}
		sections[len(sections)-1].text += line
	}
	return comment, sections
}

// parse turns an archive into an exchange.
func parse(name, text string) (*Exchange, error) {
	comment, sections := split(text)
	e := &Exchange{Name: name, Rule: strings.TrimSpace(comment), files: map[string]string{}}
	if e.Rule == "" {
		return nil, fmt.Errorf("no sentence before the first section says what rule this shows")
	}
	cases := map[string]*Case{}
	answered := map[string]bool{}
	for _, s := range sections {
		kind, rest, _ := strings.Cut(s.name, " ")
		c := cases[rest]
		switch {
		case s.name == "policy.yaml":
			e.Policy = s.text
		case s.name == "provider":
			e.provider = s.text
		case s.name == "faults":
			e.Faults = strings.Split(strings.TrimSpace(s.text), "\n")
		case kind == "file":
			e.files[rest] = s.text
		case kind == "request" && c == nil:
			cases[rest] = &Case{Name: rest, request: s.text}
			e.Cases = append(e.Cases, cases[rest])
		case c == nil:
			return nil, fmt.Errorf("section %q has no request of its name before it", s.name)
		case kind == "answer" && !answered[rest]:
			c.answer = s.text
			answered[rest] = true
		case kind == "upstream":
			c.upstream = append(c.upstream, s.text)
		case kind == "kibana":
			c.kibana = s.text
		case kind == "provider":
			c.provider = s.text
		default:
			return nil, fmt.Errorf("section %q is of no known kind, or a repetition", s.name)
		}
	}
	for _, c := range e.Cases {
		if !answered[c.Name] {
			return nil, fmt.Errorf("request %q has no answer", c.Name)
		}
	}
	if len(e.Cases) == 0 {
		return nil, fmt.Errorf("no request")
	}
	return e, nil
}
