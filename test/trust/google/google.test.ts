import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type OurSide, type Verdict } from '../../../src/trust/verdict.ts';
import { type Case, OURS, presentedBy } from '../presented.ts';

const NAME = 'projects/123456789012/locations/global/workloadIdentityPools/runpass/providers/contoso';
const SUB = 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write';
const PRINCIPAL = `principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/runpass/subject/${SUB}`;

const PROVIDER = {
  name: NAME,
  oidc: { issuerUri: 'https://id.example.com/oidc', allowedAudiences: ['contoso'] },
  attributeMapping: { 'google.subject': 'assertion.sub' },
  attributeCondition: `assertion.sub == "${SUB}"`,
};

const explain = (document: unknown, presented: Case = {}, ours: OurSide = OURS): Verdict => {
  const recognised = recognise(JSON.stringify(document));
  assert.ok(!isUnusable(recognised), JSON.stringify(recognised));
  assert.equal(recognised.party, 'google');
  return recognised.document.evaluate(presentedBy(presented), ours);
};

const codes = (found: readonly { readonly code: string }[]): readonly string[] => found.map(({ code }) => code);

describe('a provider of Google', () => {
  test('wants all claims that its guide lists', () => {
    for (const name of ['iat', 'exp', 'aud']) {
      const { reasons } = explain(PROVIDER, { claims: { [name]: null } });
      assert.ok(
        reasons.some(({ code, condition }) => code === 'google_claim_missing' && condition === name),
        name,
      );
    }
  });

  test('takes any of several audiences of a token', () => {
    assert.equal(explain(PROVIDER, { audience: ['vault', 'contoso'] }).allowed, true);
    assert.deepEqual(codes(explain(PROVIDER, { audience: ['vault', 'sts.amazonaws.com'] }).reasons), [
      'google_audience_mismatch',
    ]);
  });

  test('without a name is assumed to be the one that the token is for', () => {
    const { oidc, name: _, ...rest } = PROVIDER;
    const { allowed, assumptions } = explain({ ...rest, oidc: { issuerUri: oidc.issuerUri } });
    assert.equal(allowed, true);
    assert.ok(assumptions.includes("The token's audience is the provider's own name."));
  });

  test('says what is assumed of conditions, roles and functions that are not in the document', () => {
    const member = { members: [PRINCIPAL] };
    const conditional = { ...member, role: 'roles/iam.workloadIdentityUser', condition: { expression: 'true' } };
    const own = { ...member, role: 'projects/contoso/roles/impersonator' };
    const { allowed, assumptions } = explain({
      provider: { ...PROVIDER, attributeMapping: { 'google.subject': 'assertion.sub.trim()' } },
      policy: { bindings: [conditional, own] },
    });
    assert.equal(allowed, true);
    assert.deepEqual(assumptions, [
      'The condition on the binding of roles/iam.workloadIdentityUser is met.',
      'projects/contoso/roles/impersonator holds iam.serviceAccounts.getAccessToken.',
      'Google evaluates trim(), of which its pages do not speak.',
    ]);
  });

  test('warns of stacks whose subjects will be too long, before one of them runs', () => {
    const stack = `${'customer-data-platform-infrastructure'}/${'europe-west-frankfurt-primary-cluster'}`;
    const ours = { ...OURS, known: { ...OURS.known, stacks: ['core/dev', stack] } };
    const { allowed, warnings } = explain(PROVIDER, {}, ours);
    assert.equal(allowed, true);
    assert.deepEqual(codes(warnings), ['google_subject_gets_too_long']);
    assert.ok(warnings[0]?.text.includes(stack), warnings[0]?.text);
    const short = {
      ...PROVIDER,
      attributeMapping: { 'google.subject': 'assertion.sub.extract("org:{subject}:scope:write")' },
    };
    assert.deepEqual(explain(short, {}, ours).warnings, []);
  });

  test('names a principal in the form that was meant, where another form was written', () => {
    const written = (member: string) =>
      explain({
        provider: {
          ...PROVIDER,
          attributeMapping: { 'google.subject': 'assertion.sub', 'attribute.project': 'assertion.project' },
        },
        policy: { bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [member] }] },
      }).reasons[0];
    const attribute = PRINCIPAL.replace(`subject/${SUB}`, 'attribute.project/core');
    const right = attribute.replace('principal:', 'principalSet:');
    assert.equal(written(attribute)?.edit, `Write ${right}.`);
    assert.equal(written(right.replace('123456789012', 'contoso-prod'))?.edit, `Write ${right}.`);
    assert.equal(written(right.replace('core', 'web'))?.edit, `Write ${right}.`);
    assert.equal(written(right.replace('/core', '/web'))?.code, 'google_binding_attribute');
  });

  test('of a subject with an unknown claim, the nearest that is minted is named', () => {
    const condition = `assertion.sub == "${SUB}" && (assertion.oper == "x" || true)`;
    const { warnings } = explain({ ...PROVIDER, attributeCondition: condition });
    assert.deepEqual(codes(warnings), ['google_claim_never_minted']);
  });

  test('of a subject that is too long, a shorter expression is offered only where it is short enough and loses nothing', () => {
    const names = { project: 'p'.repeat(60), stack: 's'.repeat(40) };
    const edit = (mapping: string, given: Case) =>
      explain({ ...PROVIDER, attributeMapping: { 'google.subject': mapping } }, given).reasons.find(
        ({ code }) => code === 'google_subject_too_long',
      )?.edit;
    assert.match(edit('assertion.sub', { ...names, stack: 's' })!, /^Write google\.subject: assertion\.sub\.extract/);
    assert.match(edit('assertion.sub', names)!, /^Shorten the subject/);
    assert.match(edit('assertion.sub + "!"', { ...names, stack: 's' })!, /^Shorten the subject/);
  });

  test('of a member in no form of IAM, and of a provider without a name, what is missing is said', () => {
    const bound = (member: string, provider: object) =>
      explain({ provider, policy: { bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [member] }] } })
        .reasons[0];
    assert.equal(bound(PRINCIPAL.replace('/locations/global', ''), PROVIDER)?.code, 'google_binding_form');
    const { name: _, ...nameless } = PROVIDER;
    const reason = bound(PRINCIPAL.replace('update', 'preview'), nameless);
    assert.deepEqual([reason?.code, reason?.safe], ['google_binding_subject', false]);
    assert.match(reason?.edit ?? '', /^Hand over the provider with its name/);
  });

  test('is not saved with a mapping that is too long, too many attributes, or a condition that is too long', () => {
    const refused = (change: object) => explain({ ...PROVIDER, ...change }).reasons;
    const mapping = (more: object) => ({ attributeMapping: { ...PROVIDER.attributeMapping, ...more } });
    const at = (characters: number) => 'assertion.org'.padEnd(characters);
    assert.deepEqual(refused(mapping({ 'attribute.a': at(2048) })), []);
    const [tooLong] = refused(mapping({ 'attribute.a': at(2049) }));
    assert.deepEqual(
      [tooLong?.code, tooLong?.wanted, tooLong?.edit.startsWith('Leave attribute.a out.')],
      ['google_mapping_form', 'at most 2048 characters', true],
    );
    const attributes = (count: number) =>
      mapping(
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`attribute.a${index}`, 'assertion.org'])),
      );
    assert.deepEqual(refused(attributes(50)), []);
    const [tooMany] = refused(attributes(51));
    assert.deepEqual(
      [tooMany?.code, tooMany?.wanted, tooMany?.presented],
      ['google_mapping_form', 'at most 50 attributes', '51'],
    );
    const condition = (characters: number) => ({ attributeCondition: 'true'.padEnd(characters) });
    assert.deepEqual(refused(condition(4096)), []);
    assert.deepEqual(codes(refused(condition(4097))), ['google_condition_invalid']);
  });

  test('with a mapping that fails maps the rest, and says what failed once', () => {
    const attributeMapping = { 'google.subject': 'assertion.sub', 'attribute.gone': 'assertion.nothing' };
    const { reasons } = explain({ ...PROVIDER, attributeMapping });
    assert.deepEqual(codes(reasons), ['google_mapping_failed']);
    assert.match(reasons[0]?.edit ?? '', /^Leave attribute\.gone out\./);
    const subject = explain({ ...PROVIDER, attributeMapping: { 'google.subject': 'assertion.nothing' } });
    assert.match(subject.reasons[0]?.edit ?? '', /^Write google\.subject: assertion\.sub\./);
  });
});
