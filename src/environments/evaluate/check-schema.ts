import { joinKey } from '../syntax/paths.ts';
import { isAnything, type Schema, type SchemaObject } from './schema.ts';
import type { Origin } from './value.ts';

/** Where a complaint goes: to a member of the literal that is being checked, or else to the whole with a path before it. */
export interface Blame {
  readonly origin: Origin;
  /** The way from `origin` to what is wrong. */
  readonly path: string;
  readonly prefixed: boolean;
}

const itemBlame = (blame: Blame, index: number): Blame => {
  const item = blame.origin.item?.(index);
  return item
    ? { origin: item, path: `[${index}]`, prefixed: false }
    : { origin: blame.origin, path: `${blame.path}[${index}]`, prefixed: true };
};

const propertyBlame = (blame: Blame, key: string): Blame => {
  const member = blame.origin.property?.(key);
  return member
    ? { origin: member, path: joinKey('', key), prefixed: false }
    : { origin: blame.origin, path: joinKey(blame.path, key), prefixed: true };
};

export interface Complaint {
  readonly blame: Blame;
  readonly summary: string;
  /** About something where the schema `false` stands, which the reference refuses without a word. */
  readonly isForbidden?: boolean;
}

/** Follows `$ref`, knows how deep (a schema that only refers to itself has no meaning), and counts every step. */
export class References {
  readonly #root: Schema;
  readonly #depth: number;
  readonly spend: (steps?: number) => void;

  constructor(root: Schema, spend: (steps?: number) => void = () => {}, depth = 0) {
    this.#root = root;
    this.#depth = depth;
    this.spend = spend;
  }

  target(schema: SchemaObject): { readonly schema: Schema; readonly references: References } | undefined {
    const name = schema.$ref?.replace(/^#\/\$defs\//, '');
    if (name === undefined) return undefined;
    const found = typeof this.#root === 'object' ? this.#root.$defs?.[name] : undefined;
    if (found === undefined || this.#depth > 32) throw new TypeError(`the schema has no ${schema.$ref}`);
    return { schema: found, references: new References(this.#root, this.spend, this.#depth + 1) };
  }

  /** For the members of what is checked: there, the same reference is another one. */
  below(): References {
    return this.#depth === 0 ? this : new References(this.#root, this.spend);
  }
}

/**
 * Can something unknown of the schema `given` be what `wanted` asks for? Only what is certainly wrong is wrong: types,
 * and members that are missing. The reference's rules, with its sentences.
 */
export const checkUnknown = (
  given: Schema,
  wanted: Schema | undefined,
  blame: Blame,
  references = new References(wanted ?? true),
): { readonly ok: boolean; readonly complaints: readonly Complaint[] } => {
  const checking = new SchemaChecking();
  const ok = checking.compatible(given, wanted, blame, references);
  return { ok, complaints: checking.complaints };
};

class SchemaChecking {
  readonly complaints: Complaint[] = [];

  compatible(given: Schema | undefined, wanted: Schema | undefined, blame: Blame, references: References): boolean {
    references.spend();
    if (wanted === undefined || wanted === true) return true;
    if (wanted === false) return false;
    if (given === undefined || given === true) return true;
    if (given === false) return false;
    const target = references.target(wanted);
    const results = [
      !target || this.compatible(given, target.schema, blame, target.references),
      this.#someOf(given.anyOf, blame, (one, checking) => checking.compatible(one, wanted, blame, references)),
      this.#someOf(given.oneOf, blame, (one, checking) => checking.compatible(one, wanted, blame, references)),
      this.#sameType(given, wanted, blame),
      this.#someOf(wanted.anyOf, blame, (one, checking) => checking.compatible(given, one, blame, references)),
      this.#someOf(wanted.oneOf, blame, (one, checking) => checking.compatible(given, one, blame, references)),
      given.type !== 'array' || this.#arrays(given, wanted, blame, references.below()),
      given.type !== 'object' || this.#objects(given, wanted, blame, references.below()),
    ];
    return results.every(Boolean);
  }

  #sameType(given: SchemaObject, wanted: SchemaObject, blame: Blame): boolean {
    if (given.type === undefined || wanted.type === undefined || given.type === wanted.type) return true;
    return this.#complain(blame, `expected ${wanted.type}, got ${given.type}`);
  }

  #someOf(
    schemas: readonly Schema[] | undefined,
    blame: Blame,
    check: (schema: Schema, checking: SchemaChecking) => boolean,
  ): boolean {
    if (!schemas || schemas.length === 0) return true;
    const tries = schemas.map((schema) => {
      const checking = new SchemaChecking();
      return { ok: check(schema, checking), complaints: checking.complaints };
    });
    if (tries.some(({ ok }) => ok)) return true;
    for (const { complaints } of tries) this.complaints.push(...complaints);
    return this.#complain(blame, 'at least one subschema must match');
  }

  #arrays(given: SchemaObject, wanted: SchemaObject, blame: Blame, references: References): boolean {
    const [have = [], want = []] = [given.prefixItems, wanted.prefixItems];
    const results: boolean[] = [];
    for (let index = 0; index < Math.max(have.length, want.length); index++) {
      const [one, other] = [have[index] ?? given.items, want[index] ?? wanted.items];
      results.push(this.compatible(one, other, itemBlame(blame, index), references));
    }
    if (given.items !== undefined && given.items !== false) {
      results.push(this.compatible(given.items, wanted.items, blame, references));
    }
    return results.every(Boolean);
  }

  #objects(given: SchemaObject, wanted: SchemaObject, blame: Blame, references: References): boolean {
    const results = Object.entries(given.properties ?? {}).map(([name, schema]) => {
      const asked = Object.hasOwn(wanted.properties ?? {}, name)
        ? wanted.properties?.[name]
        : wanted.additionalProperties;
      return this.compatible(schema, asked, propertyBlame(blame, name), references);
    });
    if (given.additionalProperties === undefined) results.push(...this.#required(given, wanted, blame));
    else if (given.additionalProperties !== false && !isAnything(wanted.additionalProperties)) {
      results.push(this.compatible(given.additionalProperties, wanted.additionalProperties, blame, references));
    }
    return results.every(Boolean);
  }

  #required(given: SchemaObject, wanted: SchemaObject, blame: Blame): readonly boolean[] {
    const has = new Set(given.required);
    const dependent = Object.entries(wanted.dependentRequired ?? {}).flatMap(([name, names]) =>
      has.has(name) ? names : [],
    );
    return [...(wanted.required ?? []), ...dependent]
      .filter((name) => !has.has(name))
      .map((name) => this.#complain(propertyBlame(blame, name), 'missing required property'));
  }

  #complain(blame: Blame, summary: string): false {
    this.complaints.push({ blame, summary: blame.prefixed ? `${blame.path}: ${summary}` : summary });
    return false;
  }
}
