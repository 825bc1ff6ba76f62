import type { GoProgram } from './go-programs.ts';

/**
 * The libraries that relying parties themselves decide with: CEL of Google and Kubernetes, globs and JSON pointers of
 * Vault. Reads questions, one JSON document each, and writes an answer to each; the program around them is ours.
 */
export const verifiers = (version: string): GoProgram => ({
  name: 'verifiers',
  path: 'github.com/google/cel-go/cel',
  version,
  beside: ['github.com/ryanuber/go-glob@v1.0.0', 'github.com/mitchellh/pointerstructure@v1.2.1'],
  main: `package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
	"github.com/mitchellh/pointerstructure"
	"github.com/ryanuber/go-glob"
)

type question struct {
	Expression, Pattern, Text, Pointer string
	Claims map[string]any
}

// Whole numbers are ints, as in the claims that Kubernetes evaluates.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k, e := range v {
			v[k] = numbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = numbers(e)
		}
	}
	return value
}

func plain(value ref.Val) any {
	switch v := value.(type) {
	case types.String:
		return string(v)
	case types.Bool:
		return bool(v)
	case types.Int:
		return int64(v)
	case types.Double:
		return float64(v)
	case types.Null:
		return nil
	}
	return map[string]any{"type": value.Type().TypeName()}
}

func evaluate(env *cel.Env, q question) map[string]any {
	ast, issues := env.Compile(q.Expression)
	if issues != nil && issues.Err() != nil {
		return map[string]any{"refused": strings.SplitN(issues.Err().Error(), "\\n", 2)[0]}
	}
	program, err := env.Program(ast)
	if err != nil {
		return map[string]any{"refused": err.Error()}
	}
	value, _, err := program.Eval(map[string]any{"claims": q.Claims})
	if err != nil {
		return map[string]any{"failure": err.Error()}
	}
	return map[string]any{"value": plain(value)}
}

func main() {
	env, err := cel.NewEnv(cel.Variable("claims", cel.MapType(cel.StringType, cel.DynType)), ext.Strings())
	if err != nil {
		panic(err)
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	in.UseNumber()
	for in.More() {
		var q question
		if err := in.Decode(&q); err != nil {
			panic(err)
		}
		numbers(q.Claims)
		answer := map[string]any{}
		switch {
		case q.Expression != "":
			answer = evaluate(env, q)
		case q.Pointer != "":
			value, err := pointerstructure.Get(q.Claims, q.Pointer)
			if err != nil {
				value = nil
			}
			answer["value"] = value
		default:
			answer["value"] = glob.Glob(q.Pattern, q.Text)
		}
		if err := out.Encode(answer); err != nil {
			panic(err)
		}
	}
}
`,
});
