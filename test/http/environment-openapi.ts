import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { Answer } from './ask.ts';

const FILE = new URL('../../../shared/reference/esc-openapi.yaml', import.meta.url);
const BASE = '/api/esc';

/** Why answers are not compared here; false where they are. */
export const skipOpenApi = existsSync(FILE)
  ? false
  : 'the published OpenAPI is not on this machine (../shared/reference)';

interface Described {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, object>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Record<string, Described> }>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Described>> };
}

/** The document says "object" of members that it does not name, and shows texts in its own examples: it means anything. */
const asMeant = (key: unknown, value: unknown): unknown =>
  key === 'additionalProperties' && JSON.stringify(value) === '{"type":"object"}' ? true : value;

const load = () => {
  const document = parse(readFileSync(FILE, 'utf8'), asMeant) as OpenApi;
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false, validateFormats: false });
  ajv.addSchema(document, 'esc');
  return { document, ajv };
};
const loaded = skipOpenApi === false ? load() : undefined;

/** Asserts that a value is what the published document calls by this name. */
export const assertEsc = (name: string, value: unknown): void => {
  if (loaded) assertShape(loaded.ajv, pointer('components', 'schemas', name), value, name);
};

const assertShape = (ajv: Ajv2020, place: string, value: unknown, what: string): void => {
  const validate = ajv.getSchema(`esc#${place}`);
  assert.ok(validate, place);
  assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`);
};

const pointer = (...parts: readonly string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

/** What we answer beside the published document. */
const OURS = /\/(?:metadata|versions\/[^/]+\/decrypt)$|^\/api\/esc\/environments$/;

/**
 * Asserts that an answer is one that the published document has for this method and path, with that very body.
 * Nothing is asserted where the document is not at hand.
 */
export const assertPublished = (method: string, path: string, answer: Answer): void => {
  const bare = path.replace(/\?.*$/, '');
  if (!loaded || OURS.test(bare)) return;
  const { document, ajv } = loaded;
  const template = templateOf(document, bare);
  assert.ok(template, `the document has no path for ${path}`);
  const responses = document.paths[template]?.[method.toLowerCase()]?.responses;
  assert.ok(responses, `the document has no ${method} ${template}`);
  // It names no refusal but the commonest; `default` stands for the others, with the same body.
  const status = responses[answer.status] ? String(answer.status) : 'default';
  assert.ok(responses[status] && (status !== 'default' || answer.status >= 400), `${method} ${path}: ${answer.status}`);
  const { $ref } = responses[status];
  const name = $ref?.slice($ref.lastIndexOf('/') + 1) ?? '';
  const described = $ref === undefined ? responses[status] : document.components.responses[name];
  if (!described?.content) {
    assert.equal(answer.text, '', `${method} ${path} ${answer.status} has no body`);
    return;
  }
  if (method === 'HEAD') return;
  const [type = ''] = Object.keys(described.content);
  assert.match(String(answer.headers['content-type']), new RegExp(`^${type}`));
  const place =
    $ref === undefined
      ? pointer('paths', template, method.toLowerCase(), 'responses', status, 'content', type, 'schema')
      : pointer('components', 'responses', name, 'content', type, 'schema');
  // An empty definition is no object yet.
  const body: unknown = type.endsWith('yaml') ? (parse(answer.text) ?? {}) : answer.json;
  assertShape(ajv, place, body, `${method} ${path}`);
};

const templateOf = (document: OpenApi, path: string): string | undefined => {
  const parts = path.slice(BASE.length).split('/');
  const fits = (template: string): boolean => {
    const own = template.split('/');
    return own.length === parts.length && own.every((part, at) => part.startsWith('{') || part === parts[at]);
  };
  // The most literal one: `/versions/tags` before `/versions/{version}`.
  return Object.keys(document.paths)
    .filter(fits)
    .sort((left, right) => left.split('{').length - right.split('{').length)[0];
};
