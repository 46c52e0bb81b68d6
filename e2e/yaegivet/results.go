package yaegivet

import (
	"go/ast"
	"go/token"
	"go/types"
)

// namedResults: a named result keeps the value of the call before when the same place calls again, so it must be
// assigned before it is read, on every way to the reading place.
func (c *checker) namedResults(body *ast.BlockStmt, signature *ast.FuncType) {
	if signature.Results == nil || body == nil {
		return
	}
	results := map[types.Object]bool{}
	for _, field := range signature.Results.List {
		for _, name := range field.Names {
			if object := c.pkg.TypesInfo.Defs[name]; object != nil && name.Name != "_" {
				results[object] = true
			}
		}
	}
	if len(results) == 0 {
		return
	}
	f := &resultFlow{c: c, results: results}
	f.visit(body)
}

// resultFlow goes through a function in the order of its source, with the blocks around the place that it looks at.
type resultFlow struct {
	c        *checker
	results  map[types.Object]bool
	blocks   []ast.Node
	assigned []assignment
}

// assignment says that a result was assigned somewhere in a block.
type assignment struct {
	result types.Object
	block  ast.Node
}

func (f *resultFlow) visit(root ast.Node) {
	ast.Inspect(root, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause, *ast.FuncLit, *ast.IfStmt, *ast.ForStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.RangeStmt:
			if n != root {
				f.blocks = append(f.blocks, n)
				f.visit(n)
				f.blocks = f.blocks[:len(f.blocks)-1]
				return false
			}
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				f.assign(n)
				return false
			}
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				for _, result := range f.list() {
					f.read(n, result)
				}
			}
		case *ast.Ident:
			if object := f.c.pkg.TypesInfo.Uses[n]; f.results[object] {
				f.read(n, object)
			}
		}
		return true
	})
}

// assign reads the right side first, and then notes the left one.
func (f *resultFlow) assign(n *ast.AssignStmt) {
	for _, right := range n.Rhs {
		f.visit(right)
	}
	for _, left := range n.Lhs {
		name, ok := left.(*ast.Ident)
		if !ok {
			f.visit(left)
			continue
		}
		if object := f.c.pkg.TypesInfo.Uses[name]; f.results[object] {
			f.assigned = append(f.assigned, assignment{object, f.block()})
		}
	}
}

// list is a copy, since reading takes a reported result out.
func (f *resultFlow) list() []types.Object {
	all := []types.Object{}
	for result := range f.results {
		all = append(all, result)
	}
	return all
}

func (f *resultFlow) block() ast.Node {
	if len(f.blocks) == 0 {
		return nil
	}
	return f.blocks[len(f.blocks)-1]
}

func (f *resultFlow) read(at ast.Node, result types.Object) {
	for _, known := range f.assigned {
		if known.result != result {
			continue
		}
		if known.block == nil {
			return
		}
		for _, around := range f.blocks {
			if around == known.block {
				return
			}
		}
	}
	delete(f.results, result) // Once is enough.
	f.c.report(at.Pos(), "named-result", "the named result "+result.Name()+" is read before it is assigned: in a loop it still has the last call's value")
}
