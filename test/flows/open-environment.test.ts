import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { AZURE, claimsOf, type OpeningWorld, openingWorld, somebody } from './opening-world.ts';

const OIDC = '{fn::open::oidc: {audience: registry, identityToken: {version: v2}, duration: 10m}}';
const attributes = (...names: readonly string[]): string =>
  `{fn::open::azure-login: {clientId: c, tenantId: t, oidc: true, subjectAttributes: [${names.join(', ')}]}}`;
const TEAM = somebody({ kind: 'team', name: 'ops' });
const MACHINE = somebody({ kind: 'organization', name: 'acme' });

describe('the token of a login', () => {
  let world: OpeningWorld;
  before(async () => {
    world = await openingWorld();
    await world.define('project/development', `values: {azure: ${AZURE}, oidc: ${OIDC}}`);
    await world.define('project/app', 'imports: [project/development]');
    await world.define('development', `values: {azure: ${AZURE}}`);
    for (const [name, list] of Object.entries({
      listed: ['currentEnvironment.name', 'pulumi.user.login'],
      token: ['pulumi.token.type', 'pulumi.token.team', 'rootEnvironment.name'],
      twice: ['pulumi.user.login', 'pulumi.user.login'],
      org: ['pulumi.organization.login'],
      none: [],
    }))
      await world.define(`subjects/${name}`, `values: {azure: ${attributes(...list)}}`);
  });
  after(() => world.cloud.stop());
  beforeEach(() => {
    world.events.length = 0;
  });
  const tokenOf = async (root: string, options: Parameters<OpeningWorld['values']>[1] = {}) =>
    (await claimsOf(world, (await world.values(root, options)).azure.oidc.token)).payload;
  const idOf = async (project: string, name: string) =>
    (await world.parts.directory.environment(world.owner, project, name)).id;

  test('says on v1 which environment declares it, which was opened, and who opened it', async () => {
    const { header, payload } = await claimsOf(world, (await world.values('project/app')).azure.oidc.token);
    const { jti, ...rest } = payload;
    const now = world.clock.seconds;
    assert.deepEqual(header, { alg: 'RS256', kid: 'k1', typ: 'JWT' });
    assert.match(String(jti), /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      iss: 'https://id.example.com/oidc',
      sub: 'pulumi:environments:org:acme:env:project/app',
      aud: 'azure:acme',
      org: 'acme',
      current_env: 'project/development',
      root_env: 'project/app',
      trigger_user: 'alice',
      iat: now,
      nbf: now - 30,
      exp: now + 3600,
    });
  });

  test('says the same on v2 by ids, with the declaring environment as its subject', async () => {
    const { header, payload } = await claimsOf(world, (await world.values('project/app')).oidc, 'v2');
    const { jti: _jti, iat, nbf: _nbf, exp, ...rest } = payload;
    const [current, root] = [await idOf('project', 'development'), await idOf('project', 'app')];
    assert.deepEqual([header.alg, header.kid, (exp ?? 0) - (iat ?? 0)], ['ES256', 'k2', 600]);
    assert.deepEqual(rest, {
      iss: 'https://id.example.com/oidc/v2',
      sub: `pulumi:org:${world.owner.id}:env:${current}`,
      aud: 'registry',
      'https://pulumi.com/org': 'acme',
      'https://pulumi.com/org_id': world.owner.id,
      'https://pulumi.com/current_env': 'project/development',
      'https://pulumi.com/current_env_id': current,
      'https://pulumi.com/root_env': 'project/app',
      'https://pulumi.com/root_env_id': root,
      'https://pulumi.com/actor': 'alice',
    });
  });

  test('leaves one audit record with root, current, opener, audience and subject, and the opening another', async () => {
    await world.values('project/app', { property: ['azure'] });
    const [token, opening, ...more] = world.events;
    const { jti: _jti, exp: _exp, ...detail } = token?.detail ?? {};
    assert.deepEqual(more, []);
    assert.deepEqual(
      [token?.kind, token?.outcome, token?.organization, token?.actor],
      ['environment.token', 'granted', 'acme', 'personal:alice'],
    );
    assert.deepEqual(detail, {
      issuer: 'v1',
      kid: 'k1',
      sub: 'pulumi:environments:org:acme:env:project/app',
      aud: 'azure:acme',
      current_env: 'project/development',
      root_env: 'project/app',
      trigger_user: 'alice',
    });
    assert.deepEqual(
      [opening?.kind, opening?.outcome, opening?.actor, opening?.detail],
      ['environment.open', 'granted', 'personal:alice', { root: 'project/app', duration: 7200 }],
    );
  });

  test('is for the bare organization, and leaves the project out, in the legacy project default', async () => {
    const { sub, aud, current_env, root_env } = await tokenOf('development');
    assert.deepEqual(
      [sub, aud, current_env, root_env],
      ['pulumi:environments:org:acme:env:development', 'acme', 'development', 'development'],
    );
  });

  test('has the listed attributes in its subject, in their order; an empty list is as good as none', async () => {
    const start = 'pulumi:environments:pulumi.organization.login:acme';
    assert.equal(
      (await tokenOf('subjects/listed')).sub,
      `${start}:currentEnvironment.name:subjects/listed:pulumi.user.login:alice`,
    );
    assert.equal((await tokenOf('subjects/org')).sub, `${start}:pulumi.organization.login:acme`);
    assert.equal((await tokenOf('subjects/none')).sub, 'pulumi:environments:org:acme:env:subjects/none');
    assert.equal(
      (await tokenOf('subjects/token', { as: TEAM })).sub,
      `${start}:pulumi.token.type:team:pulumi.token.team:ops:rootEnvironment.name:subjects/token`,
    );
  });

  test('is refused with an attribute that has no value, or that is listed twice', async () => {
    assert.match(String(await world.problems('subjects/token')), /"pulumi\.token\.team" has no value here/);
    assert.match(String(await world.problems('subjects/twice')), /listed twice/);
    assert.deepEqual(world.minted(), []);
  });

  test('of a team or of the organization goes by the organization’s name', async () => {
    assert.equal((await tokenOf('project/app', { as: TEAM })).trigger_user, 'acme');
    assert.equal((await tokenOf('project/app', { as: MACHINE })).trigger_user, 'acme');
  });

  test('names a version of the root in a claim of its own, never in the subject', async () => {
    const second = await world.define('versions/root', `values: {azure: ${AZURE}}`);
    await world.define('versions/root', `values: {azure: ${AZURE}, more: 1}`);
    const old = await tokenOf(`versions/root@${second}`);
    assert.deepEqual(
      [old.sub, old['root_env_revision'], old['current_env_revision'], old['root_env']],
      ['pulumi:environments:org:acme:env:versions/root', '2', '2', 'versions/root'],
    );
    for (const root of ['versions/root', 'versions/root@latest']) {
      const claims = await tokenOf(root);
      assert.deepEqual([claims['root_env_revision'], claims['current_env_revision']], [undefined, undefined], root);
    }
    assert.equal(world.events[0]?.detail['root_env_revision'], '2');
  });

  test('of an import with a version names that one’s revision, by number or by tag', async () => {
    await world.define('versions/base', `values: {azure: ${AZURE}}`);
    const place = { organization: world.owner, project: 'versions', name: 'base' };
    const base = (await world.stored.environments.get(place)) ?? assert.fail();
    await world.stored.environments.revisionTags.create(base, 'stable', {
      revision: 2,
      editor: { login: 'alice', name: 'Alice' },
    });
    await world.define('versions/user', 'imports: [versions/base@stable]');
    const { sub, current_env, current_env_revision, root_env_revision } = await tokenOf('versions/user');
    assert.deepEqual(
      [sub, current_env, current_env_revision, root_env_revision],
      ['pulumi:environments:org:acme:env:versions/user', 'versions/base', '2', undefined],
    );
  });
});
