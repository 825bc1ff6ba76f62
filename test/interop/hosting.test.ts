import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadSettings } from '../../src/settings/load.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { fetchDocument } from './surface.ts';

/**
 * Rows of the profile that only a real https deployment can show, as far as a rule of the settings enforces them.
 *
 * Not enforceable here: that the certificate is of a public authority and its chain whole (`runpass doctor` looks), and
 * that no port stands in the URL (a port is of use to local verifiers; AWS alone refuses it).
 */
describe('the settings refuse an issuer that some verifier refuses', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runpass-hosting-'));
    await mkdir(join(folder, 'config'));
  });
  after(() => rm(folder, { recursive: true }));

  const load = async (url: string) => {
    await writeFile(join(folder, 'config', 'runpass.yaml'), `url: "${url}"\n`);
    return loadSettings({ env: {}, cwd: folder });
  };

  const refused: readonly (readonly [url: string, forcedBy: string])[] = [
    ['http://id.example.com', 'http on another host: AWS, Google Cloud, Kubernetes'],
    ['https://ID.example.com', 'upper case: everybody compares bytes'],
    ['https://id.example.com:443', 'the default port written out: AWS strips it'],
    ['https://id.example.com/', 'trailing slash: AWS makes it another provider'],
    ['https://id.example.com/a/../b', 'dots: Octo-STS'],
    ['https://id.example.com?x=1', 'query: Kubernetes, AWS'],
    ['https://id.example.com#x', 'fragment: Kubernetes, AWS'],
    ['https://user@id.example.com', 'user: Alibaba'],
    [
      `https://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.com`,
      'more than 255 characters: AWS',
    ],
    ['ftp://id.example.com', 'no https at all'],
  ];
  for (const [url, forcedBy] of refused) {
    test(`${url.slice(0, 40)} is refused [${forcedBy}]`, async () => {
      const loaded = await load(url);
      assert.ok('problems' in loaded);
      assert.equal(loaded.problems[0]?.path, 'url');
    });
  }

  test('the issuers are the URL with /oidc and /oidc/v2 behind it, byte for byte', async () => {
    const loaded = await load('https://id.example.com');
    assert.ok('settings' in loaded);
    const { v1, v2 } = loaded.settings.issuers;
    assert.deepEqual([v1.url, v2.url], ['https://id.example.com/oidc', 'https://id.example.com/oidc/v2']);
  });

  test('by default a key is published a day before it signs, and until its last token is dead [Entra, .NET, caches]', async () => {
    const loaded = await load('https://id.example.com');
    assert.ok('settings' in loaded);
    const { timing } = loaded.settings.issuers.v1;
    assert.ok(timing.publishAhead >= 86_400);
    assert.ok(timing.cacheMaxAge >= 300 && timing.cacheMaxAge <= 900);
  });
});

describe('bursts', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ change: (all) => ({ ...all, http: { ...all.http, refusalsPerMinute: 1 } }) });
  });
  after(() => server.stop());

  test('a thousand requests at once for discovery and keys are all answered [AWS: "too many requests"; RGW]', async () => {
    const base = `${server.settings.issuers.v1.url}/.well-known`;
    for (let round = 0; round < 5; round++) {
      const urls = Array.from({ length: 200 }, (_, at) => `${base}/${at % 2 ? 'jwks' : 'openid-configuration'}`);
      const answers = await Promise.all(urls.map(fetchDocument));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    }
  });
});
