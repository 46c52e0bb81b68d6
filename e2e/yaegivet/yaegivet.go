// Package yaegivet finds, in code that Traefik interprets, what compiles well and then fails or does something else in
// yaegi v0.16.1. Each rule is one trap that was observed there; neither the compiler nor a compiled test shows any.
package yaegivet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strings"

	"github.com/traefik/yaegi/stdlib"
	"golang.org/x/tools/go/packages"
)

// Finding is one place that would not do interpreted what it does compiled.
type Finding struct {
	Position token.Position
	Rule     string
	Text     string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s", f.Position, f.Rule, f.Text)
}

// Load reads packages with their types. Dir is a folder of the module that holds them.
func Load(dir string, patterns ...string) ([]*packages.Package, error) {
	const mode = packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedModule
	loaded, err := packages.Load(&packages.Config{Mode: mode, Dir: dir}, patterns...)
	if err != nil {
		return nil, err
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
	}
	return loaded, nil
}

// Check applies every rule to the packages, and orders what it finds by place.
func Check(loaded []*packages.Package) []Finding {
	c := &checker{own: map[string]bool{}}
	for _, p := range loaded {
		c.own[p.PkgPath] = true
	}
	for _, p := range loaded {
		c.pkg = p
		for _, file := range p.Syntax {
			c.file(file)
		}
	}
	sort.Slice(c.findings, func(i, j int) bool {
		a, b := c.findings[i].Position, c.findings[j].Position
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Offset < b.Offset
	})
	return c.findings
}

type checker struct {
	own      map[string]bool // Import paths of the interpreted packages.
	pkg      *packages.Package
	loops    []ast.Node // The loops around the node that is looked at.
	findings []Finding
}

func (c *checker) report(at token.Pos, rule, text string) {
	c.findings = append(c.findings, Finding{Position: c.pkg.Fset.Position(at), Rule: rule, Text: text})
}

func (c *checker) file(file *ast.File) {
	c.imports(file)
	c.walk(file)
}

// walk visits every node, and keeps account of the loops around it.
func (c *checker) walk(root ast.Node) {
	ast.Inspect(root, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ForStmt:
			if n != root {
				c.loopWithoutPost(n)
				c.loop(n)
				return false
			}
		case *ast.RangeStmt:
			if n != root {
				c.rangeOver(n)
				c.loop(n)
				return false
			}
		}
		c.node(node)
		return true
	})
}

func (c *checker) loop(n ast.Node) {
	c.loops = append(c.loops, n)
	c.walk(n)
	c.loops = c.loops[:len(c.loops)-1]
}

func (c *checker) node(node ast.Node) {
	switch n := node.(type) {
	case *ast.CallExpr:
		c.variadic(n)
		c.errorsAs(n)
		c.builtin(n)
	case *ast.FuncDecl:
		c.jsonMethod(n)
		c.namedResults(n.Body, n.Type)
	case *ast.FuncLit:
		c.unnamedParameters(n)
		c.capturedLoopVariable(n)
		c.namedResults(n.Body, n.Type)
		c.lateRecover(n)
	case *ast.AssignStmt:
		c.uncheckedAssertion(n)
		c.parallelMapAssignment(n)
	case *ast.ValueSpec:
		c.uncheckedDeclaration(n)
	case *ast.TypeSwitchStmt:
		c.errorSwitch(n)
		c.nilCase(n)
	case *ast.TypeAssertExpr:
		c.errorAssertion(n)
	case *ast.SwitchStmt:
		c.interfaceSwitch(n)
	case *ast.SelectStmt:
		c.selectStatement(n)
	case *ast.ReturnStmt:
		c.appendInResults(n)
	case *ast.StructType:
		c.embeddedWithTags(n)
	case *ast.BinaryExpr:
		c.untypedShift(n)
	case *ast.Ident:
		c.library(n)
	}
}

// ownType finds a named type of the interpreted packages below pointers.
func (c *checker) ownType(t types.Type) *types.Named {
	for {
		pointer, ok := types.Unalias(t).(*types.Pointer)
		if !ok {
			break
		}
		t = pointer.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !c.own[named.Obj().Pkg().Path()] {
		return nil
	}
	return named
}

// callee is the function that a call names, with its package path; nil for values and built-ins.
func (c *checker) callee(call *ast.CallExpr) *types.Func {
	var name *ast.Ident
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		name = f
	case *ast.SelectorExpr:
		name = f.Sel
	default:
		return nil
	}
	function, _ := c.pkg.TypesInfo.Uses[name].(*types.Func)
	return function
}

// isLibrary says whether an object belongs to the standard library, which runs compiled.
func (c *checker) isLibrary(object types.Object) bool {
	if object == nil || object.Pkg() == nil {
		return false
	}
	_, known := stdlib.Symbols[object.Pkg().Path()+"/"+object.Pkg().Name()]
	first, _, _ := strings.Cut(object.Pkg().Path(), "/")
	return known || !strings.Contains(first, ".")
}
