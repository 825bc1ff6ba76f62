import type { JsonSchema } from '../src/json-schema.ts';

/** Every field that a schema knows, as the table of a document: `| field | default | allowed | meaning |`. */
export const fieldTable = (schema: JsonSchema): string =>
  ['| field | default | allowed | meaning |', '|---|---|---|---|', ...rows(schema, '', false)].join('\n');

/** Puts the table between the two markers of a document. */
export const withFieldTable = (document: string, schema: JsonSchema): string =>
  document.replace(/(<!-- fields -->\n)[\s\S]*?(<!-- end of fields -->)/, (_all, start: string, end: string) =>
    [start, fieldTable(schema), '\n', end].join(''),
  );

const rows = (schema: JsonSchema, path: string, required: boolean): readonly string[] => {
  const inside =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
  const step = schema.items ? '[]' : '.<name>';
  const children = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    rows(child, path === '' ? key : `${path}.${key}`, schema.required?.includes(key) ?? false),
  );
  const deeper = inside?.type === 'object' ? rows(inside, `${path}${step}`, false) : [];
  // A mapping from free names to texts is one field.
  const isField = path !== '' && (schema.type !== 'object' || inside?.type === 'string');
  return [...(isField ? [row(schema, path, required)] : []), ...children, ...deeper];
};

const row = (schema: JsonSchema, path: string, required: boolean): string =>
  `| \`${path}\` | ${required ? 'required' : written(schema.default)} | ${allowed(schema)} | ${schema.description} |`;

const written = (value: unknown): string =>
  value === undefined ? '–' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;

const allowed = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map(written).join(', ');
  if (schema.title) return schema.title;
  if (schema.type === 'integer') return `${schema.minimum}–${schema.maximum}`;
  if (schema.type === 'boolean') return 'true, false';
  if (schema.type === 'object') return `mapping of 0–${schema.maxProperties}`;
  if (schema.type === 'array') return `list of ${schema.minItems ?? 0}–${schema.maxItems}`;
  return `text of 1–${schema.maxLength}`;
};
