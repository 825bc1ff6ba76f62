import type { NumberText, Plain } from '../values.ts';
import type { Pattern } from './pattern.ts';

/**
 * The dialect of JSON Schema in which providers describe their inputs and outputs, and users what `fn::validate`
 * checks: a subset of draft 2020-12. Numbers of users stay as they were written.
 */
export type Schema = boolean | SchemaObject;

export interface SchemaObject {
  readonly $defs?: Readonly<Record<string, Schema>>;
  /** `#/$defs/name` of the schema at the top. */
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly prefixItems?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly type?: 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';
  readonly const?: SchemaConstant;
  readonly enum?: readonly SchemaConstant[];
  readonly minimum?: SchemaNumber;
  readonly maximum?: SchemaNumber;
  readonly exclusiveMinimum?: SchemaNumber;
  readonly exclusiveMaximum?: SchemaNumber;
  readonly multipleOf?: SchemaNumber;
  /** Lengths are bytes of UTF-8, as the reference counts them. */
  readonly minLength?: SchemaNumber;
  readonly maxLength?: SchemaNumber;
  /** A text is the project's own and compiled as it stands; a user's is compiled by `compilePattern`. */
  readonly pattern?: string | Pattern;
  readonly minItems?: SchemaNumber;
  readonly maxItems?: SchemaNumber;
  readonly minProperties?: SchemaNumber;
  readonly maxProperties?: SchemaNumber;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  /** Notes for people; nothing is checked by them. */
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly deprecated?: boolean;
  readonly examples?: readonly unknown[];
  readonly secret?: boolean;
}

export type SchemaConstant = number | Plain;
export type SchemaNumber = number | NumberText;

/** Allows everything: an absent schema does, too. */
export const isAnything = (schema: Schema | undefined): boolean => schema === undefined || schema === true;

/** The schema of one property of what has this schema; `false` where there can be none. */
export const propertySchema = (schema: Schema, name: string): Schema =>
  memberSchema(schema, (part) => {
    if (part.type !== 'object') return undefined;
    return Object.hasOwn(part.properties ?? {}, name) ? part.properties?.[name] : part.additionalProperties;
  });

/** The schema of one element of what has this schema; `false` where there can be none. */
export const itemSchema = (schema: Schema, index: number): Schema =>
  memberSchema(schema, (part) => (part.type === 'array' ? (part.prefixItems?.[index] ?? part.items) : undefined));

const memberSchema = (schema: Schema, member: (part: SchemaObject) => Schema | undefined): Schema => {
  // Of anything, no member is known to be there: so it is in the reference.
  if (typeof schema === 'boolean') return false;
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map((part) => memberSchema(part, member));
  const possible = [...alternatives, member(schema)].filter((part) => part !== undefined && part !== false);
  const [only = false] = possible;
  return possible.length > 1 ? { oneOf: possible } : only;
};

/** The schema of an object laid over another one. Anything but two objects: what lies above. */
export const mergedSchema = (base: Schema, top: Schema): Schema => {
  if (typeof base === 'boolean' || typeof top === 'boolean' || base.type !== 'object' || top.type !== 'object')
    return top;
  const properties: Record<string, Schema> = Object.assign(Object.create(null), base.properties);
  for (const [name, above] of Object.entries(top.properties ?? {})) {
    const below = properties[name];
    properties[name] = below === undefined ? above : mergedSchema(below, above);
  }
  const both = base.additionalProperties !== undefined && top.additionalProperties !== undefined;
  const additional = both ? true : (top.additionalProperties ?? base.additionalProperties);
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    ...(additional !== undefined && { additionalProperties: additional }),
  };
};
