import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessTo, hasAccess } from '../../src/access/environments.ts';
import { ENVIRONMENT_LEVELS, type EnvironmentAccess, type Organization } from '../../src/access/organization.ts';
import { type Holder, mayRun, principalOf } from '../../src/access/principal.ts';

/** Each role gives one level on `core/dev-*`; `stacks` says nothing of environments. */
const acme = (defaultEnvironmentAccess: EnvironmentAccess = 'none'): Organization => ({
  name: 'acme',
  users: [
    { login: 'admin', administrator: true, roles: [] },
    { login: 'alice', administrator: false, roles: ['open'] },
    { login: 'bob', administrator: false, roles: [] },
    { login: 'carol', administrator: false, roles: ['read'] },
    { login: 'dave', administrator: false, roles: ['stacks'] },
  ],
  teams: [{ name: 'platform', members: ['carol'], roles: ['write'] }],
  roles: [
    ...(['read', 'open', 'write', 'admin'] as const).map((access) => ({
      name: access,
      permissions: [],
      environments: [{ project: 'core', environment: 'dev-*', access }],
    })),
    { name: 'stacks', permissions: [{ project: '*', stack: '*', operations: ['update'] }], environments: [] },
  ],
  defaultEnvironmentAccess,
  clients: [
    { id: 'plane', administrator: false, roles: ['write'], authentication: { method: 'secret', secretHash: 'x' } },
    { id: 'other', administrator: false, roles: [], authentication: { method: 'secret', secretHash: 'x' } },
    { id: 'root', administrator: true, roles: [], authentication: { method: 'secret', secretHash: 'x' } },
  ],
  subjects: [],
  trustedIssuers: [],
});

const holder = (kind: Holder['kind'], name: string, rest: Partial<Holder> = {}): Holder => ({
  kind,
  name,
  organization: 'acme',
  tokenName: 'test',
  ...rest,
});

const principal = (holding: Holder, organization = acme()) => {
  const found = principalOf(holding, organization);
  assert.ok(found);
  return found;
};

/** Who; on `core/dev-1`; elsewhere; and the same where the organization's default is `open`. */
const MATRIX: readonly (readonly [string, Holder, ...(readonly EnvironmentAccess[])])[] = [
  ['an administrator', holder('personal', 'admin'), 'admin', 'admin', 'admin', 'admin'],
  ['a member with a role', holder('personal', 'alice'), 'open', 'none', 'open', 'open'],
  ['a member without a role', holder('personal', 'bob'), 'none', 'none', 'open', 'open'],
  ['a member whose team has a higher role', holder('personal', 'carol'), 'write', 'none', 'write', 'open'],
  ['a member with a role for stacks', holder('personal', 'dave'), 'none', 'none', 'open', 'open'],
  ['a team', holder('team', 'platform'), 'write', 'none', 'write', 'open'],
  ['a client with a role', holder('client', 'plane'), 'write', 'none', 'write', 'none'],
  ['a client without a role', holder('client', 'other'), 'none', 'none', 'none', 'none'],
  ['an administrating client', holder('client', 'root'), 'admin', 'admin', 'admin', 'admin'],
  [
    'an organization token with a role',
    holder('organization', 'acme', { roles: ['admin'] }),
    'admin',
    'none',
    'admin',
    'none',
  ],
  ['an organization token without one', holder('organization', 'acme'), 'none', 'none', 'none', 'none'],
  [
    'an administrating organization token',
    holder('organization', 'acme', { administrator: true }),
    'admin',
    'admin',
    'admin',
    'admin',
  ],
  ['a runner', holder('runner', 'pool'), 'none', 'none', 'none', 'none'],
];

const DEV = { project: 'core', name: 'dev-1' };
const PROD = { project: 'core', name: 'prod' };

for (const [who, holding, own, elsewhere, ownByDefault, elsewhereByDefault] of MATRIX) {
  test(`${who} has ${own} where a role says so and ${elsewhere} elsewhere; with a default of open, ${ownByDefault} and ${elsewhereByDefault}`, () => {
    const strict = principal(holding);
    const lenient = principal(holding, acme('open'));
    assert.deepEqual(
      [accessTo(strict, DEV), accessTo(strict, PROD), accessTo(lenient, DEV), accessTo(lenient, PROD)],
      [own, elsewhere, ownByDefault, elsewhereByDefault],
    );
  });
}

for (const [at, held] of ENVIRONMENT_LEVELS.entries()) {
  test(`whoever has ${held} may do what that and every lower level stands for, and nothing higher`, () => {
    const holding = principal(holder('organization', 'acme', { roles: [held] }));
    const levels = ['read', 'open', 'write', 'admin'] as const;
    const may = levels.filter((level) => hasAccess(holding, DEV, level));
    assert.deepEqual(may, levels.slice(0, at));
  });
}

test('a pattern matches the whole name of project and environment, and both of them', () => {
  const alice = principal(holder('personal', 'alice'));
  for (const target of [
    { project: 'core', name: 'xdev-1' },
    { project: 'core2', name: 'dev-1' },
    { project: 'dev-1', name: 'core' },
    { project: 'core', name: 'DEV-1' },
  ]) {
    assert.equal(accessTo(alice, target), 'none', JSON.stringify(target));
  }
});

test('of several roles the highest counts, in whatever order they stand', () => {
  for (const roles of [
    ['read', 'admin', 'open'],
    ['admin', 'open', 'read'],
  ]) {
    assert.equal(accessTo(principal(holder('organization', 'acme', { roles })), DEV), 'admin');
  }
});

test('a default above a role counts, and a default of none takes nothing away', () => {
  const alice = holder('personal', 'alice');
  assert.equal(accessTo(principal(alice, acme('admin')), DEV), 'admin');
  assert.equal(accessTo(principal(alice, acme('none')), DEV), 'open');
});

test('access to environments lets nobody run anything', () => {
  const holding = principal(holder('organization', 'acme', { roles: ['admin'] }));
  assert.equal(mayRun(holding, { project: 'core', stack: 'dev-1', operation: 'update' }), false);
});
