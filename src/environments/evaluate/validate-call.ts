import { References } from './check-schema.ts';
import { checkValue } from './check-value.ts';
import type { Expr, Scope } from './expr.ts';
import { awaitsOf, factsOf } from './facts.ts';
import { toPlain } from './plain.ts';
import { readSchema, SCHEMA_OF_SCHEMAS } from './read-schema.ts';
import { type Run, reportComplaints } from './run.ts';
import type { Schema } from './schema.ts';
import { schemaOf, unknown, type Value } from './value.ts';

/**
 * `fn::validate`: the value as it is, and a problem for everything in it that its schema does not want. A schema that
 * is wrong itself is a problem, too, and then nothing is checked. What cannot be known yet is checked by its type.
 */
export const evaluateValidate = (run: Run, scope: Scope, x: Expr): Value => {
  const [schemaX, valueX] = x.operands;
  if (!schemaX || !valueX) return unknown(x, true);
  const given = run.evaluate(schemaX, scope);
  const schema = schemaFrom(run, schemaX, given);
  const value = run.evaluate(valueX, scope);
  if (schema !== undefined) check(run, value, schema);
  const { hasUnknowns, hasSecrets } = factsOf(value);
  // A part that is secret or unknown makes the whole so, as in every function; a schema that is awaited may complain.
  const awaits = awaitsOf([given, value]);
  if (hasUnknowns || awaits.size > 0) return unknown(x, schemaOf(value), awaits, { secret: hasSecrets });
  return { ...value, origin: x, final: false, secret: hasSecrets };
};

const schemaFrom = (run: Run, x: Expr, value: Value): Schema | undefined => {
  if (!check(run, value, SCHEMA_OF_SCHEMAS) || factsOf(value).hasUnknowns) return undefined;
  const schema = readSchema(toPlain(value, { secrets: 'reveal' }));
  if (typeof schema === 'boolean' || !('problem' in schema)) return schema;
  run.problems.error(x.source, x.at, `invalid schema: ${schema.problem}`);
  return undefined;
};

/** `false` says nothing of what it forbids, as in the reference: it would keep definitions from opening that open there. */
const check = (run: Run, value: Value, schema: Schema): boolean => {
  if (factsOf(value).awaits.size > 0) return true;
  const references = new References(schema, (steps) => run.budget.spend(steps));
  const { ok, complaints } = checkValue(value, schema, references);
  reportComplaints(
    run,
    complaints.filter(({ isForbidden }) => !isForbidden),
  );
  return ok;
};
