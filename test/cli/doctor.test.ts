import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { lookAtPublicSurface } from '../../src/cli/doctor/public-surface.ts';
import { systemClock } from '../../src/system.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' };
const KEY = { kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'one', n: 'AQ', e: 'AQAB' };

/** A sound public surface, of which one thing is changed; gives what doctor finds beside `ok`. */
const findingsOf = async (changes: (url: string) => Readonly<Record<string, Answer>>): Promise<readonly string[]> => {
  let answers: Readonly<Record<string, Answer>> = {};
  const server = createServer((request, response) => {
    const { status = 200, headers = HEADERS, body = {} } = answers[request.url ?? ''] ?? { status: 404 };
    response.writeHead(status, headers).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const url = `http://127.0.0.1:${address.port}`;
  const sound = (issuer: string): Readonly<Record<string, Answer>> => ({
    [`${issuer}/.well-known/openid-configuration`]: {
      body: { issuer: url + issuer, jwks_uri: `${url}${issuer}/.well-known/jwks` },
    },
    [`${issuer}/.well-known/jwks`]: { body: { keys: [KEY] } },
  });
  answers = { '/readyz/issue': {}, ...sound('/oidc'), ...sound('/oidc/v2'), ...changes(url) };
  try {
    const { findings } = await lookAtPublicSurface(url, systemClock);
    return findings
      .filter(({ level, check }) => level !== 'ok' && check !== 'TLS')
      .map(({ level, check, says }) => `${level} ${check}: ${says.replaceAll(url, '')}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const DISCOVERY = '/oidc/.well-known/openid-configuration';
const JWKS = '/oidc/v2/.well-known/jwks';

describe('doctor sees what relying parties see', () => {
  test('nothing is wrong with a sound installation', async () => {
    assert.deepEqual(await findingsOf(() => ({})), []);
  });

  for (const [what, changes, found] of [
    [
      'an issuer that is not the URL it was fetched from',
      (url: string) => ({
        [DISCOVERY]: { body: { issuer: `${url}/oidc/`, jwks_uri: `${url}/oidc/.well-known/jwks` } },
      }),
      `fail issuer v1: ${DISCOVERY} says that the issuer is /oidc/.`,
    ],
    [
      'a redirect',
      () => ({ [DISCOVERY]: { status: 301, headers: { location: '/login' } } }),
      `fail discovery v1: ${DISCOVERY} redirects to /login, and verifiers follow no redirect.`,
    ],
    ['a path that the proxy keeps', () => ({ [JWKS]: { status: 403 } }), `fail discovery v2: ${JWKS} answers 403.`],
    [
      'a content type that the proxy changed',
      () => ({ [JWKS]: { headers: { ...HEADERS, 'content-type': 'text/plain' }, body: { keys: [KEY] } } }),
      'fail keys v2: Its content type is text/plain.',
    ],
    [
      'caching that the proxy took away',
      () => ({ [JWKS]: { headers: { ...HEADERS, 'cache-control': 'no-store' }, body: { keys: [KEY] } } }),
      'warn keys v2: Its cache control is "no-store".',
    ],
    ['an empty key set', () => ({ [JWKS]: { body: { keys: [] } } }), 'fail keys v2: The key set is empty.'],
    [
      'a private key',
      () => ({ [JWKS]: { body: { keys: [{ ...KEY, d: 'AQ' }] } } }),
      'fail keys v2: The key set holds a private key.',
    ],
    [
      'a clock far away',
      () => ({ '/readyz/issue': { headers: { ...HEADERS, date: 'Thu, 01 Jan 2026 00:00:00 GMT' } } }),
      /^fail clock: The clock of the server is \d+ s behind the one here\.$/,
    ],
  ] as const) {
    test(what, async () => {
      const findings = await findingsOf(changes);
      assert.equal(findings.length, 1, findings.join('\n'));
      if (typeof found === 'string') assert.equal(findings[0], found);
      else assert.match(findings[0] ?? '', found);
    });
  }

  test('a server that cannot issue says why, and its documents are looked at all the same', async () => {
    const paused = { status: 503, headers: HEADERS, body: { reasons: ['The store does not answer.'] } };
    assert.deepEqual(await findingsOf(() => ({ '/readyz/issue': paused, [JWKS]: { body: { keys: [] } } })), [
      'fail public URL: /readyz/issue answers 503: The store does not answer.',
      'fail keys v2: The key set is empty.',
    ]);
  });

  test('where nothing listens, that is said once', async () => {
    const { findings, issuers } = await lookAtPublicSurface('http://127.0.0.1:1', systemClock);
    assert.deepEqual(
      findings.map(({ level, check }) => `${level} ${check}`),
      ['warn TLS', 'fail public URL'],
    );
    assert.deepEqual(issuers, {});
  });
});
