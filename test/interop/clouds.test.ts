import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../server.ts';
import { awsVerdict, type CloudVerdict, entraVerdict, googleVerdict, type Presented } from './clouds.ts';
import { type Json, keysOf, readToken, type Surface } from './profile.ts';
import { surfaceOf } from './surface.ts';

const now = () => Math.floor(Date.now() / 1000);

/** A trust policy written for the token as it should be. */
type Cloud = (presented: Presented, claims: Json) => CloudVerdict;
const CLOUDS: Readonly<Record<string, Cloud>> = {
  AWS: (presented, { aud }) => awsVerdict(presented, [String(aud)]),
  Entra: (presented, { iss, sub, aud }) =>
    entraVerdict(presented, { issuer: String(iss), subject: String(sub), audience: String(aud) }),
  'Google Cloud': (presented, { iss, aud }) =>
    googleVerdict(presented, { issuer: String(iss), allowedAudiences: [String(aud)] }),
};

for (const [alg, names] of [
  ['RS256', Object.keys(CLOUDS)],
  ['ES256', ['AWS', 'Google Cloud']],
] as const) {
  describe(`tokens signed by ${alg}`, () => {
    let server: TestServer;
    const surfaces: Surface[] = [];
    before(async () => {
      server = await startTestServer({ alg });
      for (const name of ['v1', 'v2'] as const) surfaces.push(await surfaceOf(server, name, alg));
    });
    after(() => server.stop());

    for (const name of names) {
      test(`${name} takes every token of both issuers`, () => {
        for (const surface of surfaces) {
          for (const jwt of surface.tokens) {
            const { claims } = readToken(jwt);
            assert.equal(CLOUDS[name]?.({ jwt, keys: keysOf(surface), now: now() }, claims), undefined);
          }
        }
      });
    }
  });
}

/** Tokens of a key of the test's own: so each has one fault, and never merely a broken signature. */
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { n, e } = pair.publicKey.export({ format: 'jwk' });
const KEY: Json = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'k', n, e };
const HEADER: Json = { alg: 'RS256', kid: 'k', typ: 'JWT' };
const CLAIMS: Json = {
  iss: 'https://id.example.com/oidc',
  sub: 'pulumi:x',
  aud: 'acme',
  iat: now(),
  nbf: now() - 30,
  exp: now() + 600,
};
const signed = (header: Json, claims: Json): string => {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), pair.privateKey).toString('base64url')}`;
};
const present = (changes: { header?: Json; claims?: Json; key?: Json }): Presented => ({
  jwt: signed({ ...HEADER, ...changes.header }, { ...CLAIMS, ...changes.claims }),
  keys: [
    { ...KEY, ...changes.key },
    { ...KEY, kid: 'other' },
  ],
  now: now(),
});

const FAULTS: Readonly<Record<string, readonly Parameters<typeof present>[0][]>> = {
  AWS: [
    { claims: { exp: now() + 600.5 } },
    { claims: { iat: now() + 0.5 } },
    { claims: { azp: 'other' } },
    { claims: { aud: ['acme', 'umbrella'] } },
    { claims: { aud: 'Acme' } },
    { claims: { sub: null } },
    { claims: { exp: now() - 301 } },
    { claims: { nbf: now() + 400 } },
    { claims: { iss: 'https://id.example.com/oidc/' } },
    { claims: { long: 'x'.repeat(20_000) } },
    { key: { key_ops: ['verify'] } },
    { key: { use: 'enc' } },
    { key: { kid: 'unknown' } },
    { header: { alg: 'ES256' } },
  ],
  Entra: [
    { header: { alg: 'ES256' } },
    { header: { kid: 'unknown' } },
    { claims: { iss: 'https://id.example.com/oidc/' } },
    { claims: { aud: ['acme'] } },
    { claims: { sub: 'Pulumi:x' } },
    { claims: { sub: 'pulumi:y' } },
    { claims: { exp: now() - 1 } },
    { claims: { nbf: now() + 60 } },
  ],
  'Google Cloud': [
    { key: { x5t: 'abc' } },
    { header: { kid: 'unknown' } },
    { header: { alg: 'PS256' } },
    { claims: { iss: 'https://id.example.com' } },
    { claims: { iat: now() + 60 } },
    { claims: { exp: now() + 90_000 } },
    { claims: { aud: 'umbrella' } },
    { claims: { sub: 'a'.repeat(128) } },
  ],
};

describe('the models are strict: one fault, and the token is refused', () => {
  for (const [name, faults] of Object.entries(FAULTS)) {
    const cloud = CLOUDS[name] as Cloud;
    test(`${name} takes the token without a fault`, () => assert.equal(cloud(present({}), CLAIMS), undefined));
    for (const fault of faults) {
      test(`${name} refuses ${JSON.stringify(fault).slice(0, 60)}`, () => {
        assert.notEqual(cloud(present(fault), CLAIMS), undefined);
      });
    }
    test(`${name} refuses a signature over other claims`, () => {
      const [header, , signature] = signed(HEADER, CLAIMS).split('.');
      const claims = Buffer.from(JSON.stringify({ ...CLAIMS, jti: 'forged' })).toString('base64url');
      const presented = { ...present({}), jwt: [header, claims, signature].join('.') };
      assert.notEqual(cloud(presented, CLAIMS), undefined);
    });
  }
});
