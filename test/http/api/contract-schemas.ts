import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';

const text = { type: 'string' };
const integer = { type: 'integer' };
const listOf = (items: object) => ({ type: 'array', items });

/** On the wire a JWK Set as RFC 7517 has it; the contract's own file shows the names of fields of a program. */
const KEY_SET = { type: 'object', required: ['keys'], properties: { keys: listOf({ type: 'object' }) } };

const ISSUER = {
  type: 'object',
  required: ['id', 'issuer', 'name', 'url'],
  properties: {
    id: text,
    name: text,
    url: text,
    issuer: text,
    thumbprints: listOf(text),
    jwks: KEY_SET,
    maxExpiration: integer,
    created: text,
    modified: text,
    lastUsed: text,
  },
};

const DEFINITION = {
  type: 'object',
  required: ['authorizedPermissions', 'decision', 'rules', 'tokenType'],
  properties: {
    decision: text,
    tokenType: text,
    teamName: text,
    userLogin: text,
    runnerID: text,
    roleID: text,
    authorizedPermissions: listOf(text),
    // Texts, whatever the contract's own file says: it calls them objects, and every client sends and reads texts.
    rules: { type: 'object', additionalProperties: text },
  },
};

/** Answers of the contract's section 4, by the names that its OpenAPI file gives them. */
export const CONTRACT = {
  OidcIssuerRegistrationResponse: ISSUER,
  ListOidcIssuersResponse: {
    type: 'object',
    required: ['oidcIssuers'],
    properties: { oidcIssuers: listOf(ISSUER) },
  },
  AuthPolicy: {
    type: 'object',
    required: ['id', 'policies', 'version'],
    properties: { id: text, version: integer, created: text, modified: text, policies: listOf(DEFINITION) },
  },
} as const;

const ajv = new Ajv2020({ strict: false, allErrors: true });
const validators = new Map(Object.entries(CONTRACT).map(([name, schema]) => [name, ajv.compile(schema)]));

/** Asserts that an answer is what clients of the contract read. */
export const assertContract = (name: keyof typeof CONTRACT, value: unknown): void => {
  const validate = validators.get(name);
  assert.ok(validate?.(value), `${name}: ${JSON.stringify(validate?.errors)}`);
};
