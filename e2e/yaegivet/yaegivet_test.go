package yaegivet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/yaegivet"
)

// Everything that Traefik interprets of ours is free of the known traps.
func TestInterpretedCode(t *testing.T) {
	loaded, err := yaegivet.Load("../..", "./plugin/...", "./middleware/...")
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded) < 8 {
		t.Fatalf("only %d packages were found", len(loaded))
	}
	for _, finding := range yaegivet.Check(loaded) {
		t.Error(finding)
	}
}

// Each trap is caught where it stands, and the way around it is not.
func TestTraps(t *testing.T) {
	tests := []struct {
		rule string
		bad  string
		good string
	}{
		{
			"variadic-argument",
			`import "io"; type r struct{}; func (r *r) Read(p []byte) (int, error) { return 0, nil }; func f() io.Reader { return io.MultiReader(&r{}) }`,
			`import "io"; type r struct{}; func (r *r) Read(p []byte) (int, error) { return 0, nil }; func f() io.Reader { var x io.Reader = &r{}; return io.MultiReader(x) }`,
		},
		{
			"errors-as",
			`import "errors"; type e struct{}; func (e *e) Error() string { return "" }; func f(err error) bool { var target *e; return errors.As(err, &target) }`,
			`import ("errors"; "io/fs"); func f(err error) bool { var target *fs.PathError; return errors.As(err, &target) }`,
		},
		{
			"error-assertion",
			`type e struct{}; func (e *e) Error() string { return "" }; func f(err error) bool { switch err.(type) { case *e: return true }; return false }`,
			`import "io/fs"; func f(err error) bool { switch err.(type) { case *fs.PathError: return true }; return false }`,
		},
		{
			"error-assertion",
			`type e struct{}; func (e *e) Error() string { return "" }; func f(err error) bool { _, ok := err.(*e); return ok }`,
			`type e struct{}; func f(x any) bool { _, ok := x.(*e); return ok }`,
		},
		{
			"marshal-method",
			`type e struct{}; func (e *e) MarshalJSON() ([]byte, error) { return nil, nil }`,
			`type e struct{}; func (e *e) Text() ([]byte, error) { return nil, nil }`,
		},
		{
			"captured-loop-variable",
			`func f(all []func() int) { for i := 0; i < 3; i++ { all = append(all, func() int { return i }) } }`,
			`func f(all []func() int) { for i := 0; i < 3; i++ { n := i; all = append(all, func() int { return n }) } }`,
		},
		{
			"captured-loop-variable",
			`func f(list []int, all []func() int) { for _, v := range list { for range list { all = append(all, func() int { return v }) } } }`,
			`func f(list []int, all []int) { for _, v := range list { all = append(all, v) } }`,
		},
		{
			"unnamed-parameter",
			`var f = func(int) string { return "" }`,
			`var f = func(n int) string { return "" }`,
		},
		{
			"unnamed-parameter",
			`var f = func(_ int) string { return "" }`,
			`var f = func() string { return "" }`,
		},
		{
			"late-recover",
			`func f() { defer func() { defer forgive(); panic(1) }() }; func forgive() { _ = recover() }`,
			`func forgive() { _ = recover() }; func f() { defer func() { defer forgive(); panic(1) }() }; func g() { defer late() }; func late() { _ = recover() }`,
		},
		{
			"missing-builtin",
			`func f(a, b int) int { return min(a, b) }`,
			`func min(a, b int) int { return a }; func f(a, b int) int { return min(a, b) }`,
		},
		{
			"missing-builtin",
			`func f(m map[int]int) { clear(m) }`,
			`func f(m map[int]int) { delete(m, 1) }`,
		},
		{
			"range-over-integer",
			`func f() int { n := 0; for range 10 { n++ }; return n }`,
			`func f(list []int) int { n := 0; for range list { n++ }; return n }`,
		},
		{
			"range-over-function",
			`func f(each func(yield func(int) bool)) int { n := 0; for i := range each { n += i }; return n }`,
			`func f(all chan int) int { n := 0; for i := range all { n += i }; return n }`,
		},
		{
			"missing-symbol",
			`import "slices"; func f(list []string) { slices.SortFunc(list, func(a, b string) int { return 0 }) }`,
			`import "slices"; func f(list []string) bool { return slices.Contains(list, "") }`,
		},
		{
			"missing-symbol",
			`import "sync/atomic"; var p atomic.Pointer[int]`,
			`import "sync/atomic"; var p atomic.Value`,
		},
		{
			"missing-symbol",
			`import "sync"; var once = sync.OnceValue(func() int { return 1 })`,
			`import "sync"; var once sync.Once`,
		},
		{
			"untyped-shift",
			`func f(x uint64, n int) uint64 { return x & (1<<uint(n) - 1) }`,
			`func f(x uint64, n int) uint64 { return x & (uint64(1)<<uint(n) - 1) }`,
		},
		{
			"untyped-shift",
			`const one = 1; func f(n uint) uint8 { return uint8(3) + one<<n }`,
			`const one = 1; func f(n uint) int { return one<<n - 1 }`,
		},
		{
			"missing-package",
			`import "embed"; var files embed.FS`,
			`import "io/fs"; var files fs.FS`,
		},
		{
			"missing-package",
			`import "os/exec"; var command exec.Cmd`,
			`import "os"; var file os.File`,
		},
		{
			"unchecked-assertion",
			`func f(list []any) int { n := 0; for _, v := range list { s, _ := v.(string); n += len(s) }; return n }`,
			`func f(list []any) int { n := 0; for _, v := range list { s, ok := v.(string); if ok { n += len(s) } }; return n }`,
		},
		{
			"unchecked-assertion",
			`func f(list []any) int { n := 0; for _, v := range list { var s, _ = v.(string); n += len(s) }; return n }`,
			`func f(v any) int { s, _ := v.(string); return len(s) }`,
		},
		{
			"parallel-map-assignment",
			`func f(a, b map[string]any) { a["x"], b["x"] = 1, "y" }`,
			`func f(a, b map[string]any) { a["x"] = 1; b["x"] = "y" }`,
		},
		{
			"parallel-field-assignment",
			`type s struct{ a, b string }; func g() string { return "" }; func f(v *s) { v.a, v.b = "", g() }`,
			`type s struct{ a, b string }; func g() (string, string) { return "", "" }; func f(v *s) { v.a, v.b = g() }`,
		},
		{
			"loop-without-post",
			`func f(n int) { for m := n; m > 0; { m = m / 2 } }`,
			`func f(n int) { m := n; for m > 0 { m = m / 2 } }`,
		},
		{
			"interface-switch",
			`func f(m map[string]any) int { switch m["k"] { case "RSA": return 1 }; return 0 }`,
			`func f(m map[string]any) int { s, _ := m["k"].(string); switch s { case "RSA": return 1 }; return 0 }`,
		},
		{
			"nil-case",
			`func f(v any) int { switch v.(type) { case nil: return 1; case string: return 2 }; return 0 }`,
			`func f(v any) int { if v == nil { return 1 }; switch v.(type) { case string: return 2 }; return 0 }`,
		},
		{
			"select",
			`func f(c chan int) int { select { case n := <-c: return n; default: return 0 } }`,
			`func f(c chan int) int { n := <-c; return n }`,
		},
		{
			"return-receive",
			`func f(c chan int) int { return <-c }`,
			`func f(c chan int) int { n := <-c; return n }`,
		},
		{
			"append-in-results",
			`type s struct{}; func (s) list() []string { return nil }; func f(v s, all []string) (int, []string) { return 1, append(all, v.list()...) }`,
			`type s struct{}; func (s) list() []string { return nil }; func f(v s, all []string) (int, []string) { all = append(all, v.list()...); return 1, all }`,
		},
		{
			"named-result",
			`func f(list []string) (found []string) { for _, v := range list { found = append(found, v) }; return found }`,
			`func f(list []string) (found []string) { found = nil; for _, v := range list { found = append(found, v) }; return found }`,
		},
		{
			"named-result",
			`func f(b bool) (n int) { if b { n = 1 }; return }`,
			`func f(b bool) (n int) { n = 0; if b { n = 1 }; return }`,
		},
		{
			"named-result",
			`func f() (text string) { defer func() { if recover() != nil && text == "" { text = "x" } }(); return "" }`,
			`func f() (text string) { defer func() { if recover() != nil { text = "x" } }(); return "" }`,
		},
		{
			"embedded-in-json",
			"type in struct{ A int }; type out struct { in; B int `json:\"b\"` }",
			"type in struct{ A int }; type out struct { In in `json:\"in\"`; B int `json:\"b\"` }",
		},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			bad := check(t, test.bad)
			if len(bad) != 1 || bad[0].Rule != test.rule {
				t.Errorf("found %v in\n%s", bad, test.bad)
			}
			if good := check(t, test.good); len(good) != 0 {
				t.Errorf("found %v in\n%s", good, test.good)
			}
		})
	}
}

// check runs the rules over one source file in a module of its own.
func check(t *testing.T, source string) []yaegivet.Finding {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.test/sample\n\ngo 1.23\n")
	write(t, dir, "sample.go", "package sample\n"+strings.ReplaceAll(source, "; func", "\nfunc"))
	loaded, err := yaegivet.Load(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	return yaegivet.Check(loaded)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
