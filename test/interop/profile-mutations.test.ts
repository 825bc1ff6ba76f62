import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../server.ts';
import { discoveryOf, type Fetched, type Json, keysOf, type Row, readToken, type Surface } from './profile.ts';
import { DISCOVERY_ROWS, HOSTING_ROWS } from './profile-documents.ts';
import { KEY_ROWS } from './profile-keys.ts';
import { TOKEN_ROWS } from './profile-tokens.ts';
import { surfaceOf } from './surface.ts';

/** One thing changed in a surface that keeps every rule. */
type Mutation = (surface: Surface) => Surface;

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** Another last token: header and claims as objects, or the claims as the text that is signed. */
const token =
  (change: (header: Json, claims: Json) => readonly [Json, Json | string]): Mutation =>
  (surface) => {
    const jwt = surface.tokens.at(-1) as string;
    const { header, claims } = readToken(jwt);
    const [changedHeader, changedClaims] = change(header, claims);
    const changed = [encode(changedHeader), encode(changedClaims), jwt.split('.')[2]].join('.');
    return { ...surface, tokens: [...surface.tokens.slice(0, -1), changed] };
  };
const claim = (changes: Json): Mutation => token((header, claims) => [header, { ...claims, ...changes }]);
const without = (name: string): Mutation => token((header, { [name]: _dropped, ...claims }) => [header, claims]);
const head = (changes: Json): Mutation => token((header, claims) => [{ ...header, ...changes }, claims]);

const keys =
  (change: (all: readonly Json[]) => readonly Json[]): Mutation =>
  (surface) => ({
    ...surface,
    keys: { ...surface.keys, text: JSON.stringify({ keys: change(keysOf(surface)) }) },
  });
const firstKey = (changes: Json): Mutation => keys(([first, ...rest]) => [{ ...first, ...changes }, ...rest]);
const answer =
  (changes: Partial<Fetched>): Mutation =>
  (surface) => ({ ...surface, keys: { ...surface.keys, ...changes } });
const header =
  (name: string, value: string): Mutation =>
  (surface) => ({
    ...surface,
    discovery: { ...surface.discovery, headers: { ...surface.discovery.headers, [name]: value } },
  });
const document =
  (changes: Json): Mutation =>
  (surface) => ({
    ...surface,
    discovery: { ...surface.discovery, text: JSON.stringify({ ...discoveryOf(surface), ...changes }) },
  });
const issuer =
  (change: (issuer: string) => string): Mutation =>
  (surface) => ({ ...surface, issuer: change(surface.issuer) });

/** For each row, in the order of the tables, changes that it must notice. */
const HOSTING: readonly (readonly Mutation[])[] = [
  [
    issuer(() => 'http://id.example.com/oidc'),
    issuer(() => 'https://ID.example.com/oidc'),
    issuer(() => 'https://id.example.com:8443/oidc'),
  ],
  [issuer((url) => `${url}//x`), issuer((url) => `${url}/..`), issuer((url) => `${url}/a|b`)],
  [issuer((url) => `${url}/`), issuer((url) => `${url}?x`), issuer((url) => url.replace('//', '//user@'))],
  [issuer((url) => url + '/x'.repeat(120))],
  [issuer((url) => `${url}/other`)],
  [answer({ status: 301 }), header('content-type', 'text/html'), header('set-cookie', 'a=b')],
  [answer({ ms: 1500 })],
  [answer({ text: ' '.repeat(110_000) })],
  [header('cache-control', 'no-store'), header('cache-control', 'public, max-age=10')],
  [document({ jwks_uri: 'https://cdn.example.com/jwks' })],
];

const TOKEN: readonly (readonly Mutation[])[] = [
  [head({ alg: 'PS256' }), firstKey({ n: 'AQAB' })],
  [claim({ sub: 'pulumi:deploy:org:umbrella' })],
  [head({ jku: 'https://evil.example' }), head({ typ: 'at+jwt' })],
  [head({ kid: 'unknown' }), head({ kid: '' })],
  [...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'].map(without)],
  [claim({ iat: 1.5 }), claim({ exp: '1795227598' })],
  [claim({ aud: ['acme'] })],
  [claim({ azp: 'acme' })],
  [claim({ aud: 'a'.repeat(256) }), claim({ aud: 'a b' }), claim({ aud: '' })],
  [claim({ sub: 'a'.repeat(128) }), claim({ sub: 'stéck' })],
  [claim({ sub: 'stack:*' }), claim({ sub: 'a b' })],
  [claim({ deployment: 3 }), claim({ tags: { a: 'b' } }), claim({ flag: true })],
  [claim({ Sub: 'x' }), claim({ AUD: 'x' })],
  [token((changed, claims) => [changed, `{"sub":"other",${JSON.stringify(claims).slice(1)}`])],
  [claim({ long: 'x'.repeat(2000) })],
  [claim({ exp: 4_000_000_000 }), claim({ exp: 1 })],
  [claim({ nbf: 4_000_000_000 }), claim({ nbf: 1 }), claim({ iat: 4_000_000_000, nbf: 4_000_000_000 })],
  [(surface) => ({ ...surface, tokens: [...surface.tokens, ...surface.tokens.slice(0, 1)] })],
];

const KEYS: readonly (readonly Mutation[])[] = [
  [firstKey({ key_ops: ['verify'] }), firstKey({ x5c: ['MII'] })],
  [firstKey({ use: 'enc' })],
  [firstKey({ kid: 'k1' })],
  [firstKey({ n: 'AAEC' }), firstKey({ e: 'AQAB==' })],
  [firstKey({ alg: 'RS512' }), keys((all) => [...all, { kty: 'OKP' }])],
  [keys(() => []), keys(([first]) => Array.from({ length: 11 }, () => first as Json)), keys((all) => [...all, ...all])],
  [keys((all) => [{ kid: 'other' }, ...all])],
  [answer({ headers: { 'content-type': 'application/jwk-set+json' } })],
  [
    firstKey({ d: 'secret' }),
    (surface) => answer({ text: surface.keys.text.replace('"kty"', '"kty":"RSA","kty"') })(surface),
  ],
];

const DISCOVERY: readonly (readonly Mutation[])[] = [
  [document({ issuer: 'https://other.example' }), claim({ iss: 'https://other.example' })],
  [document({ jwks_uri: '/jwks' })],
  [document({ authorization_endpoint: undefined })],
  [document({ token_endpoint: undefined })],
  [document({ response_types_supported: ['code'] })],
  [document({ subject_types_supported: ['pairwise'] })],
  [document({ id_token_signing_alg_values_supported: ['RS256', 'ES256'] })],
  [document({ scopes_supported: [] })],
  [document({ claims_supported: ['sub'] }), claim({ extra: 'x' })],
  [document({ grant_types_supported: [] }), document({ grant_types_supported: ['authorization_code'] })],
  [document({ token_endpoint_auth_methods_supported: ['none'] })],
  [document({ acr_values_supported: [] }), document({ extra: null })],
];

const TABLES: readonly (readonly [string, readonly Row[], readonly (readonly Mutation[])[]])[] = [
  ['hosting', HOSTING_ROWS, HOSTING],
  ['token', TOKEN_ROWS, TOKEN],
  ['key set', KEY_ROWS, KEYS],
  ['discovery', DISCOVERY_ROWS, DISCOVERY],
];

describe('every row of the profile notices what breaks it', () => {
  let server: TestServer;
  let sound: Surface;
  before(async () => {
    server = await startTestServer();
    sound = await surfaceOf(server, 'v1');
  });
  after(() => server.stop());

  for (const [section, rows, mutations] of TABLES) {
    for (const [at, { rule, problems }] of rows.entries()) {
      test(`${section}: ${rule}`, () => {
        assert.deepEqual(problems(sound), []);
        assert.ok((mutations[at]?.length ?? 0) > 0, 'nobody tried to break it');
        for (const mutate of mutations[at] ?? []) assert.notDeepEqual(problems(mutate(sound)), [], String(mutate));
      });
    }
  }
});
