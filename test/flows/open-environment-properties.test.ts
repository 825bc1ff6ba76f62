// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { claimsOf, openingWorld, somebody } from './opening-world.ts';

const ATTRIBUTES = [
  'pulumi.user.login',
  'pulumi.organization.login',
  'pulumi.token.type',
  'currentEnvironment.name',
  'rootEnvironment.name',
] as const;

/** What somebody would write to be somebody else. */
const forged = fc.oneof(
  fc.constantFrom(
    ...['admin', 'p/root', 'q/prod', '<yaml>', 'pulumi:environments:org:acme:env:q/prod'],
    ...['${context.pulumi.user.login}:env:q/prod', '${context.rootEnvironment.name}', 'a:b:c', '', '*'],
  ),
  fc.string({ maxLength: 30 }),
);
/** Values all around the login, under the very names that the claims have. */
const around = fc.dictionary(
  fc.oneof(
    fc.constantFrom('sub', 'current_env', 'root_env', 'trigger_user', 'org', 'pulumi', 'rootEnvironment', 'user'),
    fc
      .string({ minLength: 1, maxLength: 12 })
      .filter((key) => !/^(?:login|imports|context|environments|fn::.*)$/i.test(key)),
  ),
  fc.oneof(forged, fc.record({ login: forged, name: forged, user: fc.record({ login: forged }) })),
  { maxKeys: 5 },
);
const inputs = fc.record({
  clientId: forged,
  tenantId: forged,
  subscriptionId: forged,
  subjectAttributes: fc.uniqueArray(fc.constantFrom(...ATTRIBUTES), { maxLength: 5 }),
});
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/);
const project = name.filter((text) => text !== 'yaml' && text !== 'default');

test('no definition, name or value changes who a token says that it is', async () => {
  const world = await openingWorld();
  await fc.assert(
    fc.asyncProperty(around, inputs, around, project, name, name, async (below, login, above, where, one, other) => {
      fc.pre(one !== other);
      const [base, root] = [`${where}/${one}`, `${where}/${other}`];
      const call = { 'fn::open::azure-login': { ...login, oidc: true } };
      await world.define(base, JSON.stringify({ values: { ...below, login: call } }));
      await world.define(root, JSON.stringify({ imports: [base], values: above }));
      world.events.length = 0;
      const { id } = await world.open(root, { property: ['login'], as: somebody({ name: 'mallory' }) });
      const tokens = world.events.filter(({ kind }) => kind === 'environment.token');
      // A definition that is wrong has no token at all.
      if (id === undefined) return assert.deepEqual(tokens, []);
      const expected = {
        'pulumi.user.login': 'mallory',
        'pulumi.organization.login': 'acme',
        'pulumi.token.type': 'personal',
        'currentEnvironment.name': base,
        'rootEnvironment.name': root,
      };
      const listed = login.subjectAttributes.map((attribute) => `:${attribute}:${expected[attribute]}`).join('');
      const sub =
        listed === ''
          ? `pulumi:environments:org:acme:env:${root}`
          : `pulumi:environments:pulumi.organization.login:acme${listed}`;
      const content = JSON.parse(await world.read(root, id, somebody({ name: 'mallory' })));
      const { payload } = await claimsOf(world, content.value.login.value.oidc.value.token.value);
      assert.deepEqual(
        [
          payload.sub,
          payload['current_env'],
          payload['root_env'],
          payload['trigger_user'],
          payload['org'],
          payload.aud,
        ],
        [sub, base, root, 'mallory', 'acme', 'azure:acme'],
      );
      assert.equal(tokens.length, 1);
    }),
    { numRuns: 100 },
  );
  await world.cloud.stop();
});
