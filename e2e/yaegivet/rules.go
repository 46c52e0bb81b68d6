package yaegivet

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"github.com/traefik/yaegi/stdlib"
)

// imports refuses packages that the interpreter does not have.
func (c *checker) imports(file *ast.File) {
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(path, "/")
		if strings.Contains(first, ".") {
			continue
		}
		imported := c.pkg.Imports[path]
		if imported == nil || stdlib.Symbols[path+"/"+imported.Name] == nil {
			c.report(spec.Pos(), "missing-package", "package "+path+" does not exist in the interpreter")
		}
	}
}

// interpretedGenerics are the generic library functions that the interpreter has as sources.
var interpretedGenerics = map[string]bool{"slices.Contains": true, "slices.Index": true}

// library refuses what the interpreter's standard library lacks: newer functions, and generic ones and types.
func (c *checker) library(name *ast.Ident) {
	object := c.pkg.TypesInfo.Uses[name]
	if !c.isLibrary(object) || object.Parent() != object.Pkg().Scope() {
		return
	}
	symbols := stdlib.Symbols[object.Pkg().Path()+"/"+object.Pkg().Name()]
	if symbols == nil {
		return
	}
	if interpretedGenerics[object.Pkg().Path()+"."+object.Name()] {
		return
	}
	if _, ok := symbols[object.Name()]; !ok {
		c.report(name.Pos(), "missing-symbol", object.Pkg().Path()+"."+object.Name()+" does not exist in the interpreter")
	}
}

// variadic: a method-bearing type of ours as a variadic library argument panics in reflect.
func (c *checker) variadic(call *ast.CallExpr) {
	function := c.callee(call)
	if function == nil || !c.isLibrary(function) || call.Ellipsis.IsValid() {
		return
	}
	signature := function.Type().(*types.Signature)
	if !signature.Variadic() {
		return
	}
	fixed := signature.Params().Len() - 1
	element := signature.Params().At(fixed).Type().(*types.Slice).Elem()
	wanted, ok := element.Underlying().(*types.Interface)
	if !ok || wanted.NumMethods() == 0 {
		return
	}
	for i, argument := range call.Args {
		if i < fixed {
			continue
		}
		t := c.pkg.TypesInfo.TypeOf(argument)
		if t != nil && !types.IsInterface(t) && c.ownType(t) != nil {
			c.report(argument.Pos(), "variadic-argument", "a type of ours as variadic argument of "+function.FullName()+" panics: put it in a variable of the interface type first")
		}
	}
}

// errorsAs: the dynamic type of our errors is the interpreter's own.
func (c *checker) errorsAs(call *ast.CallExpr) {
	function := c.callee(call)
	if function == nil || function.FullName() != "errors.As" || len(call.Args) != 2 {
		return
	}
	if c.ownType(c.pkg.TypesInfo.TypeOf(call.Args[1])) != nil {
		c.report(call.Pos(), "errors-as", "errors.As to an error type of ours panics: return a plain struct beside the error, or use errors.Is")
	}
}

func (c *checker) errorSwitch(n *ast.TypeSwitchStmt) {
	var subject ast.Expr
	switch assign := n.Assign.(type) {
	case *ast.AssignStmt:
		subject = assign.Rhs[0].(*ast.TypeAssertExpr).X
	case *ast.ExprStmt:
		subject = assign.X.(*ast.TypeAssertExpr).X
	}
	if !isError(c.pkg.TypesInfo.TypeOf(subject)) {
		return
	}
	for _, clause := range n.Body.List {
		for _, wanted := range clause.(*ast.CaseClause).List {
			if c.ownType(c.pkg.TypesInfo.TypeOf(wanted)) != nil {
				c.report(wanted.Pos(), "error-assertion", "an error never has a type of ours in the interpreter")
			}
		}
	}
}

func (c *checker) errorAssertion(n *ast.TypeAssertExpr) {
	if n.Type != nil && isError(c.pkg.TypesInfo.TypeOf(n.X)) && c.ownType(c.pkg.TypesInfo.TypeOf(n.Type)) != nil {
		c.report(n.Pos(), "error-assertion", "an error never has a type of ours in the interpreter")
	}
}

func isError(t types.Type) bool {
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// builtin: min, max and clear do not compile there.
func (c *checker) builtin(call *ast.CallExpr) {
	name, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return
	}
	if _, ok := c.pkg.TypesInfo.Uses[name].(*types.Builtin); ok && (name.Name == "min" || name.Name == "max" || name.Name == "clear") {
		c.report(call.Pos(), "missing-builtin", name.Name+" does not exist in the interpreter")
	}
}

// jsonMethod: encoding/json never sees methods of ours.
func (c *checker) jsonMethod(n *ast.FuncDecl) {
	if n.Recv == nil {
		return
	}
	switch n.Name.Name {
	case "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalXML", "UnmarshalXML":
		c.report(n.Pos(), "marshal-method", n.Name.Name+" is never called in the interpreter")
	}
}

// unnamedParameters shift the arguments of a function literal.
func (c *checker) unnamedParameters(n *ast.FuncLit) {
	for _, field := range n.Type.Params.List {
		if len(field.Names) == 0 {
			c.report(n.Pos(), "unnamed-parameter", "a function literal with unnamed parameters panics: name them")
		}
		for _, name := range field.Names {
			if name.Name == "_" {
				c.report(n.Pos(), "unnamed-parameter", "name every parameter of a function literal")
			}
		}
	}
}

// capturedLoopVariable: the interpreter has one variable for the whole loop.
func (c *checker) capturedLoopVariable(n *ast.FuncLit) {
	variables := map[types.Object]bool{}
	for _, loop := range c.loops {
		for _, name := range loopVariables(loop) {
			if object := c.pkg.TypesInfo.Defs[name]; object != nil {
				variables[object] = true
			}
		}
	}
	ast.Inspect(n.Body, func(node ast.Node) bool {
		name, ok := node.(*ast.Ident)
		if ok && variables[c.pkg.TypesInfo.Uses[name]] {
			c.report(name.Pos(), "captured-loop-variable", "all closures share the loop variable "+name.Name+": copy it first")
		}
		return true
	})
}

func loopVariables(loop ast.Node) []*ast.Ident {
	found := []*ast.Ident{}
	add := func(expression ast.Expr) {
		if name, ok := expression.(*ast.Ident); ok {
			found = append(found, name)
		}
	}
	switch n := loop.(type) {
	case *ast.RangeStmt:
		add(n.Key)
		add(n.Value)
	case *ast.ForStmt:
		if assign, ok := n.Init.(*ast.AssignStmt); ok {
			for _, expression := range assign.Lhs {
				add(expression)
			}
		}
	}
	return found
}

// rangeOver: only slices, arrays, strings, maps and channels can be ranged over.
func (c *checker) rangeOver(n *ast.RangeStmt) {
	t := c.pkg.TypesInfo.TypeOf(n.X)
	if t == nil {
		return
	}
	switch underlying := t.Underlying().(type) {
	case *types.Signature:
		c.report(n.Pos(), "range-over-function", "the interpreter can't range over a function")
	case *types.Basic:
		if underlying.Info()&types.IsInteger != 0 {
			c.report(n.Pos(), "range-over-integer", "the interpreter can't range over an integer")
		}
	}
}

// uncheckedAssertion: in a loop, a failed assertion keeps the value of the iteration before.
func (c *checker) uncheckedAssertion(n *ast.AssignStmt) {
	if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
		c.unchecked(n.Lhs[1], n.Rhs[0])
	}
}

func (c *checker) uncheckedDeclaration(n *ast.ValueSpec) {
	if len(n.Names) == 2 && len(n.Values) == 1 {
		c.unchecked(n.Names[1], n.Values[0])
	}
}

func (c *checker) unchecked(ok, value ast.Expr) {
	name, isName := ok.(*ast.Ident)
	assertion, isAssertion := ast.Unparen(value).(*ast.TypeAssertExpr)
	if isName && isAssertion && assertion.Type != nil && name.Name == "_" && len(c.loops) > 0 {
		c.report(value.Pos(), "unchecked-assertion", "in a loop a failed assertion keeps the last value: check ok")
	}
}

// parallelMapAssignment of interface values panics in reflect.
func (c *checker) parallelMapAssignment(n *ast.AssignStmt) {
	if len(n.Lhs) < 2 || len(n.Lhs) != len(n.Rhs) {
		return
	}
	for _, left := range n.Lhs {
		if selector, ok := left.(*ast.SelectorExpr); ok {
			c.report(selector.Pos(), "parallel-field-assignment", "assigning several fields at once can lose one: use one statement each")
			return
		}
		index, ok := left.(*ast.IndexExpr)
		if !ok {
			continue
		}
		m, ok := c.pkg.TypesInfo.TypeOf(index.X).Underlying().(*types.Map)
		if ok && types.IsInterface(m.Elem()) {
			c.report(n.Pos(), "parallel-map-assignment", "assigning several map entries of interface type at once panics: use one statement each")
			return
		}
	}
}

// interfaceSwitch over an interface value panics in reflect.
func (c *checker) interfaceSwitch(n *ast.SwitchStmt) {
	if n.Tag == nil {
		return
	}
	t := c.pkg.TypesInfo.TypeOf(n.Tag)
	if t != nil && types.IsInterface(t) {
		c.report(n.Pos(), "interface-switch", "a switch on an interface value panics: assert its type first")
	}
}

// embeddedWithTags: an embedded struct becomes a JSON field with a made-up name.
func (c *checker) embeddedWithTags(n *ast.StructType) {
	tagged := false
	for _, field := range n.Fields.List {
		if field.Tag != nil && reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json") != "" {
			tagged = true
		}
	}
	for _, field := range n.Fields.List {
		if tagged && len(field.Names) == 0 {
			c.report(field.Pos(), "embedded-in-json", "an embedded field gets another name in JSON: name it")
		}
	}
}

// nilCase: a case nil spoils the type switch that it stands in.
func (c *checker) nilCase(n *ast.TypeSwitchStmt) {
	for _, clause := range n.Body.List {
		for _, wanted := range clause.(*ast.CaseClause).List {
			if value, ok := c.pkg.TypesInfo.Types[wanted]; ok && value.IsNil() {
				c.report(wanted.Pos(), "nil-case", "a nil case in a type switch goes wrong: compare with nil first")
			}
		}
	}
}

// selectStatement: the interpreter makes the cases of a select once for all goroutines, so that two that run it at the
// same time take each other's channels and values.
func (c *checker) selectStatement(n *ast.SelectStmt) {
	c.report(n.Pos(), "select", "a select is not safe for concurrent use: take a lock, or wait for one channel that a context completes")
}

// appendInResults: the result of an append that calls a method of ours lands in the wrong result.
func (c *checker) appendInResults(n *ast.ReturnStmt) {
	for _, result := range n.Results {
		if receive, ok := ast.Unparen(result).(*ast.UnaryExpr); ok && receive.Op == token.ARROW {
			c.report(result.Pos(), "return-receive", "a return of what is received in the same statement panics: receive first")
		}
	}
	if len(n.Results) < 2 {
		return
	}
	for _, result := range n.Results {
		call, ok := ast.Unparen(result).(*ast.CallExpr)
		if !ok {
			continue
		}
		name, ok := ast.Unparen(call.Fun).(*ast.Ident)
		if ok && name.Name == "append" && call.Ellipsis.IsValid() {
			c.report(result.Pos(), "append-in-results", "an append in a list of results lands in the wrong one: append first")
		}
	}
}

// loopWithoutPost: a variable of a for statement that has no post statement keeps its first value.
func (c *checker) loopWithoutPost(n *ast.ForStmt) {
	if n.Init != nil && n.Post == nil {
		c.report(n.Pos(), "loop-without-post", "a loop variable without a post statement keeps its first value: declare it before the loop")
	}
}

// untypedShift: the interpreter makes an int of a bare constant that is shifted by a variable, whatever stands beside it.
func (c *checker) untypedShift(n *ast.BinaryExpr) {
	if n.Op != token.SHL && n.Op != token.SHR || c.pkg.TypesInfo.Types[n.Y].Value != nil {
		return
	}
	switch bare := ast.Unparen(n.X).(type) {
	case *ast.BasicLit:
	case *ast.Ident:
		constant, ok := c.pkg.TypesInfo.Uses[bare].(*types.Const)
		if !ok {
			return
		}
		untyped, ok := constant.Type().(*types.Basic)
		if !ok || untyped.Info()&types.IsUntyped == 0 {
			return
		}
	default:
		return
	}
	made, ok := c.pkg.TypesInfo.TypeOf(n).Underlying().(*types.Basic)
	if ok && made.Info()&types.IsUnsigned != 0 {
		c.report(n.Pos(), "untyped-shift", "a bare constant shifted by a variable is an int and panics beside another type: convert the constant")
	}
}

// lateRecover: what a function literal defers recovers nothing when it is declared behind the literal, in the file or in
// the order of the files' names.
func (c *checker) lateRecover(n *ast.FuncLit) {
	ast.Inspect(n.Body, func(node ast.Node) bool {
		deferred, ok := node.(*ast.DeferStmt)
		if !ok {
			return true
		}
		function := c.callee(deferred.Call)
		if function == nil || function.Pkg() != c.pkg.Types {
			return true
		}
		declared, here := c.pkg.Fset.Position(function.Pos()), c.pkg.Fset.Position(n.Pos())
		if declared.Filename > here.Filename || declared.Filename == here.Filename && declared.Offset > here.Offset {
			c.report(deferred.Pos(), "late-recover", function.Name()+" recovers nothing here: declare it before the function literal that defers it")
		}
		return true
	})
}
