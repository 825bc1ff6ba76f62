// The reference evaluator as a program: reads cases as JSON, one after the other, and answers each with a line of JSON.
// Its world is the one in which the reference checks itself: three providers, a decrypter that adds 128 to every byte,
// and a user called USER_123. The shapes are those of test/environments/reference/answers.ts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/esc"
	"github.com/pulumi/pulumi/sdk/v3/go/common/esc/eval"
	"github.com/pulumi/pulumi/sdk/v3/go/common/esc/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/esc/syntax"
)

// A case is also everything that the evaluator asks for.
type testCase struct {
	Root        string            `json:"root"`
	Text        string            `json:"text"`
	Documents   map[string]string `json:"documents"`
	ShowSecrets bool              `json:"showSecrets"`
}

type answer struct {
	Load      []string `json:"load"`
	Check     []string `json:"check"`
	CheckJSON string   `json:"checkJson"`
	Open      []string `json:"open"`
	Redacted  string   `json:"redacted"`
	Revealed  string   `json:"revealed"`
	Panic     string   `json:"panic,omitempty"`
}

type provider struct {
	inputs *schema.Schema
	open   func(inputs map[string]esc.Value) (esc.Value, error)
}

func (p provider) Schema() (*schema.Schema, *schema.Schema) { return p.inputs, schema.Always() }

func (p provider) Open(_ context.Context, inputs map[string]esc.Value, _ esc.EnvExecContext) (esc.Value, error) {
	return p.open(inputs)
}

func (w testCase) LoadProvider(_ context.Context, name string) (esc.Provider, error) {
	switch name {
	case "test":
		return provider{schema.Always(), func(inputs map[string]esc.Value) (esc.Value, error) {
			return esc.NewValue(inputs), nil
		}}, nil
	case "error":
		why := schema.Record(schema.SchemaMap{"why": schema.String().Schema()}).Schema()
		return provider{why, func(inputs map[string]esc.Value) (esc.Value, error) {
			return esc.Value{}, errors.New(inputs["why"].Value.(string))
		}}, nil
	case "secret-wrapper":
		return provider{schema.Always(), func(inputs map[string]esc.Value) (esc.Value, error) {
			return esc.NewSecret(inputs), nil
		}}, nil
	}
	return nil, fmt.Errorf("unknown provider %q", name)
}

func (w testCase) LoadRotator(_ context.Context, name string) (esc.Rotator, error) {
	return nil, fmt.Errorf("unknown rotator %q", name)
}

func (w testCase) LoadEnvironment(_ context.Context, name string) ([]byte, eval.Decrypter, error) {
	text, ok := w.Documents[name]
	if !ok {
		return nil, nil, fmt.Errorf("environment %q not found", name)
	}
	return []byte(text), w, nil
}

func (w testCase) AuthorizeImport(context.Context, string, string, bool) error { return nil }

func (w testCase) Decrypt(_ context.Context, ciphertext []byte) ([]byte, error) {
	plaintext := make([]byte, len(ciphertext))
	for i, b := range ciphertext {
		plaintext[i] = b + 128
	}
	return plaintext, nil
}

// Problems as lines of text. What has no place is said without one.
func lines(diags syntax.Diagnostics) []string {
	result := make([]string, 0, len(diags))
	for _, d := range diags {
		severity, at := "error", ""
		if d.Severity == hcl.DiagWarning {
			severity = "warning"
		}
		if d.Subject != nil {
			at = fmt.Sprintf("%s:%d:%d", d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column)
		}
		result = append(result, fmt.Sprintf("%s %s %s: %s", severity, at, d.Path, d.Summary))
	}
	sort.Strings(result)
	return result
}

// The result as JSON with sorted keys, or why there is none.
func plain(env *esc.Environment, redact bool) string {
	if env == nil {
		return "null"
	}
	text, err := json.Marshal(esc.NewValue(env.Properties).ToJSON(redact))
	if err != nil {
		return "no JSON: " + err.Error()
	}
	return string(text)
}

// Some definitions make the reference crash; that is an answer as well.
func guarded(a *answer, step func()) {
	defer func() {
		if r := recover(); r != nil {
			a.Panic += strings.SplitN(fmt.Sprint(r), "\n", 2)[0] + "; "
		}
	}()
	step()
}

func run(w testCase) (a answer) {
	a = answer{Load: []string{}, Check: []string{}, CheckJSON: "null", Open: []string{}, Redacted: "null", Revealed: "null"}
	ctx := context.Background()
	user := map[string]esc.Value{"id": esc.NewValue("USER_123")}
	fresh := func() *esc.ExecContext {
		ec, err := esc.NewExecContext(map[string]esc.Value{
			"pulumi": esc.NewValue(map[string]esc.Value{"user": esc.NewValue(user)}),
		})
		if err != nil {
			panic(err)
		}
		return ec
	}
	guarded(&a, func() {
		env, diags, err := eval.LoadYAMLBytes(w.Root, []byte(w.Text))
		if err != nil {
			panic(err)
		}
		a.Load = lines(diags)
		guarded(&a, func() {
			checked, diags := eval.CheckEnvironment(ctx, w.Root, env, w, w, w, fresh(), w.ShowSecrets, eval.EvalOptions{})
			a.Check, a.CheckJSON = lines(diags), plain(checked, true)
		})
		guarded(&a, func() {
			opened, diags := eval.EvalEnvironment(ctx, w.Root, env, w, w, w, fresh(), eval.EvalOptions{})
			a.Open, a.Redacted, a.Revealed = lines(diags), plain(opened, true), plain(opened, false)
		})
	})
	return a
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var c testCase
		if err := dec.Decode(&c); err != nil {
			return
		}
		if err := enc.Encode(run(c)); err != nil {
			panic(err)
		}
		out.Flush()
	}
}
