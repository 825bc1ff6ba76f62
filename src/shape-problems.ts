import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from './json-schema.ts';
import { nearest } from './nearest.ts';

/** A value that does not have the shape that a schema asks for. */
export interface ShapeProblem {
  /** Where in the value: keys and list positions, from the outside in. */
  readonly at: readonly string[];
  /** Is it the key itself that is wrong, rather than what stands behind it? */
  readonly onKey: boolean;
  readonly problem: string;
  readonly suggestion?: string;
}

// Strict about the schema, exact about the value: nothing is converted and nothing is filled in.
const ajv = new Ajv2020({ allErrors: true, strict: true, verbose: true, coerceTypes: false, useDefaults: false });
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/**
 * Compares a value with its schema and says everything that is wrong, in words.
 *
 * Each problem tells what was found and what to write instead; an unknown key is answered with the
 * nearest known one. A value that the schema marks `writeOnly` is never quoted.
 */
export const findShapeProblems = (value: unknown, schema: JsonSchema): readonly ShapeProblem[] => {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return withoutEchoes(validate.errors ?? []).map(inWords);
};

/** Each mistake once: of a name only that it is wrong, of alternatives the deepest complaint or none fitting. */
const withoutEchoes = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const alternatives = errors.filter((error) => error.keyword === 'anyOf');
  const inside = (error: ErrorObject, outer: ErrorObject): boolean =>
    error !== outer && error.schemaPath.startsWith(`${outer.schemaPath}/`);
  const deeper = (outer: ErrorObject): boolean =>
    errors.some((error) => inside(error, outer) && error.instancePath !== outer.instancePath);
  return errors.filter((error) => {
    if (error.propertyName !== undefined) return false;
    if (error.keyword === 'anyOf') return !deeper(error);
    const outer = alternatives.find((candidate) => inside(error, candidate));
    return outer === undefined || error.instancePath !== outer.instancePath;
  });
};

const inWords = (error: ErrorObject): ShapeProblem => {
  const at = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const schema: JsonSchema = error.parentSchema ?? {};
  const found = schema.writeOnly ? 'something else' : describe(error.data);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      return { at: [...at, key], onKey: true, problem: 'is not a known key', ...instead(key, schema) };
    }
    case 'propertyNames': {
      const key = String(error.params['propertyName']);
      const title = schema.propertyNames?.title ?? 'another name';
      return {
        at: [...at, key],
        onKey: true,
        problem: 'is not a name that may stand here',
        suggestion: `write ${title}`,
      };
    }
    case 'required': {
      const key = String(error.params['missingProperty']);
      const wanted = expected(schema.properties?.[key] ?? {});
      return { at, onKey: false, problem: `has no "${key}"`, suggestion: `add "${key}:" with ${wanted}` };
    }
    case 'uniqueItems': {
      const { i, j } = error.params as { i: number; j: number };
      const later = String(Math.max(i, j));
      return {
        at: [...at, later],
        onKey: false,
        problem: 'stands in the list twice',
        suggestion: 'leave one of them out',
      };
    }
    case 'maxItems':
    case 'maxProperties': {
      const limit = error.params['limit'] as number;
      return { at, onKey: false, problem: `has more than ${limit} entries`, suggestion: `write at most ${limit}` };
    }
    case 'minItems':
      return { at, onKey: false, problem: 'is an empty list', suggestion: `write ${expected(schema)}` };
    case 'type':
      return { at, onKey: false, problem: `is ${found}`, suggestion: `write ${asType(error.data, schema)}` };
    default:
      return { at, onKey: false, problem: `is ${found}`, suggestion: `write ${closest(error.data, schema)}` };
  }
};

const MOST_LISTED = 15;

const instead = (key: string, schema: JsonSchema): { readonly suggestion?: string } => {
  const known = Object.keys(schema.properties ?? {});
  const near = nearest(key, known);
  if (near !== undefined) return { suggestion: `write "${near}"` };
  return known.length > 0 && known.length <= MOST_LISTED ? { suggestion: `write one of ${known.join(', ')}` } : {};
};

/** What to write where the type is wrong; says so when only the quotes are. */
const asType = (data: unknown, schema: JsonSchema): string => {
  if (schema.type === 'integer' && typeof data === 'string' && /^-?\d+$/.test(data)) {
    return `${expected(schema)}, without quotes`;
  }
  if (schema.type === 'boolean' && typeof data === 'string') {
    if (/^(yes|on|true)$/i.test(data)) return 'true (not a text)';
    if (/^(no|off|false)$/i.test(data)) return 'false (not a text)';
  }
  if (schema.type === 'string' && (typeof data === 'number' || typeof data === 'boolean') && !schema.writeOnly) {
    return `it in quotes if you mean the text: "${data}"`;
  }
  return expected(schema);
};

const closest = (data: unknown, schema: JsonSchema): string => {
  const texts = (schema.enum ?? []).filter((value) => typeof value === 'string');
  const near = typeof data === 'string' ? nearest(data, texts) : undefined;
  return near === undefined ? expected(schema) : `"${near}" (or another of ${texts.join(', ')})`;
};

/** What a schema asks for, as a noun phrase. */
const expected = (schema: JsonSchema): string => {
  if (schema.title !== undefined) return schema.title;
  if (schema.enum) return `one of ${schema.enum.map(inYaml).join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return `a whole number from ${schema.minimum} to ${schema.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return schema.minItems ? 'a list with at least one entry' : 'a list';
    case 'object':
      return schema.properties ? `a mapping with keys of ${Object.keys(schema.properties).join(', ')}` : 'a mapping';
    default:
      return `a text of 1 to ${schema.maxLength ?? 1024} characters`;
  }
};

const inYaml = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));

const MOST_QUOTED = 60;

const describe = (data: unknown): string => {
  if (data === null || data === undefined) return 'empty';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a mapping';
  if (typeof data !== 'string') return String(data);
  if (data === '') return 'an empty text';
  return `the text ${JSON.stringify(data.length > MOST_QUOTED ? `${data.slice(0, MOST_QUOTED)}…` : data)}`;
};
