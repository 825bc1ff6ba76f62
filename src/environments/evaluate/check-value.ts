import { quote } from '../syntax/paths.ts';
import { isNumberText } from '../values.ts';
import { type Blame, type Complaint, checkUnknown, References } from './check-schema.ts';
import { isAnything, type Schema, type SchemaConstant, type SchemaObject } from './schema.ts';
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
    if (isAnything(wanted)) return true;
    const blame = { origin: value.origin, path: '', prefixed: false };
    if (typeof wanted !== 'object') return this.#complain(blame, 'nothing is allowed here');
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
    const isOne = (constant: SchemaConstant): boolean => value.kind === 'scalar' && equals(value.content, constant);
    if (wanted.const !== undefined && wanted.const !== null && !isOne(wanted.const)) {
      return this.#complain(blame, `expected ${JSON.stringify(wanted.const)}`);
    }
    const { enum: allowed = [] } = wanted;
    if (allowed.length === 0 || allowed.some(isOne)) return true;
    return this.#complain(
      blame,
      allowed.length === 1 ? `expected ${JSON.stringify(allowed[0])}` : `expected one of ${JSON.stringify(allowed)}`,
    );
  }

  #type(value: Value, wanted: SchemaObject, blame: Blame, references: References): boolean {
    const type = value.kind === 'scalar' ? typeOfScalar(value.content) : value.kind === 'list' ? 'array' : 'object';
    if (wanted.type !== undefined && wanted.type !== type)
      return this.#complain(blame, `expected ${wanted.type}, got ${type}`);
    if (value.kind === 'list') return this.#list(value.content, wanted, blame, references);
    if (value.kind === 'object') return this.#object(value, wanted, blame, references);
    if (value.kind !== 'scalar') return true;
    if (typeof value.content === 'string') return this.#text(value.content, wanted, blame);
    return isNumberText(value.content) ? this.#number(Number(value.content.number), wanted, blame) : true;
  }

  #number(number: number, wanted: SchemaObject, blame: Blame): boolean {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = wanted;
    return this.#rules(blame, [
      [multipleOf !== undefined && !Number.isInteger(number / multipleOf), `expected a multiple of ${multipleOf}`],
      [minimum !== undefined && number < minimum, `expected a number greater than or equal to ${minimum}`],
      [
        exclusiveMinimum !== undefined && number <= exclusiveMinimum,
        `expected a number greater than ${exclusiveMinimum}`,
      ],
      [maximum !== undefined && number > maximum, `expected a number less than or equal to ${maximum}`],
      [exclusiveMaximum !== undefined && number >= exclusiveMaximum, `expected a number less than ${exclusiveMaximum}`],
    ]);
  }

  #text(text: string, { minLength, maxLength, pattern }: SchemaObject, blame: Blame): boolean {
    const length = Buffer.byteLength(text);
    return this.#rules(blame, [
      [minLength !== undefined && length < minLength, `expected a string of at least length ${minLength}`],
      [maxLength !== undefined && length > maxLength, `expected a string of at most length ${maxLength}`],
      [
        pattern !== undefined && !new RegExp(pattern, 'u').test(text),
        `string must match the pattern ${quote(pattern ?? '')}`,
      ],
    ]);
  }

  #list(items: readonly Value[], wanted: SchemaObject, blame: Blame, references: References): boolean {
    const { minItems, maxItems, prefixItems = [] } = wanted;
    const ok = this.#rules(blame, [
      [minItems !== undefined && items.length < minItems, `expected an array with at least ${minItems} items`],
      [maxItems !== undefined && items.length > maxItems, `expected an array with at most ${maxItems} items`],
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
      [
        minProperties !== undefined && has.size < minProperties,
        `expected an object with at least ${minProperties} properties`,
      ],
      [
        maxProperties !== undefined && has.size > maxProperties,
        `expected an object with at most ${maxProperties} properties`,
      ],
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

const equals = (content: unknown, constant: SchemaConstant): boolean =>
  isNumberText(content) ? typeof constant === 'number' && content.number === String(constant) : content === constant;
