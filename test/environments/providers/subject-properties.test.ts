import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { plainFrom } from '../../../src/environments/evaluate/plain.ts';
import { findInputProblems } from '../../../src/environments/providers/inputs.ts';
import { draftFor, type LoginContext, tokenFor } from '../../../src/environments/providers/token-for.ts';
import { Refusal } from '../../../src/errors.ts';
import type { Draft } from '../../../src/tokens/draft.ts';
import { readSubject, SUBJECT_ATTRIBUTES } from '../../../src/tokens/subject.ts';
import { CONTEXT, ISSUERS, providerNamed, V2_INPUTS, WITH_TOKEN } from './openings.ts';

const RUNS = { numRuns: process.env['NIGHTLY'] ? 100_000 : 3_000 };

const part = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/).filter((name) => !['.', '..', 'yaml'].includes(name));
const environment = fc.record(
  { project: fc.oneof(fc.constant('default'), part), name: part, id: fc.uuid() },
  { noNullPrototype: true },
);
const context: fc.Arbitrary<LoginContext> = fc.record(
  {
    organization: fc.record({ id: fc.uuid(), name: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{1,8}[a-z0-9]$/) }),
    user: part,
    token: fc.oneof(
      fc.record({ type: fc.constantFrom('personal' as const, 'organization' as const), team: fc.constant('') }),
      fc.record({ type: fc.constant('team' as const), team: part }),
    ),
    current: environment,
    root: environment,
  },
  { noNullPrototype: true },
);

/** What somebody would write who wants to be somebody else. */
const FORGED = [
  'pulumi:environments:org:other:env:prod/admin',
  'currentEnvironment.name:prod/admin',
  '<yaml>',
  '*',
  'root',
  'sub',
  ['$', '{context.rootEnvironment.name}'].join(''),
  'default',
  'aws:other',
  '__proto__',
];
const written = fc.oneof(fc.constantFrom(...FORGED), fc.string({ maxLength: 20 }), part);
const names = fc.constantFrom(
  ...['sub', 'aud', 'iss', 'current_env', 'root_env', 'trigger_user', 'org', 'context', 'current', 'root', 'user'],
  ...['subject', 'audience', 'subjectAttributes', 'claims', 'issuer', 'snowflake', 'environment', 'role', 'session'],
);
const attributes = fc.shuffledSubarray([...SUBJECT_ATTRIBUTES]);

/** Inputs that a login takes, with everything laid over them that an author might try. */
const call = fc
  .tuple(
    fc.constantFrom(
      ...Object.entries(WITH_TOKEN),
      ['oidc', V2_INPUTS] as const,
      ['debug-oidc-claims', V2_INPUTS] as const,
    ),
    fc.dictionary(names, fc.oneof(written, attributes), { maxKeys: 4 }),
    fc.dictionary(names, fc.oneof(written, attributes), { maxKeys: 4 }),
    attributes,
  )
  .map(([[name, inputs], outer, inner, listed]) => {
    const { subjectAttributes: _own, ...rest } = inner;
    const nested = Object.fromEntries(
      Object.entries(inputs).map(([key, value]) =>
        ['oidc', 'jwt'].includes(key) && typeof value === 'object'
          ? [key, { ...rest, ...value, ...(name !== 'snowflake-login' && { subjectAttributes: listed }) }]
          : [key, value],
      ),
    );
    const flat = name === 'azure-login' ? { subjectAttributes: listed } : {};
    const { subjectAttributes: _outer, ...others } = outer;
    return { name, inputs: plainFrom({ ...others, ...nested, ...flat }) };
  });

const draftOf = (name: string, inputs: ReturnType<typeof plainFrom>, opened: LoginContext): Draft | undefined => {
  const provider = providerNamed(name);
  if (findInputProblems(provider, inputs).some(({ severity }) => severity === 'error')) return undefined;
  const asked = tokenFor(provider, inputs, opened, { vaultAudience: 'prefixed' });
  if (!asked) return undefined;
  try {
    return draftFor(provider, asked, opened, ISSUERS[asked.issuer]);
  } catch (reason) {
    assert.ok(reason instanceof Refusal, String(reason));
    return undefined;
  }
};

const pathOf = ({ project, name }: { readonly project: string; readonly name: string }): string =>
  project === 'default' ? name : `${project}/${name}`;

/** What the context says for each attribute. */
const attested = ({ organization, user, token, current, root }: LoginContext): Readonly<Record<string, string>> => ({
  'pulumi.user.login': user,
  'pulumi.organization.login': organization.name,
  'pulumi.token.type': token.type,
  'pulumi.token.team': token.team,
  'currentEnvironment.name': pathOf(current ?? assert.fail()),
  'rootEnvironment.name': pathOf(root ?? assert.fail()),
});

describe('nothing that an author writes', () => {
  test('makes a token whose subject, environments or opener differ from the context', () => {
    let seen = 0;
    fc.assert(
      fc.property(call, context, ({ name, inputs }, opened) => {
        const draft = draftOf(name, inputs, opened);
        if (!draft) return;
        seen += 1;
        const truth = attested(opened);
        const at = (claim: string) => draft.claims[claim] ?? draft.claims[`https://pulumi.com/${claim}`];
        const isV2 = name === 'oidc' || name === 'debug-oidc-claims';
        const full = (which: 'current' | 'root') => `${opened[which]?.project}/${opened[which]?.name}`;
        assert.equal(at('current_env'), isV2 ? full('current') : truth['currentEnvironment.name']);
        assert.equal(at('root_env'), isV2 ? full('root') : truth['rootEnvironment.name']);
        assert.equal(isV2 ? at('actor') : at('trigger_user'), opened.user);
        assert.equal(at('org'), opened.organization.name);
        const subject = readSubject('pulumi', draft.sub) ?? assert.fail(draft.sub);
        if (subject.form === 'environment-ids') {
          assert.deepEqual([subject.orgId, subject.environmentId], [opened.organization.id, opened.current?.id]);
        } else if (subject.form === 'environment') {
          assert.deepEqual(
            [subject.org, pathOf(subject.environment)],
            [opened.organization.name, truth['rootEnvironment.name']],
          );
        } else {
          assert.ok(subject.form === 'environment-attributes');
          assert.equal(subject.org, opened.organization.name);
          for (const { attribute, value } of subject.attributes) assert.equal(value, truth[attribute]);
        }
      }),
      RUNS,
    );
    assert.ok(seen > RUNS.numRuns / 4, `${seen} tokens`);
  });

  test('brings a claim into a token that its kind does not have', () => {
    const V1 = ['current_env', 'org', 'root_env', 'trigger_user'];
    fc.assert(
      fc.property(call, context, ({ name, inputs }, opened) => {
        const draft = draftOf(name, inputs, opened);
        if (!draft || name === 'oidc' || name === 'debug-oidc-claims') return;
        const expected = name === 'snowflake-login' ? [...V1, 'scp', 'snowflake_user'] : V1;
        assert.deepEqual(Object.keys(draft.claims).sort(), [...expected].sort());
      }),
      RUNS,
    );
  });

  test('is needed for two contexts to have two subjects, where they differ in a part of it', () => {
    let different = 0;
    fc.assert(
      fc.property(call, context, context, fc.nat(), ({ name, inputs }, opened, other, pick) => {
        const fields = ['organization', 'user', 'token', 'current', 'root'] as const;
        const field = fields[pick % fields.length] ?? 'user';
        const changed: LoginContext = { ...opened, [field]: other[field] };
        const [one, two] = [draftOf(name, inputs, opened), draftOf(name, inputs, changed)];
        if (!one || !two) return;
        const [left, right] = [attested(opened), attested(changed)];
        const subject = readSubject('pulumi', one.sub) ?? assert.fail(one.sub);
        const parts =
          subject.form === 'environment-attributes'
            ? ['pulumi.organization.login', ...subject.attributes.map(({ attribute }) => attribute)]
            : ['pulumi.organization.login', 'rootEnvironment.name'];
        const same =
          subject.form === 'environment-ids'
            ? opened.organization.id === changed.organization.id && opened.current?.id === changed.current?.id
            : parts.every((attribute) => left[attribute] === right[attribute]);
        assert.equal(one.sub === two.sub, same);
        if (!same) different += 1;
      }),
      RUNS,
    );
    assert.ok(different > RUNS.numRuns / 10, `${different} pairs`);
  });
});

describe('a name that cannot be', () => {
  test('ends in no token, wherever it stands in the context', () => {
    const bad = ['a:b', 'a/b', '<yaml>', '', '..', 'a b', 'é', 'a*', 'x'.repeat(101), 'a:pulumi.user.login:admin'];
    const wrong = bad.flatMap((name): readonly LoginContext[] => [
      { ...CONTEXT, organization: { ...CONTEXT.organization, name } },
      { ...CONTEXT, user: name },
      ...(name === '' ? [] : [{ ...CONTEXT, token: { type: 'team' as const, team: name } }]),
      ...(['current', 'root'] as const).flatMap((which) => [
        { ...CONTEXT, [which]: { project: name, name: 'app', id: 'i' } },
        { ...CONTEXT, [which]: { project: 'project', name, id: 'i' } },
      ]),
    ]);
    assert.ok(draftOf('azure-login', plainFrom(WITH_TOKEN['azure-login']), CONTEXT), 'with good names there is one');
    for (const [provider, inputs] of [
      ['azure-login', WITH_TOKEN['azure-login'] ?? {}],
      ['oidc', V2_INPUTS],
    ] as const) {
      for (const opened of wrong) {
        assert.throws(
          () => draftOf(provider, plainFrom(inputs), opened),
          /has a name that cannot be/,
          JSON.stringify(opened),
        );
      }
    }
  });
});
