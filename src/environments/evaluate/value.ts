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
 * patch, RFC 7396, but null stays). Ask with `membersOf` and `propertyOf`, which look through all layers.
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
  readonly found: Findings;
}
export interface ObjectValue extends Common {
  readonly kind: 'object';
  /** Its own members, without the base's. */
  readonly content: ReadonlyMap<string, Value>;
  readonly found: Findings;
}
/** Could not be computed, or not yet: typed by a schema. */
export interface Unknown extends Common {
  readonly kind: 'unknown';
  readonly schema: Schema;
  /** Ids of the calls whose outcomes it waits for. */
  readonly awaits: ReadonlySet<string>;
}

/** What is true of a value and everything in it, seen through all layers. */
export interface Facts {
  readonly hasUnknowns: boolean;
  readonly hasSecrets: boolean;
  /** Ids of the calls that something in it waits for. */
  readonly awaits: ReadonlySet<string>;
  /** Values in it, and about how many bytes of JSON they are, with shared ones counted each time. */
  readonly nodes: number;
  readonly bytes: number;
}

/**
 * What was found out about a content, once for all values that share it: whoever refers to a value has a value of his
 * own with the same content. Every layering makes a new one.
 */
export interface Findings {
  /** Through all layers, in the order of their names. */
  members?: ReadonlyMap<string, Value>;
  facts?: Facts;
  schema?: Schema;
}

const NOTHING: ReadonlySet<string> = new Set();

interface Flags {
  readonly secret?: boolean;
  readonly final?: boolean;
  readonly atomic?: boolean;
}

const NO_FLAGS: Flags = {};

/** The depth of a list or object around these values. */
const around = (values: Iterable<Value>): number => {
  let depth = 0;
  for (const value of values) depth = Math.max(depth, value.depth);
  if (depth < EVALUATION_LIMITS.valueDepth) return depth + 1;
  throw new LimitReached(`a value is nested more than ${EVALUATION_LIMITS.valueDepth} levels deep`);
};

// Each is written out whole, in one order: thousands of them are made by an evaluation.
export const scalar = (
  origin: Origin,
  content: Scalar['content'],
  { secret = false, final = false, atomic = false }: Flags = NO_FLAGS,
): Scalar => ({ kind: 'scalar', content, origin, base: undefined, secret, final, atomic, depth: 1, layers: 1 });

export const list = (
  origin: Origin,
  content: readonly Value[],
  { secret = false, final = false, atomic = false }: Flags = NO_FLAGS,
): List => {
  const depth = around(content);
  return { kind: 'list', content, found: {}, origin, base: undefined, secret, final, atomic, depth, layers: 1 };
};

export const object = (
  origin: Origin,
  content: ReadonlyMap<string, Value>,
  { secret = false, final = false, atomic = false }: Flags = NO_FLAGS,
  found: Findings = {},
): ObjectValue => {
  const depth = around(content.values());
  return { kind: 'object', content, found, origin, base: undefined, secret, final, atomic, depth, layers: 1 };
};

export const unknown = (
  origin: Origin,
  schema: Schema,
  awaits = NOTHING,
  { secret = false, final = false, atomic = false }: Flags = NO_FLAGS,
): Unknown => ({
  kind: 'unknown',
  schema,
  awaits,
  origin,
  base: undefined,
  secret,
  final,
  atomic,
  depth: 1,
  layers: 1,
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

const NO_MEMBERS: ReadonlyMap<string, Value> = new Map();

/** All members, each from whichever layer has it, in the order of their names; none for anything but an object. */
export const membersOf = (value: Value): ReadonlyMap<string, Value> => {
  if (value.kind !== 'object') return NO_MEMBERS;
  value.found.members ??= findMembers(value);
  return value.found.members;
};

const findMembers = (value: ObjectValue): ReadonlyMap<string, Value> => {
  const members = new Map(value.content);
  for (let layer: Value = value; !layer.atomic && layer.base?.kind === 'object' && !layer.base.atomic; ) {
    layer = layer.base;
    for (const [key, member] of layer.content) if (!members.has(key)) members.set(key, member);
  }
  return new Map([...members].sort(([left], [right]) => byCodePoints(left, right)));
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
    // What is still to come may have any member; of what stays unknown the reference knows none.
    const schema = value.schema === true && value.awaits.size > 0 ? true : propertySchema(value.schema, key);
    const base = value.atomic ? undefined : underlyingOf(value.base, key);
    const { origin, awaits, atomic } = value;
    member = { ...unknown(origin, schema, awaits, { atomic }), base, layers: 1 + (base?.layers ?? 0) };
    members.set(key, member);
  }
  return member;
};

/** What a value may be: what it is, if it is known. */
export const schemaOf = (value: Value): Schema => {
  if (value.kind === 'unknown') return value.schema;
  if (value.kind === 'scalar') return { type: typeOfScalar(value.content) };
  value.found.schema ??= knownSchema(value);
  return value.found.schema;
};

const knownSchema = (value: List | ObjectValue): Schema => {
  if (value.kind === 'list') return { type: 'array', prefixItems: value.content.map(schemaOf), items: false };
  const properties: Record<string, Schema> = Object.create(null);
  for (const [key, member] of membersOf(value)) properties[key] = schemaOf(member);
  return { type: 'object', properties, required: Object.keys(properties) };
};

export const typeOfScalar = (content: Scalar['content']): 'null' | 'boolean' | 'string' | 'number' => {
  if (content === null) return 'null';
  if (typeof content === 'string') return 'string';
  return typeof content === 'boolean' ? 'boolean' : 'number';
};
