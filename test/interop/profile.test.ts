import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../redis.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { keysOf, readToken, type Surface } from './profile.ts';
import { DISCOVERY_ROWS, HOSTING_ROWS } from './profile-documents.ts';
import { KEY_ROWS } from './profile-keys.ts';
import { TOKEN_ROWS } from './profile-tokens.ts';
import { fetchDocument, surfaceOf } from './surface.ts';

const SECTIONS = {
  'the issuer and its hosting (0.1)': HOSTING_ROWS,
  'the token (0.2)': TOKEN_ROWS,
  'the key set (0.3)': KEY_ROWS,
  'discovery (0.4)': DISCOVERY_ROWS,
};

for (const alg of ['RS256', 'ES256'] as const) {
  for (const name of ['v1', 'v2'] as const) {
    describe(`issuer ${name} with ${alg}`, () => {
      let server: TestServer;
      const seen: Record<string, Surface> = {};
      before(async () => {
        server = await startTestServer({ alg });
        const first = await surfaceOf(server, name, alg);
        seen['before a rotation'] = first;
        assert.equal((await server.rotateUnsafely(name)).outcome, 'changed');
        const kid = keysOf(first)[0]?.kid;
        await until(async () => keysOf({ keys: await fetchDocument(first.keys.url) })[0]?.kid !== kid);
        seen['after a rotation'] = await surfaceOf(server, name, alg);
      });
      after(() => server.stop());

      for (const moment of ['before a rotation', 'after a rotation']) {
        for (const [section, rows] of Object.entries(SECTIONS)) {
          for (const { rule, forcedBy, problems } of rows) {
            test(`${moment}, ${section}: ${rule} [${forcedBy}]`, () => {
              assert.deepEqual(problems(seen[moment] as Surface), []);
            });
          }
        }
      }

      test('a rotation keeps the old key published and the issuer as it is [every verifier that caches]', () => {
        const [old, now] = [seen['before a rotation'] as Surface, seen['after a rotation'] as Surface];
        const kids = keysOf(now).map(({ kid }) => kid);
        for (const jwt of old.tokens) assert.ok(kids.includes(readToken(jwt).header.kid));
        assert.notEqual(readToken(old.tokens[0] as string).header.kid, readToken(now.tokens[0] as string).header.kid);
        assert.equal(now.issuer, old.issuer);
      });

      test('no kid ever names another key [Entra and every cache by kid]', () => {
        const [old, now] = [seen['before a rotation'] as Surface, seen['after a rotation'] as Surface];
        for (const key of keysOf(old))
          assert.deepEqual(
            keysOf(now).find(({ kid }) => kid === key.kid),
            key,
          );
      });
    });
  }
}
