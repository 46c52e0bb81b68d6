package attacks

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

var update = flag.Bool("update", false, "write the table into docs/attacks.md")

// The table stands between these two lines of the page.
const (
	tableBegins = "<!-- The table is written by go test ./attacks -run TestPage -args -update, in e2e. -->\n"
	tableEnds   = "<!-- The table ends here. -->\n"
)

// TestPage holds docs/attacks.md to the attacks that are tried: the same rows, in the same order, and no others.
func TestPage(t *testing.T) {
	path := filepath.Join(harness.Root(), "docs", "attacks.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	got, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no table between its two marks", path)
	}
	want := rendered()
	if *update {
		if err := os.WriteFile(path, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, row := range missing(got, want) {
		t.Errorf("on the page, but not tried: %s", row)
	}
	for _, row := range missing(want, got) {
		t.Errorf("tried, but not on the page: %s", row)
	}
	if !t.Failed() && got != want {
		t.Error("the page has the attacks in another order")
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, one := range table() {
		if seen[one.name] {
			t.Errorf("two attacks are named %s", one.name)
		}
		seen[one.name] = true
	}
}

// missing are the lines of one text that the other lacks.
func missing(from, in string) []string {
	known := map[string]bool{}
	for _, line := range strings.Split(in, "\n") {
		known[line] = true
	}
	var lost []string
	for _, line := range strings.Split(from, "\n") {
		if !known[line] {
			lost = append(lost, line)
		}
	}
	return lost
}

// rendered is the table as the page has it.
func rendered() string {
	var text strings.Builder
	for _, section := range sections {
		fmt.Fprintf(&text, "\n### %s\n\n| attack | what stops it | answer | test |\n| --- | --- | --- | --- |\n", section.title)
		for _, one := range section.attacks() {
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", cell(one.what), cell(one.stop), outcome(one), one.name)
		}
	}
	return text.String() + "\n"
}

// cell makes a text safe for a table: no bars, no line ends, and nothing that can't be seen.
func cell(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	return strings.NewReplacer(`|`, `\|`, `\\`, `\`, `\"`, `"`).Replace(quoted[1 : len(quoted)-1])
}

// outcome is what the attacker gets.
func outcome(one attack) string {
	status, err := strconv.Atoi(one.want)
	switch {
	case err != nil:
		return "`" + one.want + "`"
	case status == 0:
		return "none"
	}
	return strings.TrimSpace(one.want + " " + http.StatusText(status))
}
