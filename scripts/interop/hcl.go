// Reads Terraform configurations with the library that Terraform itself reads them with. One JSON document each on
// standard input, {"text": …}; to each an answer: {"problem": …}, or {"blocks": […]} with the values of all attributes.
package main

import (
	"encoding/json"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type block struct {
	Type       string                     `json:"type"`
	Labels     []string                   `json:"labels"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	Blocks     []block                    `json:"blocks"`
}

// Of a file that is read, only the name is known here.
var file = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "path", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal("file " + args[0].AsString()), nil
	},
})

var functions = map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc, "file": file}

func must(diagnostics hcl.Diagnostics) {
	if diagnostics.HasErrors() {
		panic(diagnostics.Error())
	}
}

// Lets what refers to a resource see the attributes that stand in its block, and an id.
func variablesOf(body *hclsyntax.Body) map[string]cty.Value {
	found := map[string]map[string]cty.Value{}
	data := map[string]map[string]cty.Value{}
	variables := map[string]cty.Value{}
	plain := &hcl.EvalContext{Functions: functions}
	for _, each := range body.Blocks {
		seen := map[string]cty.Value{}
		for name, attribute := range each.Body.Attributes {
			if value, diagnostics := attribute.Expr.Value(plain); !diagnostics.HasErrors() {
				seen[name] = value
			}
		}
		if each.Type == "locals" {
			variables["local"] = cty.ObjectVal(seen)
			continue
		}
		seen["id"] = cty.StringVal("id of " + each.Labels[0])
		into := found
		if each.Type == "data" {
			into = data
		}
		into[each.Labels[0]] = map[string]cty.Value{each.Labels[1]: cty.ObjectVal(seen)}
	}
	for name, of := range found {
		variables[name] = cty.ObjectVal(of)
	}
	if len(data) > 0 {
		all := map[string]cty.Value{}
		for name, of := range data {
			all[name] = cty.ObjectVal(of)
		}
		variables["data"] = cty.ObjectVal(all)
	}
	return variables
}

func read(each *hclsyntax.Block, context *hcl.EvalContext) block {
	answer := block{Type: each.Type, Labels: each.Labels, Attributes: map[string]json.RawMessage{}, Blocks: []block{}}
	for name, attribute := range each.Body.Attributes {
		if name == "depends_on" || name == "for_each" {
			continue
		}
		value, diagnostics := attribute.Expr.Value(context)
		must(diagnostics)
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			panic(err.Error())
		}
		answer.Attributes[name] = text
	}
	for _, inner := range each.Body.Blocks {
		answer.Blocks = append(answer.Blocks, read(inner, context))
	}
	return answer
}

func answerTo(text string) (answer map[string]any) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = map[string]any{"problem": problem}
		}
	}()
	parsed, diagnostics := hclparse.NewParser().ParseHCL([]byte(text), "trust.tf")
	must(diagnostics)
	body := parsed.Body.(*hclsyntax.Body)
	context := &hcl.EvalContext{Functions: functions, Variables: variablesOf(body)}
	blocks := []block{}
	for _, each := range body.Blocks {
		every, repeated := each.Body.Attributes["for_each"]
		if !repeated {
			blocks = append(blocks, read(each, context))
			continue
		}
		over, diagnostics := every.Expr.Value(context)
		must(diagnostics)
		for item := over.ElementIterator(); item.Next(); {
			key, value := item.Element()
			inner := context.NewChild()
			inner.Variables = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})}
			blocks = append(blocks, read(each, inner))
		}
	}
	return map[string]any{"blocks": blocks}
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for in.More() {
		var question struct{ Text string }
		if err := in.Decode(&question); err != nil {
			panic(err)
		}
		if err := out.Encode(answerTo(question.Text)); err != nil {
			panic(err)
		}
	}
}
