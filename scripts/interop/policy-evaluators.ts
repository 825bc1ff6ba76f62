import type { CargoProgram } from './cargo-programs.ts';
import type { GoProgram } from './go-programs.ts';

/**
 * Evaluators of AWS policies that others wrote. Each reads questions, one JSON document a line: a policy, the principal,
 * an action, and the context's keys with their values; and writes an answer to each: `allowed`, or why it was `refused`.
 */

/** iam-rs, of the MIT licence. */
export const iamRs = (version: string): CargoProgram => ({
  name: 'iam-rs',
  version,
  dependencies: [`iam-rs = "=${version}"`, 'serde_json = "1"'],
  main: `use std::io::{self, BufRead, Write};

use iam_rs::{
    Arn, Context, ContextValue, Decision, EvaluationOptions, IAMPolicy, IAMRequest, PolicyEvaluator, Principal,
    PrincipalId,
};
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn known(values: &Value) -> ContextValue {
    let list: Vec<String> = values.as_array().unwrap().iter().map(text).collect();
    match list.as_slice() {
        [one] if one == "true" || one == "false" => ContextValue::Boolean(one == "true"),
        [one] => ContextValue::String(one.clone()),
        _ => ContextValue::StringList(list),
    }
}

fn answer(question: &Value) -> Result<bool, String> {
    let policy: IAMPolicy = serde_json::from_value(question["policy"].clone()).map_err(|e| e.to_string())?;
    let mut context = Context::new();
    for (key, values) in question["context"].as_object().unwrap() {
        context.insert(key.clone(), known(values));
    }
    let request = IAMRequest::new_with_context(
        Principal::Federated(PrincipalId::String(text(&question["principal"]))),
        text(&question["action"]),
        Arn::parse("arn:aws:iam::123456789012:role/deploy").unwrap(),
        context,
    );
    let options = EvaluationOptions { ignore_resource_constraints: true, ..EvaluationOptions::default() };
    let evaluator = PolicyEvaluator::with_policies(vec![policy]).with_options(options);
    let result = evaluator.evaluate(&request).map_err(|e| e.to_string())?;
    Ok(result.decision == Decision::Allow)
}

fn main() {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answered = match answer(&question) {
            Ok(allowed) => json!({ "allowed": allowed }),
            Err(reason) => json!({ "refused": reason }),
        };
        writeln!(out, "{answered}").unwrap();
    }
}
`,
});

const ENGINE = 'github.com/seaweedfs/seaweedfs/weed/s3api/policy_engine';

/** The policy engine of SeaweedFS, of the Apache License 2.0. */
export const seaweedfs = (version: string): GoProgram => ({
  name: 'seaweedfs',
  path: ENGINE,
  version,
  main: `package main

import (
	"bufio"
	"encoding/json"
	"os"

	engine "${ENGINE}"
)

type question struct {
	Policy            json.RawMessage
	Principal, Action string
	Context           map[string][]string
}

func unsupported(document *engine.PolicyDocument) string {
	for _, statement := range document.Statement {
		for operator := range statement.Condition {
			if _, err := engine.GetConditionEvaluator(operator); err != nil {
				return err.Error()
			}
		}
	}
	return ""
}

func answer(q question) map[string]any {
	document, err := engine.ParsePolicy(string(q.Policy))
	if err != nil {
		return map[string]any{"refused": err.Error()}
	}
	if reason := unsupported(document); reason != "" {
		return map[string]any{"refused": reason}
	}
	evaluator := engine.NewPolicyEngine()
	if err := evaluator.SetBucketPolicy("role", string(q.Policy)); err != nil {
		return map[string]any{"refused": err.Error()}
	}
	result := evaluator.EvaluatePolicy("role", &engine.PolicyEvaluationArgs{
		Action: q.Action, Principal: q.Principal, Conditions: q.Context,
		Resource: "arn:aws:iam::123456789012:role/deploy",
	})
	return map[string]any{"allowed": result == engine.PolicyResultAllow}
}

func main() {
	in, buffered := json.NewDecoder(os.Stdin), bufio.NewWriter(os.Stdout)
	defer buffered.Flush()
	out := json.NewEncoder(buffered)
	for in.More() {
		var q question
		if err := in.Decode(&q); err != nil {
			panic(err)
		}
		if err := out.Encode(answer(q)); err != nil {
			panic(err)
		}
	}
}
`,
});
