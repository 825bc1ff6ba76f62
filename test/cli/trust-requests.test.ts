import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Answers, type Desk, makeDesk, type Stub, startStub, TOKEN } from './trust-stub.ts';

const ISSUER = {
  id: '11111111-1111-4111-8111-111111111111',
  name: 'gh',
  url: 'https://ci.example',
  issuer: 'https://ci.example',
};
const DEFINITION = { decision: 'allow', tokenType: 'organization', rules: { sub: 'repo:acme/core:*', aud: 'acme' } };
const POLICY = {
  id: 'p1',
  version: 3,
  dialect: 'pulumi',
  mode: 'enforce',
  policies: [DEFINITION],
  findings: [
    { code: 'no_identity_rule', severity: 'warning', index: 0, claim: 'sub', message: 'Odd.', suggestion: 'sub: "x"' },
  ],
};
const DECISION = {
  id: '20260101000000-0123456789abcdef',
  time: '2026-01-01T00:00:00Z',
  organization: 'acme',
  issuer: { id: ISSUER.id, name: 'gh', url: ISSUER.url },
  question: { tokenType: 'team', name: 'ops', admin: false },
  subjectTokenHash: 'hash',
  outcome: 'refused',
  code: 'identity_changed',
  claims: { sub: 'repo:acme/core:x', bad: 'a\u001b[2Jb', empty: '', n: 1 },
  omitted: ['email'],
  policy: {
    id: 'p1',
    version: 3,
    mode: 'enforce',
    definitions: [
      { index: 0, decision: 'allow', result: 'matched' },
      { index: 1, decision: 'deny', result: 'unmatched', failure: { claim: 'ref', expected: 'main' } },
    ],
  },
  pin: { id: 'pin1', claim: 'repository', name: 'acme/core', presented: "1'; rm -rf ~" },
};

/** Paths without their query, below the organization. */
const TABLE: Readonly<Record<string, unknown>> = {
  'GET /oidc/issuers': {
    oidcIssuers: [ISSUER, { ...ISSUER, id: 'b', name: 'twin' }, { ...ISSUER, id: 'c', name: 'twin' }],
  },
  [`GET /auth/policies/oidcissuers/${ISSUER.id}`]: POLICY,
  'PATCH /auth/policies/p1': POLICY,
  'GET /auth/policies/p1/pins': { pins: [], total: 41 },
  'PUT /auth/policies/p1/pins/a%2Fb': {
    id: 'a/b',
    claim: 'repository',
    name: 'acme/core',
    idClaim: 'repository_id',
    value: '7',
  },
  'GET /decisions/20260101000000-0123456789abcdef': DECISION,
  'POST /oidc/issuers': ISSUER,
  [`PATCH /oidc/issuers/${ISSUER.id}`]: ISSUER,
  [`POST /oidc/issuers/${ISSUER.id}/regenerate-thumbprints`]: ISSUER,
};

describe('what the commands about trust send and print', () => {
  let stub: Stub;
  let desk: Desk;
  let trial: object = { granted: true, definitions: [], administrator: false, roles: [] };
  const answers: Answers = ({ method, path }) => {
    if (path === '/api/user/organizations/default') return { status: 200, body: { GitHubLogin: 'acme' } };
    const below = path.replace('/api/orgs/acme', '').split('?')[0];
    if (method === 'DELETE') return { status: 204 };
    if (below?.endsWith('/try')) return { status: 200, body: trial };
    if (below === '/decisions') {
      const isLast = path.includes('after=');
      return { status: 200, body: { decisions: [DECISION], ...(!isLast && { next: 'n1' }) } };
    }
    const body = TABLE[`${method} ${below}`];
    if (body === undefined) return { status: 404, body: { message: `no ${path}`, refusal: 'not_found' } };
    return { status: 200, body };
  };
  before(async () => {
    stub = await startStub(answers);
    desk = makeDesk({ RUNPASS_URL: stub.url, RUNPASS_ACCESS_TOKEN: TOKEN });
    for (const [name, text] of Object.entries({
      'policy.yaml':
        'mode: audit\npolicies:\n  - decision: allow\n    tokenType: organization\n    rules: { sub: x }\n',
      'other.yaml': 'issuer: https://other.example\npolicies: []\n',
      'bad.yaml': 'dialect: strickt\npolicies:\n  - { decision: allow, tokenType: team, rules: { sub: x } }\n',
      'wrong.yaml': 'policies:\n  - { decision: allow, tokenType: team, rules: { sub: x } }\n',
      'jwks.json': '{"keys":[{"kty":"RSA"}]}',
      'claims.json': '{"iss":"https://ci.example","sub":"s"}',
      'list.json': '[]',
      token: 'a.b.c\n',
    })) {
      writeFileSync(join(desk.folder, name), text);
    }
  });
  afterEach(() => {
    (stub.heard as unknown[]).length = 0;
  });
  after(() => {
    stub.stop();
    desk.remove();
  });

  /** Runs a command that must succeed, and gives its last request. */
  const last = async (...args: readonly string[]) => {
    const { stdout, stderr, status } = await desk.run(['trust', ...args]);
    assert.equal(status, 0, stderr);
    assert.ok(stub.heard.every(({ headers }) => headers.authorization === `token ${TOKEN}`));
    const heard = stub.heard.at(-1);
    assert.ok(heard);
    const body: unknown = heard.body === '' ? undefined : JSON.parse(heard.body);
    return { request: `${heard.method} ${heard.path.replace('/api/orgs/acme', '')}`, body, stdout, stderr };
  };
  const refused = async (args: readonly string[], expected: 1 | 2, says: RegExp): Promise<void> => {
    const { stderr, status } = await desk.run(['trust', ...args]);
    assert.equal(status, expected, stderr);
    assert.match(stderr, says);
  };

  test('issuer add sends what was said and nothing else', async () => {
    const plain = await last('issuer', 'add', '--name', 'gh', '--url', 'https://ci.example');
    assert.deepEqual([plain.request, plain.body], ['POST /oidc/issuers', { name: 'gh', url: 'https://ci.example' }]);
    assert.match(plain.stderr, /denies everything until it has a policy: runpass trust policy set 1111/);
    const thumbs = ['--thumbprint', 'aa', '--thumbprint', 'bb'];
    const times = ['--max-expiration', '25h', '--max-token-age', '600', '--replay', 'once', '--cap-to-subject-token'];
    const keys = ['--jwks', 'jwks.json', '--issuer', 'https://iss.example'];
    const full = await last(
      'issuer',
      'add',
      '--name',
      'gh',
      '--url',
      'https://ci.example',
      ...thumbs,
      ...times,
      ...keys,
    );
    assert.deepEqual(full.body, {
      name: 'gh',
      url: 'https://ci.example',
      issuer: 'https://iss.example',
      jwks: { keys: [{ kty: 'RSA' }] },
      thumbprints: ['aa', 'bb'],
      maxExpiration: 90_000,
      replay: 'once',
      capToSubjectToken: true,
      maxTokenAge: 600,
    });
  });

  test('issuer update finds it by name, keeps what is not said, and always sends the name', async () => {
    const { request, body } = await last('issuer', 'update', 'gh', '--replay', 'retry-window');
    assert.deepEqual([request, body], [`PATCH /oidc/issuers/${ISSUER.id}`, { name: 'gh', replay: 'retry-window' }]);
    const other = await last('issuer', 'update', ISSUER.id, '--name', 'new', '--no-cap-to-subject-token');
    assert.deepEqual(other.body, { name: 'new', capToSubjectToken: false });
  });

  test('issuer remove and thumbprints go to the id', async () => {
    assert.equal((await last('issuer', 'remove', 'gh')).request, `DELETE /oidc/issuers/${ISSUER.id}`);
    const renewed = await last('issuer', 'thumbprints', 'gh');
    assert.deepEqual([renewed.request.split('/').at(-1), renewed.body], ['regenerate-thumbprints', undefined]);
  });

  test('a name that two have, or none, is not guessed', async () => {
    await refused(['issuer', 'remove', 'twin'], 1, /2 trusted issuers are named "twin"[\s\S]*by its id/);
    await refused(['issuer', 'show', 'GH'], 1, /has no trusted issuer "GH"\. \(trusted_issuer_not_found\)/);
    assert.ok(stub.heard.every(({ method }) => method === 'GET'));
  });

  test('policy set sends the file as it is written, and gives findings their place in it', async () => {
    const { request, body, stderr } = await last('policy', 'set', 'gh', 'policy.yaml');
    assert.equal(request, 'PATCH /auth/policies/p1');
    const written = { decision: 'allow', tokenType: 'organization', rules: { sub: 'x' } };
    assert.deepEqual(body, { mode: 'audit', policies: [written] });
    assert.equal(stderr, 'policy.yaml:5:19 no_identity_rule Odd.\n  suggestion: sub: "x"\n');
  });

  test('policy show is a table, and the findings beside it', async () => {
    const { stdout, stderr } = await last('policy', 'show', 'gh');
    assert.match(
      stdout,
      /^version +3$[\s\S]*^policies\[0\] +allow +organization +- +sub: repo:acme\/core:\*; aud: acme +-$/m,
    );
    assert.match(stderr, /^policies\[0\] no_identity_rule Odd\.$/m);
  });

  test('a trial sends the token or the claims, and by whom it is found', async () => {
    const token = await last('test', '--token', 'token', '--type', 'team', '--scope', 'team:ops');
    assert.equal(token.request, 'POST /oidc/try');
    assert.deepEqual(token.body, { subjectToken: 'a.b.c', requestedTokenType: 'team', scope: 'team:ops' });
    const claims = await last('test', '--claims', 'claims.json', '--issuer', 'gh', '--type', 'organization');
    assert.equal(claims.request, `POST /oidc/issuers/${ISSUER.id}/try`);
    const body = { claims: { iss: 'https://ci.example', sub: 's' }, requestedTokenType: 'organization' };
    assert.deepEqual(claims.body, body);
    assert.match(claims.stdout, /^outcome +granted\ngives +no role$/m);
  });

  test('a trial that would be refused ends with 1, and says why on both channels', async () => {
    const definitions = [
      { index: 0, decision: 'allow', result: 'unmatched', failure: { claim: 'sub', expected: 'a', presented: 'b' } },
    ];
    const why = { code: 'policy_unmatched', sentence: 'No allow definition matches.' };
    trial = { ...trial, granted: false, ...why, definitions };
    const args = ['trust', 'test', '--token', '-', '--type', 'organization'];
    const { stdout, stderr, status } = await desk.run(args, { stdin: 'x.y.z\n' });
    assert.equal(status, 1);
    assert.match(stdout, /^policies\[0\] +allow +unmatched +sub +a +b$/m);
    assert.equal(stderr, 'error: It would be refused. No allow definition matches. (policy_unmatched)\n');
    assert.ok(!stdout.includes('x.y.z'));
  });

  test('a decision is explained whole, and what a token put into it moves neither cursor nor shell', async () => {
    const { stdout } = await last('decision', DECISION.id);
    for (const line of [
      /^outcome +refused \(identity_changed\)$/m,
      /^why +The name is the one that was granted before/m,
      /^asked for +team token of ops$/m,
      /^policies\[1\] +deny +unmatched +ref +main +\(no such claim\)$/m,
      /^ {2}bad +a\?\[2Jb$/m,
      /^ {2}empty +""$/m,
      /^claims that are not kept +email$/m,
      /^ {2}runpass trust pin set 11111111-1111-4111-8111-111111111111 pin1 '1'\\''; rm -rf ~'$/m,
    ]) {
      assert.match(stdout, line);
    }
    assert.ok(!stdout.includes('\u001b'));
  });

  test('decisions follow the pages until there are enough', async () => {
    const all = await last('decisions', '--issuer', 'gh', '--outcome', 'refused', '--since', '1d', '--json');
    assert.equal(JSON.parse(all.stdout).decisions.length, 2);
    const query = `outcome=refused&issuer=${ISSUER.id}&since=2025-12-31T00%3A00%3A00Z&pageSize=100`;
    assert.equal(all.request, `GET /decisions?${query}&after=n1`);
    const one = await last('decisions', '--limit', '1');
    assert.match(
      one.stdout,
      /^\S+ +2026-01-01T00:00:00Z +gh +team token of ops +refused \(identity_changed\) +repo:acme/m,
    );
    assert.match(one.stderr, /there are more/);
    assert.equal(one.stdout.trim().split('\n').length, 2);
  });

  test('pins are listed, moved and forgotten below the policy, and no name changes the path', async () => {
    const listed = await last('pin', 'list', 'gh', '--page', '2');
    assert.equal(listed.request, 'GET /auth/policies/p1/pins?page=2&pageSize=20');
    assert.match(listed.stderr, /page 2 of 3/);
    const moved = await last('pin', 'set', 'gh', 'a/b', '7');
    assert.deepEqual([moved.request, moved.body], ['PUT /auth/policies/p1/pins/a%2Fb', { value: '7' }]);
    assert.equal(moved.stdout, 'repository "acme/core" is pinned to repository_id 7.\n');
    assert.equal((await last('pin', 'remove', 'gh', 'a/b')).request, 'DELETE /auth/policies/p1/pins/a%2Fb');
  });

  for (const [what, args, says] of [
    [
      'an issuer that is said without keys',
      ['issuer', 'add', '--name', 'a', '--url', 'u', '--issuer', 'i'],
      /add --jwks/,
    ],
    ['keys that are no JSON', ['issuer', 'add', '--name', 'a', '--url', 'u', '--jwks', 'token'], /token is not JSON/],
    ['an update of nothing', ['issuer', 'update', 'gh'], /not said what to change/],
    ['a span without a unit', ['decisions', '--since', '7'], /such as 7d, 24h/],
    ['a policy of the wrong shape', ['policy', 'set', 'gh', 'bad.yaml'], /bad\.yaml:1:10: dialect: /],
    [
      'a policy that makes no sense',
      ['policy', 'set', 'gh', 'wrong.yaml'],
      /wrong\.yaml:2:\d+: policies\[0\]: has no "teamName"/,
    ],
    ['a policy for another issuer', ['policy', 'set', 'gh', 'other.yaml'], /for the issuer https:\/\/other\.example/],
    [
      'a candidate for another issuer',
      ['replay', '--policies', 'other.yaml', '--issuer', 'gh', '--since', '7d'],
      /other\.example/,
    ],
    ['a test of nothing', ['test', '--type', 'team'], /give one of --token FILE and --claims/],
    ['a test of two', ['test', '--type', 'team', '--token', 'token', '--claims', 'claims.json'], /give one of/],
    ['claims that are a list', ['test', '--type', 'team', '--claims', 'list.json'], /list\.json holds no claims/],
    ['a file that is not there', ['test', '--type', 'team', '--token', 'none'], /none cannot be read/],
    ['a file without end', ['test', '--type', 'team', '--token', '/dev/zero'], /larger than 1 MiB/],
  ] as const) {
    test(`${what}: 2, and nothing is changed`, async () => {
      await refused(args, 2, says);
      assert.ok(stub.heard.every(({ method }) => method === 'GET'));
    });
  }
});
