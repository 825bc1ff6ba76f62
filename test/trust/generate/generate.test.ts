import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { matchesName } from '../../../src/access/names.ts';
import { OPERATIONS, type SubjectRule } from '../../../src/access/organization.ts';
import { runContext } from '../../../src/trust/generate/contexts.ts';
import { generateTrust, seenBy } from '../../../src/trust/generate/generate.ts';
import {
  CHECKED_BY,
  GENERATED_FOR,
  type GeneratedFor,
  isNotGenerated,
  type TrustRequest,
} from '../../../src/trust/generate/generated.ts';
import type { OrganizationFacts, RunScope, TrustScope } from '../../../src/trust/generate/scope.ts';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable } from '../../../src/trust/verdict.ts';
import { FACTS, INPUTS } from './facts.ts';

const ALL: RunScope = { kind: 'runs', project: '*', stack: '*', operations: [] };
const ONE: RunScope = { kind: 'runs', project: 'core', stack: 'prod', operations: ['update', 'preview'] };

const request = (change: Partial<TrustRequest>): TrustRequest => ({
  target: 'aws',
  scope: ONE,
  issuer: 'v1',
  inputs: INPUTS,
  ...change,
});

const generated = (change: Partial<TrustRequest>, facts: OrganizationFacts = FACTS) => {
  const answer = generateTrust(request(change), facts);
  if (isNotGenerated(answer)) assert.fail(`${answer.problem} (${JSON.stringify(change)})`);
  return answer;
};

const problem = (change: Partial<TrustRequest>, facts: OrganizationFacts = FACTS): string => {
  const answer = generateTrust(request(change), facts);
  assert.ok(isNotGenerated(answer), 'something was generated');
  return answer.problem;
};

const shortened = (...components: string[]): OrganizationFacts => ({
  ...FACTS,
  subjects: [{ project: '*', stack: '*', components: components as unknown as SubjectRule['components'] }],
});

for (const target of GENERATED_FOR) {
  for (const issuer of ['v1', 'v2'] as const) {
    test(`a document for ${target} on ${issuer} admits one stack, and is proved`, () => {
      const { admits, refuses } = generated({ target, issuer });
      assert.deepEqual(admits, ['contoso/core/prod update', 'contoso/core/prod preview']);
      assert.ok(refuses > 30);
    });
  }
}

test('one stack is written with exact subjects, and no wildcard', () => {
  const [statement] = JSON.parse(generated({}).files[0]?.content ?? '').Statement;
  assert.deepEqual(statement.Condition, {
    StringEquals: {
      'id.example.com/oidc:aud': 'contoso',
      'id.example.com/oidc:sub': [
        'pulumi:deploy:org:contoso:project:core:stack:prod:operation:update:scope:write',
        'pulumi:deploy:org:contoso:project:core:stack:prod:operation:preview:scope:write',
      ],
    },
  });
});

test('a pattern of stacks stays within its own part of the subject', () => {
  const scope: RunScope = { kind: 'runs', project: 'core', stack: 'prod-*', operations: ['update'] };
  const [statement] = JSON.parse(generated({ scope }).files[0]?.content ?? '').Statement;
  assert.deepEqual(statement.Condition.StringLike, {
    'id.example.com/oidc:sub': 'pulumi:deploy:org:contoso:project:core:stack:prod-*:operation:update:scope:write',
  });
});

test('Azure gets a credential for each subject, and one for a stack whose subjects leave the operation out', () => {
  assert.equal(generated({ target: 'azure' }).files.length, 2);
  const { files, warnings } = generated({ target: 'azure' }, shortened('org', 'project', 'stack'));
  assert.equal(files.length, 1);
  assert.ok(warnings.some((text) => /leave the operation out/.test(text)));
  assert.match(problem({ target: 'azure', scope: ALL }), /would be 90 credentials, and an application takes 20/);
});

test('a pattern that cannot be proved is not given out: the stacks that exist are named instead', () => {
  // Subjects of dev-a… have the operation, those of dev… end with the stack: "dev*" lets every operation of dev-a… in.
  const rule = (stack: string, ...components: string[]) => ({ project: '*', stack, components });
  const subjects = [rule('dev-a*', 'org', 'project', 'stack', 'operation'), rule('dev*', 'org', 'project', 'stack')];
  const facts = { ...FACTS, subjects: subjects as unknown as readonly SubjectRule[] };
  const scope: RunScope = { kind: 'runs', project: 'core', stack: 'dev*', operations: ['update'] };
  const { document, warnings } = generated({ scope }, facts);
  assert.doesNotMatch(document, /StringLike/);
  assert.ok(warnings.includes('It names the stacks that exist: generate it again for those that come later.'));
});

test('what no relying party can tell apart is said: the subject of another stack is the same', () => {
  const { warnings } = generated({}, shortened('org', 'project'));
  assert.ok(warnings.some((text) => /contoso\/core\/prod-evil update gets in, too/.test(text)));
  // Google sees the other claims, so there nothing leaks.
  const google = generated({ target: 'google' }, shortened('org', 'project'));
  assert.ok(google.warnings.every((text) => !/gets in/.test(text)));
});

test('names that make a subject too long for Google are mapped to less of it', () => {
  const name = 'p'.repeat(70);
  const stack = { project: { id: FACTS.organizationId, name }, id: FACTS.organizationId, name: 'prod' };
  const scope: RunScope = { kind: 'runs', project: name, stack: 'prod', operations: ['update'] };
  const { document } = generated({ target: 'google', scope }, { ...FACTS, stacks: [stack] });
  const { provider, policy } = JSON.parse(document);
  assert.equal(
    provider.attributeMapping['google.subject'],
    'assertion.sub.extract("pulumi:deploy:org:{subject}:scope:write")',
  );
  assert.match(policy.bindings[0].members[0], /\/subject\/contoso:project:p{70}:stack:prod:operation:update$/);
});

test('what only the account knows is asked for by its flag', () => {
  const asked: Readonly<Record<GeneratedFor, RegExp>> = {
    aws: /--aws-account/,
    azure: /--azure-app/,
    google: /--google-project/,
    vault: /--vault-policies/,
    kubernetes: /nothing/,
    terraform: /--aws-account/,
    pulumi: /--aws-account/,
    cloudformation: /--aws-account/,
    bicep: /--azure-identity/,
  };
  for (const target of GENERATED_FOR.filter((each) => each !== 'kubernetes')) {
    assert.match(problem({ target, inputs: {} }), asked[target]);
  }
  assert.match(problem({ inputs: { awsAccount: '1; rm -rf /' } }), /--aws-account must be/);
});

test('a name that nobody has is refused on v2, where its id is needed', () => {
  const scope: RunScope = { kind: 'runs', project: 'core', stack: 'later', operations: [] };
  assert.match(problem({ scope, issuer: 'v2' }), /Nothing in contoso is stack core\/later/);
  assert.deepEqual(generated({ scope }).admits.length, OPERATIONS.length);
});

test('tools get the very document that was proved', () => {
  for (const cloud of CHECKED_BY.filter((each) => each !== 'kubernetes')) {
    const direct = generated({ target: cloud });
    const terraform = generated({ target: 'terraform', cloud });
    assert.equal(terraform.document, direct.document);
    const { content = '' } = terraform.files[0] ?? {};
    for (const text of textsOf(cloud, direct.document)) assert.ok(content.includes(text), text);
    const program = parse(generated({ target: 'pulumi', cloud }).files[0]?.content ?? '');
    const resources = JSON.stringify(program.resources);
    for (const text of textsOf(cloud, direct.document)) assert.ok(resources.includes(text), text);
  }
  const template = parse(generated({ target: 'cloudformation' }).files[0]?.content ?? '');
  assert.deepEqual(
    template.Resources.Role.Properties.AssumeRolePolicyDocument,
    JSON.parse(generated({}).files[0]?.content ?? ''),
  );
  assert.match(
    generated({ target: 'bicep' }).files[0]?.content ?? '',
    /subject: 'pulumi:deploy:org:contoso:project:core/,
  );
});

interface Decisive {
  readonly role: { readonly AssumeRolePolicyDocument: object; readonly bound_claims: { readonly stackId: string[] } };
  readonly provider: { readonly attributeCondition: string };
  readonly policy: { readonly bindings: readonly { readonly members: readonly string[] }[] };
}

/** What decides in a document of each cloud, as JSON writes it. */
const textsOf = (cloud: string, text: string): readonly string[] => {
  const document: unknown = JSON.parse(text);
  const { role, provider, policy } = document as Decisive;
  switch (cloud) {
    case 'aws':
      return JSON.stringify(role.AssumeRolePolicyDocument).match(/"pulumi:[^"]*"/g) ?? [];
    case 'azure':
      return (document as { subject: string }[]).map(({ subject }) => JSON.stringify(subject));
    case 'google':
      return [provider.attributeCondition, policy.bindings[0]?.members[0]].map((each) => JSON.stringify(each));
    default:
      return [JSON.stringify(role.bound_claims.stackId.join(','))];
  }
};

test('an environment is admitted by its subject, or by the attributes that its login lists', () => {
  const plain: TrustScope = { kind: 'environment', project: 'core', environment: 'aws', attributes: [] };
  const named: TrustScope = {
    ...plain,
    attributes: [{ attribute: 'rootEnvironment.name' }, { attribute: 'pulumi.user.login', value: 'alice' }],
  };
  for (const target of CHECKED_BY) {
    for (const scope of [plain, named]) {
      const { refuses } = generated({ target, scope });
      assert.ok(refuses > 5);
    }
    generated({ target, scope: plain, issuer: 'v2' });
  }
  assert.equal(generated({ scope: plain }).audience, 'aws:contoso');
});

/** Lehmer's generator: the same scopes on every run. */
const random = (seed: number) => {
  let state = seed;
  return <T>(list: readonly T[]): T => {
    state = (state * 48271) % 2147483647;
    return list[state % list.length] as T;
  };
};

const COMPONENTS: readonly SubjectRule['components'][] = [
  ['org'],
  ['org', 'project'],
  ['org', 'project', 'operation'],
  ['org', 'project', 'stack'],
  ['org', 'project', 'stack', 'operation'],
];

test('whatever the scope and the rules for subjects, what is generated was proved or is not given out', () => {
  const tally = { generated: 0, refused: 0 };
  for (let seed = 1; seed <= 40; seed++) {
    const pick = random(seed * 7919);
    const rule = (): SubjectRule => ({
      project: pick(['*', 'core', 'w*', 'data.lake']),
      stack: pick(['*', 'prod*', 'dev', '?', 'prod-*']),
      components: pick(COMPONENTS),
    });
    const facts: OrganizationFacts = { ...FACTS, subjects: Array.from({ length: pick([0, 1, 2, 3]) }, rule) };
    const scope: RunScope = {
      kind: 'runs',
      project: pick(['*', 'core', 'web', 'c*', 'data.lake']),
      stack: pick(['*', 'prod', 'prod-*', 'prod*', '?', 'dev', '*-eu']),
      operations: pick<RunScope['operations']>([[], ['update'], ['preview', 'refresh'], ['destroy', 'update']]),
    };
    const change = { target: pick(GENERATED_FOR), cloud: pick(CHECKED_BY), scope, issuer: pick(['v1', 'v2'] as const) };
    const answer = generateTrust(request(change), facts);
    if (isNotGenerated(answer)) {
      assert.doesNotMatch(
        answer.problem,
        /could be proved|document is/,
        `${seed} ${JSON.stringify([change, facts.subjects])}`,
      );
      tally.refused++;
      continue;
    }
    tally.generated++;
    // Everybody who exists and is meant gets in: asked of the text that is given out, not of what it was made from.
    const read = recognise(answer.document);
    assert.ok(!isUnusable(read));
    assert.ok(answer.admits.length > 0);
    for (const { project, name, id } of FACTS.stacks) {
      for (const operation of OPERATIONS) {
        const run = {
          organization: { id: FACTS.organizationId, name: 'contoso' },
          project,
          stack: { id, name },
          operation,
        };
        const { presented } = runContext(facts, { issuer: change.issuer, audience: answer.audience }, run);
        const isMeant =
          matchesName(scope.project, project.name) &&
          matchesName(scope.stack, name) &&
          (scope.operations.length === 0 || scope.operations.includes(operation));
        // What AWS and Entra cannot tell apart, they let in; everybody else is kept out.
        const isExact = seenBy(answer.checkedBy) === 'claims' || facts.subjects.length === 0;
        const admits: boolean = read.document.admits(presented);
        if (isMeant || isExact) assert.equal(admits, isMeant, `${seed} ${project.name}/${name} ${operation}`);
      }
    }
  }
  assert.ok(tally.generated > 20, JSON.stringify(tally));
});
