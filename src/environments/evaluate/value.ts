import type { Place, SourceText } from '../syntax/source-text.ts';
import { byCodePoints, type NumberText } from '../values.ts';
import { EVALUATION_LIMITS, LimitReached } from './limits.ts';
import { propertySchema, type Schema } from './schema.ts';

/** Where a value was made, for problems and traces. */
export interface Origin {
  readonly source: SourceText;
  readonly at: Place;
  /** The origins of a literal's members: a problem with one of them is reported where it stands. */
  readonly item?: (index: number) => Origin | undefined;
  readonly property?: (key: string) => Origin | undefined;
}

/**
 * The result of evaluating an expression. Never changed, and shared wherever it is referred to.
 *
 * An object may lie over a `base`, the imported value that it overrides: what it lacks is the base's (JSON merge
 * patch, RFC 7396, but null stays). Ask with `keysOf` and `propertyOf`, which look through all layers.
 */
export type Value = Scalar | List | ObjectValue | Unknown;

interface Common {
  readonly origin: Origin;
  readonly base: Value | undefined;
  readonly secret: boolean;
  /** What lies above it does not count. */
  readonly final: boolean;
  /** Replaces and is replaced as a whole: credentials of two logins never mix. */
  readonly atomic: boolean;
  /** Lists and objects inside it, and layers below it; both have a limit, so that walking a value needs no more stack. */
  readonly depth: number;
  readonly layers: number;
}
export interface Scalar extends Common {
  readonly kind: 'scalar';
  readonly content: null | boolean | string | NumberText;
}
export interface List extends Common {
  readonly kind: 'list';
  readonly content: readonly Value[];
}
export interface ObjectValue extends Common {
  readonly kind: 'object';
  /** Its own members, without the base's. */
  readonly content: ReadonlyMap<string, Value>;
}
/** Could not be computed, or not yet: typed by a schema. */
export interface Unknown extends Common {
  readonly kind: 'unknown';
  readonly schema: Schema;
  /** Ids of the calls whose outcomes it waits for. */
  readonly awaits: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

interface Flags {
  readonly secret?: boolean;
  readonly final?: boolean;
  readonly atomic?: boolean;
}

const common = (origin: Origin, depth: number, { secret = false, final = false, atomic = false }: Flags): Common => {
  if (depth > EVALUATION_LIMITS.valueDepth) {
    throw new LimitReached(`a value is nested more than ${EVALUATION_LIMITS.valueDepth} levels deep`);
  }
  return { origin, base: undefined, secret, final, atomic, depth, layers: 1 };
};

const deepest = (values: Iterable<Value>): number => {
  let depth = 0;
  for (const value of values) depth = Math.max(depth, value.depth);
  return depth + 1;
};

export const scalar = (origin: Origin, content: Scalar['content'], flags: Flags = {}): Scalar => ({
  kind: 'scalar',
  content,
  ...common(origin, 1, flags),
});

export const list = (origin: Origin, content: readonly Value[], flags: Flags = {}): List => ({
  kind: 'list',
  content,
  ...common(origin, deepest(content), flags),
});

export const object = (origin: Origin, content: ReadonlyMap<string, Value>, flags: Flags = {}): ObjectValue => ({
  kind: 'object',
  content,
  ...common(origin, deepest(content.values()), flags),
});

export const unknown = (origin: Origin, schema: Schema, awaits = NOTHING, flags: Flags = {}): Unknown => ({
  kind: 'unknown',
  schema,
  awaits,
  ...common(origin, 1, flags),
});

/** Is or may be an object whose members show through what lies above it? */
export const isUnderlay = (base: Value | undefined): base is ObjectValue | Unknown => {
  if (!base || base.atomic) return false;
  if (base.kind !== 'unknown') return base.kind === 'object';
  return base.schema === true || (typeof base.schema === 'object' && base.schema.type === 'object');
};

/** The unknown value at the bottom of an object's layers: it may have members that are not known yet. */
export const unknownBelow = (value: ObjectValue): Unknown | undefined => {
  let layer: Value = value;
  while (layer.kind === 'object' && !layer.atomic && isUnderlay(layer.base)) layer = layer.base;
  return layer.kind === 'unknown' ? layer : undefined;
};

/** By content, which every layering makes anew. */
const keysFound = new WeakMap<object, readonly string[]>();

/** The names of all members, sorted; none for anything but an object. */
export const keysOf = (value: Value): readonly string[] => {
  if (value.kind !== 'object') return [];
  const found = keysFound.get(value.content);
  if (found) return found;
  const keys = new Set<string>();
  for (let layer: Value | undefined = value; layer?.kind === 'object'; layer = layer.base) {
    if (layer !== value && layer.atomic) break;
    for (const key of layer.content.keys()) keys.add(key);
    if (layer.atomic) break;
  }
  const sorted = [...keys].sort(byCodePoints);
  keysFound.set(value.content, sorted);
  return sorted;
};

/** The member `key`, from whichever layer has it. A member of something unknown is unknown. */
export const propertyOf = (value: Value, key: string): Value | undefined => {
  for (let layer: Value | undefined = value; layer; layer = layer.base) {
    if (layer !== value && layer.atomic) return undefined;
    if (layer.kind === 'unknown') return memberOfUnknown(layer, key);
    if (layer.kind !== 'object') return undefined;
    const own = layer.content.get(key);
    if (own) return own;
    if (layer.atomic) return undefined;
  }
  return undefined;
};

/** The member that shows through at `key` when something lies over `base`. */
export const underlyingOf = (base: Value | undefined, key: string): Value | undefined =>
  base === undefined || base.atomic ? undefined : propertyOf(base, key);

const membersFound = new WeakMap<Unknown, Map<string, Unknown>>();

/** The same member each time: merging knows values by their identity. */
const memberOfUnknown = (value: Unknown, key: string): Unknown => {
  const members = membersFound.get(value) ?? new Map<string, Unknown>();
  membersFound.set(value, members);
  let member = members.get(key);
  if (!member) {
    const schema = propertySchema(value.schema, key);
    const base = value.atomic ? undefined : underlyingOf(value.base, key);
    const { origin, awaits, atomic } = value;
    member = { ...unknown(origin, schema, awaits, { atomic }), base, layers: 1 + (base?.layers ?? 0) };
    members.set(key, member);
  }
  return member;
};

const schemasFound = new WeakMap<Value, Schema>();

/** What a value may be: what it is, if it is known. */
export const schemaOf = (value: Value): Schema => {
  if (value.kind === 'unknown') return value.schema;
  const found = schemasFound.get(value);
  if (found !== undefined) return found;
  const schema = knownSchema(value);
  schemasFound.set(value, schema);
  return schema;
};

const knownSchema = (value: Scalar | List | ObjectValue): Schema => {
  if (value.kind === 'list') return { type: 'array', prefixItems: value.content.map(schemaOf), items: false };
  if (value.kind === 'object') {
    const properties: Record<string, Schema> = Object.create(null);
    for (const key of keysOf(value)) properties[key] = schemaOf(propertyOf(value, key) ?? value);
    return { type: 'object', properties, required: Object.keys(properties) };
  }
  return { type: typeOfScalar(value.content) };
};

export const typeOfScalar = (content: Scalar['content']): 'null' | 'boolean' | 'string' | 'number' => {
  if (content === null) return 'null';
  if (typeof content === 'string') return 'string';
  return typeof content === 'boolean' ? 'boolean' : 'number';
};
