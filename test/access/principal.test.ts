import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATIONS, type Organization } from '../../src/access/organization.ts';
import { type Holder, mayRun, principalOf } from '../../src/access/principal.ts';

const deployer = {
  name: 'deployer',
  permissions: [{ project: 'core', stack: 'dev-*', operations: ['update' as const] }],
  environments: [],
};

const acme: Organization = {
  name: 'acme',
  users: [
    { login: 'admin', administrator: true, roles: [] },
    { login: 'alice', administrator: false, roles: ['deployer'] },
    { login: 'bob', administrator: false, roles: [] },
    { login: 'carol', administrator: false, roles: [] },
  ],
  teams: [{ name: 'platform', members: ['carol'], roles: ['deployer'] }],
  roles: [deployer],
  defaultEnvironmentAccess: 'none',
  clients: [
    { id: 'runner', administrator: false, roles: ['deployer'], authentication: { method: 'secret', secretHash: 'x' } },
    { id: 'root', administrator: true, roles: [], authentication: { method: 'secret', secretHash: 'x' } },
  ],
  subjects: [],
  trustedIssuers: [],
};

const holder = (kind: Holder['kind'], name: string, rest: Partial<Holder> = {}): Holder => ({
  kind,
  name,
  organization: 'acme',
  tokenName: 'test',
  ...rest,
});

const HOLDERS = [
  ['an administrator', holder('personal', 'admin'), 'everything'],
  ['a member with the role', holder('personal', 'alice'), 'own'],
  ['a member without a role', holder('personal', 'bob'), 'nothing'],
  ['a member of a team with the role', holder('personal', 'carol'), 'own'],
  ['the team', holder('team', 'platform'), 'own'],
  ['a client with the role', holder('client', 'runner'), 'own'],
  ['an administrating client', holder('client', 'root'), 'everything'],
  ['an organization token with the role', holder('organization', 'acme', { roles: ['deployer'] }), 'own'],
  ['an organization token without a role', holder('organization', 'acme'), 'nothing'],
  ['an administrating organization token', holder('organization', 'acme', { administrator: true }), 'everything'],
  ['a token with a role that is gone', holder('organization', 'acme', { roles: ['gone'] }), 'nothing'],
  [
    'a personal token that claims to administrate',
    holder('personal', 'bob', { administrator: true, roles: ['deployer'] }),
    'nothing',
  ],
] as const;

const TARGETS = [
  ['own stack', { project: 'core', stack: 'dev-1', operation: 'update' }, true],
  ['other stack', { project: 'core', stack: 'prod', operation: 'update' }, false],
  ['other project', { project: 'edge', stack: 'dev-1', operation: 'update' }, false],
  ['other operation', { project: 'core', stack: 'dev-1', operation: 'destroy' }, false],
] as const;

for (const [who, holding, reach] of HOLDERS) {
  for (const [where, target, own] of TARGETS) {
    const may = reach === 'everything' || (reach === 'own' && own);
    test(`${who} ${may ? 'may' : 'may not'} run on the ${where}`, () => {
      const principal = principalOf(holding, acme);
      assert.ok(principal);
      assert.equal(mayRun(principal, target), may);
    });
  }
}

test('a role for all operations allows each of them', () => {
  const permissions = [{ project: '*', stack: '*', operations: OPERATIONS }];
  const everywhere = { name: 'deployer', permissions, environments: [] };
  const principal = principalOf(holder('personal', 'alice'), { ...acme, roles: [everywhere] });
  assert.ok(principal);
  for (const operation of OPERATIONS) assert.equal(mayRun(principal, { project: 'p', stack: 's', operation }), true);
});

test('the token of a user, team or client that is gone is worth nothing', () => {
  for (const kind of ['personal', 'team', 'client'] as const)
    assert.equal(principalOf(holder(kind, 'gone'), acme), undefined);
});

test('a name of another kind is not mistaken for the holder', () => {
  assert.equal(principalOf(holder('personal', 'runner'), acme), undefined);
  assert.equal(principalOf(holder('client', 'admin'), acme), undefined);
  assert.equal(principalOf(holder('team', 'admin'), acme), undefined);
});

test('a user who has left the organization keeps nothing through a team that still names him', () => {
  const left = { ...acme, users: acme.users.filter((user) => user.login !== 'carol') };
  assert.equal(principalOf(holder('personal', 'carol'), left), undefined);
});
