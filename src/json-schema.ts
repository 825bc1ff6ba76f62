/**
 * The part of JSON Schema (2020-12) in which our files are described.
 *
 * `title` says what to write, as a noun phrase that ends "write …"; `description` says what the field means;
 * `default` is for editors and the docs, never filled in by validation; `writeOnly` marks what no message may quote.
 */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly writeOnly?: true;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: false | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: true;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly anyOf?: readonly JsonSchema[];
}

type Extra = Pick<JsonSchema, 'default' | 'title' | 'pattern' | 'minLength' | 'maxLength' | 'writeOnly' | 'minItems'>;

/** A whole number within a range, both ends included. */
export const whole = (minimum: number, maximum: number, description: string, extra: Extra = {}): JsonSchema => ({
  type: 'integer',
  minimum,
  maximum,
  description,
  ...extra,
});

export const text = (description: string, extra: Extra = {}): JsonSchema => ({
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  description,
  ...extra,
});

export const flag = (description: string, extra: Extra = {}): JsonSchema => ({
  type: 'boolean',
  description,
  ...extra,
});

export const choice = (values: readonly unknown[], description: string, extra: Extra = {}): JsonSchema => ({
  enum: values,
  description,
  ...extra,
});

export const list = (items: JsonSchema, maxItems: number, description: string, extra: Extra = {}): JsonSchema => ({
  type: 'array',
  items,
  maxItems,
  description,
  ...extra,
});

/** A mapping with exactly these keys; those in `required` must be there. */
export const mapping = (
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema => ({ type: 'object', description, additionalProperties: false, properties, required });
