import { quote } from '../syntax/paths.ts';
import { isNumberText } from '../values.ts';
import { type Blame, type Complaint, checkUnknown, References } from './check-schema.ts';
import { compareDecimals, isMultiple } from './decimal.ts';
import { writeJson } from './json-text.ts';
import { plainFrom } from './plain.ts';
import { isAnything, type Schema, type SchemaConstant, type SchemaNumber, type SchemaObject } from './schema.ts';
import { membersOf, typeOfScalar, type Value } from './value.ts';

export interface Checking {
  readonly ok: boolean;
  readonly complaints: readonly Complaint[];
}

/**
 * Is the value what the schema asks for? What is known is checked by value, what is unknown by its own schema.
 * Each complaint is about the place where the wrong value was made, which may be in another document.
 */
export const checkValue = (
  value: Value,
  schema: Schema | undefined,
  references = new References(schema ?? true),
): Checking => {
  const checking = new ValueChecking();
  const ok = checking.matches(value, schema, references);
  return { ok, complaints: checking.complaints };
};

class ValueChecking {
  readonly complaints: Complaint[] = [];

  matches(value: Value, wanted: Schema | undefined, references: References): boolean {
    references.spend();
    if (isAnything(wanted)) return true;
    const blame = { origin: value.origin, path: '', prefixed: false };
    if (typeof wanted !== 'object') {
      this.complaints.push({ blame, summary: 'nothing is allowed here', isForbidden: true });
      return false;
    }
    if (value.kind === 'unknown') {
      const { ok, complaints } = checkUnknown(value.schema, wanted, blame, references);
      this.complaints.push(...complaints);
      return ok;
    }
    const target = references.target(wanted);
    const results = [
      !target || this.matches(value, target.schema, target.references),
      this.#anyOf(value, wanted, blame, references),
      this.#oneOf(value, wanted, blame, references),
      this.#constant(value, wanted, blame),
      this.#type(value, wanted, blame, references),
    ];
    return results.every(Boolean);
  }

  #anyOf(value: Value, { anyOf = [] }: SchemaObject, blame: Blame, references: References): boolean {
    if (anyOf.length === 0) return true;
    const tries = anyOf.map((schema) => checkValue(value, schema, references));
    if (tries.some(({ ok }) => ok)) return true;
    for (const { complaints } of tries) this.complaints.push(...complaints);
    return this.#complain(blame, 'at least one subschema must match');
  }

  #oneOf(value: Value, { oneOf = [] }: SchemaObject, blame: Blame, references: References): boolean {
    if (oneOf.length === 0) return true;
    const tries = oneOf.map((schema) => checkValue(value, schema, references));
    const matching = tries.filter(({ ok }) => ok).length;
    if (matching === 1) return true;
    if (matching > 1) return this.#complain(blame, 'exactly one subschema may match');
    for (const { complaints } of tries) this.complaints.push(...complaints);
    return this.#complain(blame, 'exactly one subschema must match');
  }

  #constant(value: Value, wanted: SchemaObject, blame: Blame): boolean {
    const { const: only = null, enum: allowed = [] } = wanted;
    const isOnly = only === null || equals(value, only);
    if (!isOnly) this.#complain(blame, `expected ${show(only)}`);
    if (allowed.length === 0 || allowed.some((constant) => equals(value, constant))) return isOnly;
    const [first = null, ...more] = allowed;
    return this.#complain(blame, more.length === 0 ? `expected ${show(first)}` : `expected one of ${show(allowed)}`);
  }

  #type(value: Value, wanted: SchemaObject, blame: Blame, references: References): boolean {
    const type = value.kind === 'scalar' ? typeOfScalar(value.content) : value.kind === 'list' ? 'array' : 'object';
    if (wanted.type !== undefined && wanted.type !== type)
      return this.#complain(blame, `expected ${wanted.type}, got ${type}`);
    if (value.kind === 'list') return this.#list(value.content, wanted, blame, references.below());
    if (value.kind === 'object') return this.#object(value, wanted, blame, references.below());
    if (value.kind !== 'scalar') return true;
    if (typeof value.content === 'string') return this.#text(value.content, wanted, blame, references);
    return isNumberText(value.content) ? this.#number(value.content.number, wanted, blame) : true;
  }

  /** The space that the fourth sentence lacks is lacking in the reference, too. */
  #number(number: string, wanted: SchemaObject, blame: Blame): boolean {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = wanted;
    const to = (limit: SchemaNumber | undefined): number | undefined =>
      limit === undefined ? undefined : compareDecimals(number, textOf(limit));
    return this.#rules(blame, [
      [
        multipleOf !== undefined && !isMultiple(number, textOf(multipleOf)),
        `expected a multiple of ${textOf(multipleOf)}`,
      ],
      [(to(minimum) ?? 0) < 0, `expected a number greater than or equal to ${textOf(minimum)}`],
      [(to(exclusiveMinimum) ?? 1) <= 0, `expected a number greater than ${textOf(exclusiveMinimum)}`],
      [(to(maximum) ?? 0) > 0, `expected a number less than or equal to${textOf(maximum)}`],
      [(to(exclusiveMaximum) ?? -1) >= 0, `expected a number less than ${textOf(exclusiveMaximum)}`],
    ]);
  }

  #text(text: string, { minLength, maxLength, pattern }: SchemaObject, blame: Blame, { spend }: References): boolean {
    const length = Buffer.byteLength(text);
    const matches = (): boolean =>
      typeof pattern === 'object' ? pattern.matches(text, spend) : new RegExp(pattern ?? '', 'u').test(text);
    const source = typeof pattern === 'object' ? pattern.source : (pattern ?? '');
    return this.#rules(blame, [
      [length < amount(minLength, 0), `expected a string of at least length ${textOf(minLength)}`],
      [length > amount(maxLength), `expected a string of at most length ${textOf(maxLength)}`],
      [pattern !== undefined && !matches(), `string must match the pattern ${quote(source)}`],
    ]);
  }

  #list(items: readonly Value[], wanted: SchemaObject, blame: Blame, references: References): boolean {
    const { minItems, maxItems, prefixItems = [] } = wanted;
    const ok = this.#rules(blame, [
      [items.length < amount(minItems, 0), `expected an array with at least ${textOf(minItems)} items`],
      [items.length > amount(maxItems), `expected an array with at most ${textOf(maxItems)} items`],
    ]);
    const members = items.map((item, index) => this.matches(item, prefixItems[index] ?? wanted.items, references));
    return ok && members.every(Boolean);
  }

  #object(value: Value, wanted: SchemaObject, blame: Blame, references: References): boolean {
    const { minProperties, maxProperties, properties = {}, required = [], dependentRequired = {} } = wanted;
    const has = membersOf(value);
    const dependent = Object.entries(dependentRequired).flatMap(([name, names]) => (has.has(name) ? names : []));
    const missing = [...required, ...dependent].filter((name) => !has.has(name));
    const ok = this.#rules(blame, [
      [has.size < amount(minProperties, 0), `expected an object with at least ${textOf(minProperties)} properties`],
      [has.size > amount(maxProperties), `expected an object with at most ${textOf(maxProperties)} properties`],
      [missing.length > 0, `missing required properties: ${missing.join(', ')}`],
    ]);
    const members = [...has].map(([key, member]) => {
      const schema = Object.hasOwn(properties, key) ? properties[key] : wanted.additionalProperties;
      return this.matches(member, schema, references);
    });
    return ok && members.every(Boolean);
  }

  #rules(blame: Blame, rules: readonly (readonly [broken: boolean, summary: string])[]): boolean {
    const broken = rules.filter(([isBroken]) => isBroken);
    for (const [, summary] of broken) this.#complain(blame, summary);
    return broken.length === 0;
  }

  #complain(blame: Blame, summary: string): false {
    this.complaints.push({ blame, summary });
    return false;
  }
}

/** Numbers are equal when they are written alike, as in the reference. */
const equals = (value: Value, constant: SchemaConstant): boolean => {
  if (value.kind === 'unknown') return false;
  if (value.kind === 'scalar') {
    const { content } = value;
    if (isNumberText(content))
      return typeof constant === 'number' || isNumberText(constant) ? content.number === textOf(constant) : false;
    return content === constant;
  }
  if (value.kind === 'list') {
    const { content } = value;
    return (
      Array.isArray(constant) &&
      constant.length === content.length &&
      content.every((item, index) => equals(item, constant[index]))
    );
  }
  const members = membersOf(value);
  return (
    constant instanceof Map &&
    constant.size === members.size &&
    [...members].every(([key, member]) => constant.has(key) && equals(member, constant.get(key)))
  );
};

const show = (constant: SchemaConstant | readonly SchemaConstant[]): string =>
  writeJson(plainFrom(constant), { escapeHtml: true });

const textOf = (number: SchemaNumber | undefined): string => (isNumberText(number) ? number.number : String(number));
const amount = (number: SchemaNumber | undefined, missing = Number.POSITIVE_INFINITY): number =>
  number === undefined ? missing : Number(textOf(number));
