import { isNumberText, type NumberText, type Plain } from '../values.ts';
import { compilePattern } from './pattern.ts';
import type { Schema, SchemaObject } from './schema.ts';

const ANY: Schema = { $ref: '#/$defs/schema' };
const SCHEMAS: Schema = { type: 'array', items: ANY };
const SCHEMAS_BY_NAME: Schema = { type: 'object', additionalProperties: ANY };
const NUMBER: Schema = { type: 'number' };
const TEXT: Schema = { type: 'string' };
const TEXTS: Schema = { type: 'array', items: TEXT };
const FLAG: Schema = { type: 'boolean' };

const NUMBERS = ['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'] as const;
const AMOUNTS = ['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'] as const;
const ALTERNATIVES = ['anyOf', 'oneOf', 'prefixItems'] as const;

/** What a user's schema looks like; what is not named here is not looked at. */
export const SCHEMA_OF_SCHEMAS: Schema = {
  $ref: '#/$defs/schema',
  $defs: {
    schema: {
      anyOf: [
        FLAG,
        {
          type: 'object',
          properties: {
            $defs: SCHEMAS_BY_NAME,
            $ref: TEXT,
            ...Object.fromEntries(ALTERNATIVES.map((name) => [name, SCHEMAS])),
            items: ANY,
            additionalProperties: ANY,
            properties: SCHEMAS_BY_NAME,
            type: { type: 'string', enum: ['string', 'number', 'boolean', 'array', 'object', 'null'] },
            const: {},
            enum: { type: 'array' },
            ...Object.fromEntries([...NUMBERS, ...AMOUNTS].map((name) => [name, NUMBER])),
            pattern: TEXT,
            uniqueItems: FLAG,
            required: TEXTS,
            dependentRequired: { type: 'object', additionalProperties: TEXTS },
            title: TEXT,
            description: TEXT,
            default: {},
            deprecated: FLAG,
            examples: { type: 'array' },
          },
        },
      ],
    },
  },
};

/**
 * A user's schema that is one by `SCHEMA_OF_SCHEMAS`, ready to check with; or what is wrong with it. Only schemas that
 * are reached from the top are looked at, and a schema that is itself before anything is checked is refused.
 */
export const readSchema = (plain: Plain): Schema | { readonly problem: string } => {
  try {
    return new SchemaReading(plain).read();
  } catch (error) {
    if (error instanceof SchemaProblem) return { problem: error.message };
    throw error;
  }
};

class SchemaProblem extends Error {}

const REFERENCE = '#/$defs/';

class SchemaReading {
  readonly #root: Plain;
  readonly #defs: Record<string, Schema> = Object.create(null);

  constructor(root: Plain) {
    this.#root = root;
  }

  read(): Schema {
    const schema = this.#schema(this.#root, []);
    return typeof schema === 'boolean' ? schema : { ...schema, $defs: this.#defs };
  }

  /** `open` are the references that led here without anything of the value in between. */
  #schema(plain: Plain, open: readonly string[]): Schema {
    if (!(plain instanceof Map)) return plain === true;
    const secret = plain.get('secret') ?? false;
    if (typeof secret !== 'boolean') {
      const where = 'Go struct field rawSchema.secret of type bool';
      throw new SchemaProblem(`failed to parse schema: json: cannot unmarshal ${kindOf(secret)} into ${where}`);
    }
    const schema: Record<string, unknown> = {};
    const take = (name: keyof SchemaObject, value: unknown): void => {
      if (value !== undefined) schema[name] = value;
    };
    const reference = plain.get('$ref');
    if (typeof reference === 'string' && reference !== '') take('$ref', REFERENCE + this.#refer(reference, open));
    for (const name of ALTERNATIVES) {
      const within = name === 'prefixItems' ? [] : open;
      take(
        name,
        listIn(plain, name)?.map((one) => this.#schema(one, within)),
      );
    }
    for (const name of ['items', 'additionalProperties'] as const) {
      const one = plain.get(name);
      take(name, one === undefined ? undefined : this.#schema(one, []));
    }
    const properties = plain.get('properties');
    if (properties instanceof Map) {
      const entries = [...properties].map(([name, one]: [string, Plain]) => [name, this.#schema(one, [])] as const);
      take('properties', Object.assign(Object.create(null), Object.fromEntries(entries)));
    }
    for (const name of ['type', 'const', 'enum', 'required'] as const) take(name, plain.get(name));
    for (const name of NUMBERS) take(name, numberIn(plain, name));
    for (const name of AMOUNTS) take(name, amountIn(plain, name));
    const dependent = plain.get('dependentRequired');
    if (dependent instanceof Map) take('dependentRequired', Object.fromEntries(dependent));
    const pattern = plain.get('pattern');
    if (typeof pattern === 'string' && pattern !== '') take('pattern', compiled(pattern));
    return schema;
  }

  #refer(reference: string, open: readonly string[]): string {
    const encoded = reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : undefined;
    if (encoded === undefined || encoded.includes('/')) {
      throw new SchemaProblem('only fragment references of the form #/$defs/ref are supported');
    }
    const name = decoded(encoded);
    const defs = this.#root instanceof Map ? this.#root.get('$defs') : undefined;
    const target: Plain | undefined = defs instanceof Map ? defs.get(name) : undefined;
    if (target === undefined) throw new SchemaProblem(`unknown subschema ${reference}`);
    if (open.includes(name)) throw new SchemaProblem(`the subschema ${reference} refers to itself`);
    if (!(name in this.#defs)) {
      this.#defs[name] = true;
      this.#defs[name] = this.#schema(target, [...open, name]);
    }
    return name;
  }
}

const kindOf = (plain: Plain): string => {
  if (typeof plain === 'string') return 'string';
  return isNumberText(plain) ? 'number' : Array.isArray(plain) ? 'array' : 'object';
};

const listIn = (plain: ReadonlyMap<string, Plain>, name: string): readonly Plain[] | undefined => {
  const list = plain.get(name);
  return Array.isArray(list) ? list : undefined;
};

const numberIn = (plain: ReadonlyMap<string, Plain>, name: string): NumberText | undefined => {
  const number = plain.get(name);
  return isNumberText(number) ? number : undefined;
};

const amountIn = (plain: ReadonlyMap<string, Plain>, name: string): NumberText | undefined => {
  const number = numberIn(plain, name);
  const what = number && !/^[0-9]+$/.test(number.number) ? 'invalid syntax' : 'value out of range';
  if (number && (what === 'invalid syntax' || BigInt(number.number.slice(0, 30)) >= 2n ** 64n)) {
    throw new SchemaProblem(`strconv.ParseUint: parsing "${number.number.slice(0, 100)}": ${what}`);
  }
  return number;
};

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new SchemaProblem(`invalid URL escape in ${JSON.stringify(name)}`);
  }
};

const compiled = (source: string) => {
  const pattern = compilePattern(source);
  if ('problem' in pattern) throw new SchemaProblem(pattern.problem);
  return pattern;
};
