import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identitiesOf } from '../../src/policy/identities.ts';
import { allow, NAMESPACE, SERVICEACCOUNT } from './corpus.ts';

const GITHUB = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  repository: 'acme/app',
  repository_id: '5678',
  repository_owner: 'acme',
  repository_owner_id: '1234',
  actor: 'alice',
  actor_id: '9',
};
const GITLAB = { sub: 'x', project_path: 'acme/app', project_id: 20, namespace_path: 'acme', namespace_id: '72' };
const KUBERNETES = {
  sub: 'system:serviceaccount:ci:deployer',
  'kubernetes.io': {
    namespace: 'ci',
    node: { name: 'n', uid: 'node-uid' },
    pod: { name: 'p', uid: 'pod-uid' },
    serviceaccount: { name: 'deployer', uid: 'sa-uid' },
  },
};

const REPOSITORY = { claim: 'repository', name: 'acme/app', idClaim: 'repository_id', id: '5678' };
const OWNER = { claim: 'repository_owner', name: 'acme', idClaim: 'repository_owner_id', id: '1234' };
const PROJECT = { claim: 'project_path', name: 'acme/app', idClaim: 'project_id', id: '20' };
const NAMESPACE_PATH = { claim: 'namespace_path', name: 'acme', idClaim: 'namespace_id', id: '72' };
const ACCOUNT = {
  claim: SERVICEACCOUNT,
  name: 'ci/deployer',
  idClaim: '"kubernetes.io".serviceaccount.uid',
  id: 'sa-uid',
};

const found = (claims: Readonly<Record<string, unknown>>, ...rules: readonly Readonly<Record<string, string>>[]) =>
  identitiesOf(
    rules.map((each) => allow(each)),
    claims,
  );

describe('the names that a grant rests on', () => {
  test('are those that a rule names', () => {
    assert.deepEqual(found(GITHUB, { repository: 'acme/app' }), [REPOSITORY]);
    assert.deepEqual(found(GITHUB, { repository_owner: 'acme' }), [OWNER]);
    assert.deepEqual(found(GITLAB, { project_path: 'acme/app' }), [PROJECT]);
    assert.deepEqual(found(GITLAB, { namespace_path: 'acme' }), [NAMESPACE_PATH]);
    assert.deepEqual(found(KUBERNETES, { [NAMESPACE]: 'ci' }), [ACCOUNT]);
    assert.deepEqual(found(KUBERNETES, { [SERVICEACCOUNT]: 'deployer' }), [ACCOUNT]);
  });

  test('are found however the path is written', () => {
    assert.deepEqual(found(GITHUB, { '"repository"': 'acme/app' }), [REPOSITORY]);
    assert.deepEqual(found(KUBERNETES, { '"kubernetes.io"."namespace"': 'ci' }), [ACCOUNT]);
  });

  test('are all that sub is made of, where a rule is on sub', () => {
    assert.deepEqual(found(GITHUB, { sub: 'repo:acme/*' }), [REPOSITORY, OWNER]);
    assert.deepEqual(found(GITLAB, { sub: 'project_path:acme/*' }), [PROJECT, NAMESPACE_PATH]);
    assert.deepEqual(found(KUBERNETES, { sub: 'system:serviceaccount:ci:deployer' }), [ACCOUNT]);
  });

  test('are the owner, too, where the rule leaves the repository open', () => {
    assert.deepEqual(found(GITHUB, { repository: 'acme/*' }), [REPOSITORY, OWNER]);
    assert.deepEqual(found(GITLAB, { project_path: 'acme/*' }), [PROJECT, NAMESPACE_PATH]);
  });

  test('are none where no rule names any', () => {
    assert.deepEqual(found(GITHUB, { aud: 'x', ref: 'refs/heads/main', actor: 'alice' }), []);
    assert.deepEqual(found(KUBERNETES, { '"kubernetes.io".pod.name': 'p', '"kubernetes.io".node.name': 'n' }), []);
    assert.deepEqual(found(GITHUB), []);
  });

  test('are each there once, whatever the number of allows', () => {
    assert.deepEqual(found(GITHUB, { repository: 'acme/app' }, { repository: 'acme/app' }, { sub: 'x' }), [
      REPOSITORY,
      OWNER,
    ]);
  });
});

describe('an id that the allow says itself', () => {
  test('needs no pin', () => {
    assert.deepEqual(found(GITHUB, { repository: 'acme/app', repository_id: '5678' }), []);
    assert.deepEqual(found(GITHUB, { sub: 'x', repository_id: '5678' }), [OWNER]);
    assert.deepEqual(found(KUBERNETES, { [NAMESPACE]: 'ci', '"kubernetes.io".serviceaccount.uid': 'sa-uid' }), []);
  });

  test('needs one when it is said with a wildcard of either dialect', () => {
    for (const id of ['5*', '567?', '5.78']) {
      assert.deepEqual(found(GITHUB, { repository: 'acme/app', repository_id: id }), [REPOSITORY], id);
    }
  });

  test('counts for that allow only', () => {
    const saying = { repository: 'acme/app', repository_id: '5678' };
    assert.deepEqual(found(GITHUB, saying, { repository: 'acme/*', repository_owner_id: '1234' }), [REPOSITORY]);
  });
});

describe('a pair is left out', () => {
  test('where the token lacks the name or the id, or they are no texts or numbers', () => {
    for (const value of [undefined, null, true, ['5678'], { id: '5678' }]) {
      assert.deepEqual(found({ ...GITHUB, repository_id: value }, { repository: '*' }), [OWNER]);
      assert.deepEqual(found({ ...GITHUB, repository: value }, { repository: '*' }), [OWNER]);
    }
    const { serviceaccount: _, ...bare } = KUBERNETES['kubernetes.io'];
    assert.deepEqual(found({ ...KUBERNETES, 'kubernetes.io': bare }, { sub: '*' }), []);
  });

  test('where the name is only a prototype’s', () => {
    const inherited = Object.create({ repository: 'acme/app' }) as Record<string, unknown>;
    inherited['repository_id'] = '5678';
    assert.deepEqual(found(inherited, { sub: '*' }), []);
  });
});
