import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Desk, makeDesk, type Stub, startStub, TOKEN } from './trust-stub.ts';

const ISSUER = { id: 'i1', name: 'ci', url: 'https://ci.example', issuer: 'https://ci.example' };
const STORED = { id: 'p1', version: 1, dialect: 'pulumi', mode: 'enforce', policies: [], findings: [] };
const decision = (id: string, sub: string | undefined, code?: string, more: object = {}) => ({
  id,
  time: '2025-12-31T00:00:00Z',
  organization: 'acme',
  issuer: { id: 'i1', name: 'ci', url: ISSUER.url },
  question: { tokenType: 'organization', admin: false },
  subjectTokenHash: 'h',
  outcome: code === undefined ? 'granted' : 'refused',
  ...(code !== undefined && { code }),
  ...(sub !== undefined && {
    claims: { sub },
    policy: { id: 'p1', version: 1, mode: 'enforce', definitions: [] },
  }),
  ...(code === undefined && { grant: { administrator: false, roles: [], expires: '2026-01-01T00:00:00Z' } }),
  ...more,
});
const PAGES: readonly (readonly object[])[] = [
  [decision('one', 'repo:acme/core'), decision('two', 'repo:acme/other', 'policy_unmatched')],
  [
    decision('three', 'repo:acme/other', 'replayed'),
    decision('four', undefined, 'bad_signature'),
    decision('five', 'repo:acme/core', undefined, { omitted: ['email'] }),
    decision('six', 'repo:acme/core.x', 'policy_denied'),
  ],
];

describe('trust replay', () => {
  let stub: Stub;
  let desk: Desk;
  let endless = false;
  before(async () => {
    stub = await startStub(({ path }) => {
      if (path.endsWith('/oidc/issuers')) return { status: 200, body: { oidcIssuers: [ISSUER] } };
      if (path.includes('/auth/policies/')) return { status: 200, body: STORED };
      const page = path.includes('after=') ? 1 : 0;
      const next = page === 0 || endless ? { next: 'n1' } : {};
      return { status: 200, body: { decisions: PAGES[page], ...next } };
    });
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN });
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  const replay = (candidate: string, ...flags: readonly string[]) => {
    writeFileSync(join(desk.folder, 'new.yaml'), candidate);
    const about = ['--policies', 'new.yaml', '--issuer', 'ci', '--since', '7d', '--org', 'acme'];
    return desk.run(['trust', 'replay', ...about, ...flags]);
  };
  const allow = (rules: string, more = ''): string =>
    `${more}\npolicies:\n  - { decision: allow, tokenType: organization, rules: { ${rules} } }\n`;

  test('reads every page of that issuer and that time', async () => {
    await replay(allow('sub: repo:acme/core'));
    const paths = stub.heard.map(({ path }) => path).filter((path) => path.includes('/decisions'));
    const query = '/api/orgs/acme/decisions?issuer=i1&since=2025-12-25T00%3A00%3A00Z&pageSize=100';
    assert.deepEqual(paths, [query, `${query}&after=n1`]);
    assert.ok(stub.heard.every(({ method }) => method === 'GET'));
  });

  test('lists every flip with what decides it, and counts the rest', async () => {
    const { stdout, stderr, status } = await replay(allow('sub: repo:acme/other'));
    assert.deepEqual([stderr, status], ['', 0]);
    for (const line of [
      /^one +2025-12-31T00:00:00Z +organization token +allowed +unmatched +policies\[0\] needs sub: repo:acme\/other$/m,
      /^two +\S+ +organization token +unmatched \(policy_unmatched\) +allowed +policies\[0\]$/m,
      /^five /m,
      /^6 decisions since 2025-12-25T00:00:00Z: 3 would flip, 0 would give other rights,$/m,
      /^1 unchanged, 1 refused for another reason\.$/m,
      /^Of 1 it cannot be told: of 1 no policy was asked, 0 hang on claims that were not kept\.$/m,
    ]) {
      assert.match(stdout, line);
    }
    assert.doesNotMatch(stdout, /^(?:three|four|six) /m);
  });

  test('the same for programs', async () => {
    const { stdout } = await replay(allow('sub: repo:acme/core, email: "a*"'), '--json');
    const { flips, rights, unchanged, otherReason, untold, decisions } = JSON.parse(stdout);
    assert.deepEqual([decisions, rights, unchanged, otherReason], [6, [], 1, 1]);
    assert.deepEqual(untold, { notWeighed: 1, claimOmitted: 1 });
    assert.deepEqual(
      flips.map((flip: Record<string, unknown>) => [flip['decision'], flip['before'], flip['after']]),
      [
        ['one', 'allowed', 'unmatched'],
        ['three', 'allowed', 'unmatched'],
      ],
    );
    assert.deepEqual(flips[1].recorded, { outcome: 'refused', code: 'replayed' });
  });

  test('rights that would be others are listed by themselves', async () => {
    const role = 'policies:\n  - { decision: allow, tokenType: organization, roleID: king, rules: { sub: "*" } }\n';
    const { stdout } = await replay(role);
    assert.match(stdout, /^one +\S+ +no role +role king +policies\[0\]$/m);
    const { rights } = JSON.parse((await replay(role, '--json')).stdout);
    assert.deepEqual(rights[0].rights.after, { administrator: false, roles: ['king'] });
  });

  test('a candidate that does not say its dialect is read as it would be when it is set', async () => {
    const flipped = async (candidate: string) =>
      JSON.parse((await replay(candidate, '--json')).stdout).flips.map(({ decision: id }: { decision: string }) => id);
    assert.ok((await flipped(allow('sub: repo:acme.core', 'dialect: strict'))).includes('one'));
    assert.ok(!(await flipped(allow('sub: repo:acme.core'))).includes('one'));
  });

  test('flips are no failure, unless that is asked for', async () => {
    const { stderr, status } = await replay(allow('sub: repo:acme/other'), '--fail-on-flip');
    assert.deepEqual([stderr, status], ['error: 3 of 6 decisions would flip.\n', 1]);
  });

  test('a candidate in audit mode is compared by what it says, with a note that it grants nothing', async () => {
    const audit = await replay(allow('sub: repo:acme/core', 'mode: audit'), '--json');
    const enforce = await replay(allow('sub: repo:acme/core'), '--json');
    assert.deepEqual(audit.stdout, enforce.stdout);
    assert.match(audit.stderr, /^note: the candidate is in audit mode/);
    assert.equal(enforce.stderr, '');
  });

  test('a list that leads to itself is followed no further', async () => {
    endless = true;
    const before = stub.heard.length;
    const { stderr, status } = await replay(allow('sub: repo:acme/core'));
    endless = false;
    assert.equal(status, 1);
    assert.match(stderr, /has no end/);
    assert.ok(stub.heard.length - before < 6);
  });
});
