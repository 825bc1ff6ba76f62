import { quote } from '../syntax/paths.ts';
import type { Expr, Scope } from './expr.ts';
import { awaitsOf, factsOf } from './facts.ts';
import { evaluateTyped } from './functions.ts';
import { EVALUATION_LIMITS, LimitReached } from './limits.ts';
import { fromPlain, toPlain } from './plain.ts';
import type { PendingCall, ProviderOutcome, ProviderSchema, Run } from './run.ts';
import { list, membersOf, type Origin, object, scalar, unknown, type Value } from './value.ts';

/**
 * A call of `fn::open`. Its inputs are evaluated and checked always; the call itself is made by somebody else, who
 * brings its outcome to the next evaluation. Until then the value is unknown, of the type that the provider promises.
 *
 * Who calls comes from the graph, never from a value: nothing that a definition writes can change it.
 */
export const evaluateOpen = (run: Run, scope: Scope, x: Expr, provider: string | undefined): Value => {
  const [inputs] = x.operands;
  if (provider === undefined || !inputs) return unknown(x, true);
  const schema = run.options.providers.get(provider);
  if (!schema) {
    run.problems.error(x.source, x.at, `unknown provider ${quote(provider)}`);
    run.evaluate(inputs, scope);
    return unknown(x, true);
  }
  const value = evaluateTyped(run, scope, inputs, schema.inputs);
  const { outputs, scalarOutput: atomic = false } = schema;
  if (!value) return unknown(x, outputs, undefined, { atomic });
  if (factsOf(value).hasUnknowns) return unknown(x, outputs, awaitsOf([value]), { atomic });
  // Values are shared: written out for a provider, a small definition can be larger than any memory.
  const { nodes, bytes } = factsOf(value);
  if (nodes > EVALUATION_LIMITS.outputNodes || bytes > EVALUATION_LIMITS.text) {
    throw new LimitReached('the inputs of a provider become larger than 1 MiB');
  }
  const call = pendingCall(scope, x, inputs, provider, value);
  if (run.options.mode === 'check') {
    run.calls.set(call.id, call);
    return unknown(x, outputs, undefined, { atomic });
  }
  const outcome = run.options.outputs?.get(call.id);
  if (outcome) return outcomeValue(run, x, schema, outcome);
  run.calls.set(call.id, call);
  return unknown(x, outputs, new Set([call.id]), { atomic });
};

const pendingCall = (scope: Scope, x: Expr, inputs: Expr, provider: string, value: Value): PendingCall => {
  const { node, root } = scope;
  // The offset tells calls apart whose paths look the same; the root, those of a document that is evaluated twice.
  const id = `${node.id}#${x.at.start}:${x.at.path}${node === root ? '' : ` < ${root?.id ?? ''}`}`;
  return {
    id,
    provider,
    inputs: toPlain(value, { secrets: 'reveal' }),
    inputValue: value,
    environment: { current: node.identity, root: root?.identity, key: node.key },
    path: x.at.path,
    range: x.source.range(x.at),
    inputsRange: inputs.source.range(inputs.at),
  };
};

const outcomeValue = (run: Run, x: Expr, schema: ProviderSchema, outcome: ProviderOutcome): Value => {
  const { outputs, secretOutputs: secret = false, scalarOutput: atomic = false } = schema;
  if ('error' in outcome) {
    run.problems.error(x.source, x.at, outcome.error);
    return unknown(x, outputs, undefined, { atomic });
  }
  const { output } = outcome;
  const value = isValue(output) ? adopt(x, output, secret, atomic) : fromPlain(x, output, { secret, atomic }, outputs);
  run.budget.spend(factsOf(value).nodes);
  return value;
};

const isValue = (output: unknown): output is Value =>
  typeof output === 'object' && output !== null && !Array.isArray(output) && 'kind' in output;

/** A value from elsewhere as the outcome of the call `x`; a secret makes everything in it secret. */
const adopt = (x: Origin, value: Value, secretAround: boolean, atomic: boolean): Value => {
  const secret = secretAround || value.secret;
  const flags = { secret, atomic };
  if (value.kind === 'unknown') return unknown(x, value.schema, undefined, flags);
  if (value.kind === 'scalar') return scalar(x, value.content, flags);
  if (value.kind === 'list')
    return list(
      x,
      value.content.map((item) => adopt(x, item, secret, atomic)),
      flags,
    );
  const members = new Map<string, Value>();
  for (const [key, member] of membersOf(value)) members.set(key, adopt(x, member, secret, atomic));
  return object(x, members, flags);
};
