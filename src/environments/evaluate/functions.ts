import { decodeBase64 } from '../syntax/base64.ts';
import type { UnaryFunction } from '../syntax/expression.ts';
import { bytesToText, textToBytes } from './bytes.ts';
import { checkValue } from './check-value.ts';
import type { Expr, Scope } from './expr.ts';
import { awaitsOf, factsOf } from './facts.ts';
import { writeJson } from './json-text.ts';
import { EVALUATION_LIMITS, LimitReached, limitText } from './limits.ts';
import { fromPlain, toPlain } from './plain.ts';
import { JsonProblem, readJson } from './read-json.ts';
import { type Run, reportComplaints } from './run.ts';
import type { Schema } from './schema.ts';
import { textForm } from './text-form.ts';
import { list, scalar, schemaOf, unknown, type Value } from './value.ts';
import { writeYaml } from './yaml-text.ts';

const TEXT: Schema = { type: 'string' };
const TEXTS: Schema = { type: 'array', items: TEXT };
const LISTS: Schema = { type: 'array', items: { type: 'array', items: true } };

/**
 * Evaluates an argument and reports what is wrong with its type; `undefined` then. What waits for a call is checked
 * when it is there.
 */
export const evaluateTyped = (run: Run, scope: Scope, x: Expr, schema: Schema): Value | undefined => {
  const value = run.evaluate(x, scope);
  if (factsOf(value).awaits.size > 0) return value;
  const { ok, complaints } = checkValue(value, schema);
  reportComplaints(run, complaints);
  return ok ? value : undefined;
};

/** The built-in functions that compute: a result of something unknown is unknown, and of something secret is secret. */
export const evaluateUnary = (run: Run, scope: Scope, x: Expr, name: UnaryFunction): Value => {
  const [operand] = x.operands;
  if (!operand) return unknown(x, true);
  switch (name) {
    case 'concat':
      return withKnown(
        x,
        { type: 'array', items: true },
        [evaluateTyped(run, scope, operand, LISTS)],
        ([lists], secret) => {
          const items =
            lists?.kind === 'list' ? lists.content.flatMap((part) => (part.kind === 'list' ? part.content : [])) : [];
          run.budget.spend(items.length);
          return list(x, items, { secret });
        },
      );
    case 'fromBase64':
      return withText(run, scope, x, operand, TEXT, (text, secret) => {
        const decoded = decodeBase64(text);
        if (!('problem' in decoded)) return scalar(x, bytesToText(decoded), { secret });
        run.problems.error(x.source, x.at, `decoding base64 string: ${decoded.problem}`);
        return unknown(x, TEXT, undefined, { secret });
      });
    case 'fromJSON':
      return withText(run, scope, x, operand, true, (text, secret) => fromJson(run, x, text, secret));
    case 'toBase64':
      return withText(run, scope, x, operand, TEXT, (text, secret) =>
        scalar(x, limitText(Buffer.from(textToBytes(text)).toString('base64')), { secret }),
      );
    case 'toJSON':
    case 'toYAML':
      return withKnown(x, TEXT, [run.evaluate(operand, scope)], ([value], secret) => {
        if (!value || factsOf(value).bytes > EVALUATION_LIMITS.text)
          throw new LimitReached('a text becomes longer than 1 MiB');
        const plain = toPlain(value, { secrets: 'reveal', keepBytes: true });
        return scalar(x, limitText(name === 'toJSON' ? writeJson(plain, { escapeHtml: true }) : writeYaml(plain)), {
          secret,
        });
      });
    case 'toString': {
      const value = run.evaluate(operand, scope);
      const form = textForm(value);
      if (form.unknown) return unknown(x, TEXT, awaitsOf([value]), { secret: form.secret });
      return scalar(x, limitText(form.text), { secret: form.secret });
    }
    case 'final':
      return final(x, run.evaluate(operand, scope));
  }
};

export const evaluatePair = (run: Run, scope: Scope, x: Expr, name: 'join' | 'split'): Value => {
  const [first, second] = x.operands;
  if (!first || !second) return unknown(x, true);
  const delimiter = evaluateTyped(run, scope, first, TEXT);
  const operand = evaluateTyped(run, scope, second, name === 'join' ? TEXTS : TEXT);
  const schema = name === 'join' ? TEXT : TEXTS;
  return withKnown(x, schema, [delimiter, operand], ([by, of], secret) => {
    const separator = contentOf(by);
    if (name === 'join') {
      const texts = of?.kind === 'list' ? of.content.map(contentOf) : [];
      const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
      if (length > 2 * EVALUATION_LIMITS.text) throw new LimitReached('a text becomes longer than 1 MiB');
      return scalar(x, limitText(texts.join(separator)), { secret });
    }
    const parts = separator === '' ? [...contentOf(of)] : contentOf(of).split(separator);
    run.budget.spend(parts.length);
    // A part of a secret is a secret, also when somebody asks for it alone.
    return list(
      x,
      parts.map((part) => scalar(x, part, { secret })),
      { secret },
    );
  });
};

/** The same value, which cannot be overridden. Anything unknown in it makes it unknown as a whole. */
const final = (x: Expr, value: Value): Value => {
  const { hasUnknowns, hasSecrets, awaits } = factsOf(value);
  if (!hasUnknowns) return { ...value, origin: x, final: true, secret: hasSecrets };
  return unknown(x, schemaOf(value), awaits, { final: true, secret: hasSecrets, atomic: value.atomic });
};

const fromJson = (run: Run, x: Expr, text: string, secret: boolean): Value => {
  try {
    const plain = readJson(text);
    run.budget.spend(Math.ceil(text.length / 8));
    return fromPlain(x, plain, { secret });
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    // The message quotes a character of the text.
    const problem = secret ? 'the secret is not JSON' : error.message;
    run.problems.error(x.source, x.at, `decoding JSON string: ${problem}`);
    return unknown(x, true, undefined, { secret });
  }
};

const withText = (
  run: Run,
  scope: Scope,
  x: Expr,
  operand: Expr,
  schema: Schema,
  compute: (text: string, secret: boolean) => Value,
): Value =>
  withKnown(x, schema, [evaluateTyped(run, scope, operand, TEXT)], ([value], secret) =>
    compute(contentOf(value), secret),
  );

/** Computes with known values; with one that is unknown the result is unknown, and without one it is just unknown. */
const withKnown = (
  x: Expr,
  schema: Schema,
  operands: readonly (Value | undefined)[],
  compute: (operands: readonly Value[], secret: boolean) => Value,
): Value => {
  const values = operands.filter((value) => value !== undefined);
  if (values.length < operands.length) return unknown(x, schema);
  const facts = values.map(factsOf);
  const secret = facts.some(({ hasSecrets }) => hasSecrets);
  if (facts.some(({ hasUnknowns }) => hasUnknowns)) return unknown(x, schema, awaitsOf(values), { secret });
  return compute(values, secret);
};

const contentOf = (value: Value | undefined): string =>
  value?.kind === 'scalar' && typeof value.content === 'string' ? value.content : '';
