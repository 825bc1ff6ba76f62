import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { Refusal } from '../../src/errors.ts';
import { type AwsClaims, awsClaims } from '../../src/tokens/aws-claims.ts';
import { RUN_CLAIMS } from '../../src/tokens/claims.ts';
import { makeDraft, problemWithAudience } from '../../src/tokens/draft.ts';
import { draftEnvironmentToken, draftEnvironmentTokenWithIds } from '../../src/tokens/environment.ts';
import { longestLength, mint } from '../../src/tokens/mint.ts';
import { draftRunToken, draftRunTokenWithIds } from '../../src/tokens/run.ts';

const ID = {
  org: '11111111-1111-4111-8111-111111111111',
  project: '22222222-2222-4222-8222-222222222222',
  stack: '33333333-3333-4333-8333-333333333333',
  environment: '44444444-4444-4444-8444-444444444444',
};
const RUN = {
  organization: { id: ID.org, name: 'acme' },
  project: { id: ID.project, name: 'core' },
  stack: { id: ID.stack, name: 'dev' },
  operation: 'update' as const,
  version: 34,
  actor: 'admin',
};
const key = { kid: 'k1', alg: 'RS256' as const, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };
const REQUEST = { iss: 'https://id.example.com/oidc', jti: 'j1', iat: 1_000_000, exp: 1_003_600 };

test('a v1 run token says exactly what the contract says, and nothing else', async () => {
  const token = await mint(draftRunToken('pulumi', [], RUN, 'acme'), key, REQUEST);
  assert.deepEqual(decodeProtectedHeader(token.reveal()), { alg: 'RS256', kid: 'k1', typ: 'JWT' });
  assert.deepEqual(decodeJwt(token.reveal()), {
    stackId: 'acme/core/dev',
    operation: 'update',
    org: 'acme',
    project: 'core',
    stack: 'dev',
    deployment: '34',
    scope: 'write',
    sub: 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write',
    aud: 'acme',
    iss: 'https://id.example.com/oidc',
    iat: 1_000_000,
    nbf: 999_970,
    exp: 1_003_600,
    jti: 'j1',
  });
});

test('a v2 run token has ids in its subject and every claim under the namespace', async () => {
  const draft = draftRunTokenWithIds('pulumi', 'https://pulumi.com/', RUN, 'sts.amazonaws.com');
  assert.equal(draft.sub, `pulumi:org:${ID.org}:stack:${ID.stack}:operation:update`);
  assert.deepEqual(draft.claims, {
    'https://pulumi.com/org': 'acme',
    'https://pulumi.com/org_id': ID.org,
    'https://pulumi.com/project': 'core',
    'https://pulumi.com/project_id': ID.project,
    'https://pulumi.com/stack': 'dev',
    'https://pulumi.com/stack_id': ID.stack,
    'https://pulumi.com/operation': 'update',
    'https://pulumi.com/deployment': '34',
    'https://pulumi.com/actor': 'admin',
  });
});

test('the first rule that matches the stack shortens the subject, and only the subject', () => {
  const rules = [
    { project: 'core', stack: 'prod*', components: ['org'] as const },
    { project: 'co*', stack: 'd?v', components: ['org', 'project', 'stack'] as const },
    { project: '*', stack: '*', components: ['org'] as const },
  ];
  const full = draftRunToken('pulumi', [], RUN, 'acme');
  const short = draftRunToken('pulumi', rules, RUN, 'acme');
  assert.equal(short.sub, 'pulumi:deploy:org:acme:project:core:stack:dev');
  assert.deepEqual(short.claims, full.claims);
});

const OPENING = {
  organization: RUN.organization,
  root: { project: 'project', name: 'root', id: ID.environment },
  current: { project: 'default', name: 'base', id: ID.stack },
  user: 'personA',
  token: { type: 'personal' as const, team: '' },
};

test("an environment's default subject names the opened environment; its claims name both", () => {
  const draft = draftEnvironmentToken('pulumi', OPENING, [], 'aws:acme');
  assert.equal(draft.sub, 'pulumi:environments:org:acme:env:project/root');
  assert.deepEqual(draft.claims, {
    org: 'acme',
    current_env: 'base',
    root_env: 'project/root',
    trigger_user: 'personA',
  });
});

test('subject attributes stand in the order listed, the organization first', () => {
  const draft = draftEnvironmentToken('pulumi', OPENING, ['rootEnvironment.name', 'pulumi.user.login'], 'aws:acme');
  assert.equal(
    draft.sub,
    'pulumi:environments:pulumi.organization.login:acme:rootEnvironment.name:project/root:pulumi.user.login:personA',
  );
});

test('an attribute without a value, or listed twice, refuses to be drafted', () => {
  const draft =
    (...attributes: Parameters<typeof draftEnvironmentToken>[2]) =>
    () =>
      draftEnvironmentToken('pulumi', OPENING, attributes, 'aws:acme');
  const isRefusal = (reason: unknown) => reason instanceof Refusal && reason.code === 'invalid_request';
  assert.throws(draft('pulumi.token.team'), isRefusal);
  assert.throws(draft('pulumi.user.login', 'pulumi.user.login'), isRefusal);
  assert.doesNotThrow(draft('pulumi.token.type', 'pulumi.organization.login'));
});

test("a v2 environment token's subject is the declaring environment, by id", () => {
  const draft = draftEnvironmentTokenWithIds('pulumi', 'https://pulumi.com/', OPENING, 'anything');
  assert.equal(draft.sub, `pulumi:org:${ID.org}:env:${ID.stack}`);
  assert.equal(draft.claims['https://pulumi.com/root_env'], 'project/root');
});

test('no builder can set what only mint may set', () => {
  for (const name of ['iss', 'Sub', 'EXP', 'azp', 'jti']) {
    assert.throws(() => makeDraft('a:b', 'acme', { [name]: 'x' }), /not a builder's/);
  }
});

test('a subject with a wildcard, a space or a bracket is never drafted', () => {
  for (const text of ['*', '?', ' ', '\n', '"', '<', '$', ';', '&', '(']) {
    assert.throws(() => makeDraft(`pulumi:deploy:org:ac${text}me`, 'acme', {}), /no name may have/);
  }
});

test('an audience is 1 to 512 bytes without characters that some verifier refuses', () => {
  for (const good of [
    'a',
    'api://AzureADTokenExchange',
    'x'.repeat(512),
    '//iam.googleapis.com/projects/1',
    'é'.repeat(256),
  ]) {
    assert.equal(problemWithAudience(good), undefined);
  }
  for (const bad of ['', 'x'.repeat(513), 'é'.repeat(257), 'a b', 'a\u0000', 'a"b', '[a]', '\ud800']) {
    assert.notEqual(problemWithAudience(bad), undefined);
  }
});

test('a minted token verifies with the key that signed it, and every claim is a string or a whole number', async () => {
  const token = await mint(draftRunToken('pulumi', [], RUN, 'acme'), key, REQUEST);
  const { payload } = await jwtVerify(token.reveal(), createPublicKey(key.key), {
    currentDate: new Date(1_000_001_000),
    audience: 'acme',
  });
  for (const name of RUN_CLAIMS) assert.equal(typeof payload[name], 'string');
  for (const name of ['iat', 'nbf', 'exp']) assert.ok(Number.isInteger(payload[name]));
});

test('a token never shows itself in text, JSON or a log', async () => {
  const token = await mint(draftRunToken('pulumi', [], RUN, 'acme'), key, REQUEST);
  assert.equal(`${token} ${JSON.stringify({ token })}`, '[secret] {"token":"[secret]"}');
});

const SESSION = { tags: { Stack: 'acme/core/dev' }, transitiveTags: ['Stack'], sourceIdentity: 'dev', role: 'arn:x' };

test('claims for AWS stand beside those of the run, in the forms that AWS reads, on both issuers', async () => {
  const aws = awsClaims(SESSION);
  for (const draft of [
    draftRunToken('pulumi', [], RUN, 'acme', aws),
    draftRunTokenWithIds('pulumi', 'https://pulumi.com/', RUN, 'acme', aws),
  ]) {
    const said = decodeJwt((await mint(draft, key, REQUEST)).reveal());
    assert.deepEqual(said['https://aws.amazon.com/tags'], {
      principal_tags: { Stack: ['acme/core/dev'] },
      transitive_tag_keys: ['Stack'],
    });
    assert.equal(said['https://aws.amazon.com/source_identity'], 'dev');
    assert.deepEqual(said['https://aws.amazon.com/roles'], ['arn:x']);
    assert.equal(said.sub, draft.sub);
  }
});

test('nothing but the claims of AWS is let in beside the flat ones', () => {
  for (const name of ['sub', 'groups', 'https://aws.amazon.com/other']) {
    const aws = { [name]: ['x'] } as unknown as AwsClaims;
    assert.throws(() => makeDraft('a:b', 'acme', {}, aws), /is none of AWS/);
  }
});

test('a token is never longer than its draft says, and not much shorter', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
  const longest = { iss: `https://${'x'.repeat(247)}`, jti: ID.org, iat: 9_999_999_999, exp: 9_999_999_999 };
  for (const draft of [
    draftRunToken('pulumi', [], RUN, 'acme'),
    draftRunToken('pulumi', [], RUN, 'é'.repeat(256), awsClaims(SESSION)),
  ]) {
    const token = await mint(draft, { kid: 'k'.repeat(43), alg: 'RS256', key: privateKey }, longest);
    assert.ok(token.reveal().length <= longestLength(draft));
    assert.ok(longestLength(draft) - token.reveal().length < 100);
  }
});
