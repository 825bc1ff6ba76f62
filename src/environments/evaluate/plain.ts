import { isNumberText, type NumberText, type Plain } from '../values.ts';
import { itemSchema, propertySchema, type Schema } from './schema.ts';
import { list, membersOf, type Origin, object, scalar, type Value } from './value.ts';

export interface PlainOptions {
  /** `redact` shows `[secret]` in the place of the outermost secret value. */
  readonly secrets: 'reveal' | 'redact';
  /** Leaves bytes that are no text as they are kept in texts, for who knows them. */
  readonly keepBytes?: boolean;
}

/**
 * The value as JSON: through all layers, `[unknown]` for what is unknown.
 *
 * Shared values appear as often as they are referred to; an evaluation gives no value whose tree is too large for it.
 */
export const toPlain = (value: Value, options: PlainOptions): Plain => {
  if (value.secret && options.secrets === 'redact') return '[secret]';
  if (value.kind === 'unknown') return '[unknown]';
  if (value.kind === 'scalar') {
    const { content } = value;
    return typeof content === 'string' && !options.keepBytes ? content.toWellFormed() : content;
  }
  if (value.kind === 'list') return value.content.map((item) => toPlain(item, options));
  const members = new Map<string, Plain>();
  for (const [key, member] of membersOf(value)) members.set(key, toPlain(member, options));
  return members;
};

/**
 * A value from outside, as a value of the evaluation. All of it was made at `origin`. What its schema marks as secret
 * is secret, with everything in it.
 */
export const fromPlain = (
  origin: Origin,
  plain: Plain,
  flags: { readonly secret?: boolean; readonly atomic?: boolean } = {},
  schema: Schema = true,
): Value => {
  const marked = flags.secret || (typeof schema === 'object' && schema.secret === true);
  const own = { ...flags, secret: marked };
  if (Array.isArray(plain)) {
    return list(
      origin,
      plain.map((item: Plain, index) => fromPlain(origin, item, own, itemSchema(schema, index))),
      own,
    );
  }
  if (plain instanceof Map) {
    const members = new Map<string, Value>();
    for (const [key, member] of plain) members.set(key, fromPlain(origin, member, own, propertySchema(schema, key)));
    return object(origin, members, own);
  }
  return scalar(origin, plain as null | boolean | string | NumberText, own);
};

/**
 * What `JSON.parse` or a program made, as a plain value: numbers by their shortest text. Members that are `undefined`
 * are left out; anything that JSON cannot say throws `TypeError`.
 */
export const plainFrom = (value: unknown): Plain => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return { number: String(value) };
  if (isNumberText(value)) return value;
  if (Array.isArray(value)) return value.map(plainFrom);
  if (typeof value !== 'object') throw new TypeError(`JSON has no word for a ${typeof value}`);
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const members = new Map<string, Plain>();
  for (const [key, member] of entries) if (member !== undefined) members.set(String(key), plainFrom(member));
  return members;
};
