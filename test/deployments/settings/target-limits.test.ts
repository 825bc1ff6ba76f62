import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CloudSettings, Target } from '../../../src/deployments/settings/cloud-settings.ts';
import { audienceAt } from '../../../src/deployments/settings/target-audience.ts';
import { problemsAtTarget, type TargetToken } from '../../../src/deployments/settings/target-limits.ts';

const RUN = { organization: 'acme', project: 'core', stack: 'd', operation: 'update', version: 1, id: 'id' };
const TOKEN: TargetToken = { sub: 'pulumi:deploy:org:acme', aud: 'acme', alg: 'RS256', length: 1000 };
const AWS = { roleArn: '', sessionName: 'pulumi', policyArns: [], pinRole: false, tags: {}, transitiveTags: [] };
const GOOGLE = {
  projectId: '123',
  workloadPoolId: 'pool',
  providerId: 'prov',
  serviceAccount: 'x',
  mapsSubject: false,
};
const CLOUDS: CloudSettings = { aws: AWS, azure: {}, gcp: GOOGLE, vault: { address: '', role: '', mount: 'jwt' } };

const problems = (target: Target, token: Partial<TargetToken>, clouds: CloudSettings = CLOUDS) =>
  problemsAtTarget(target, { ...TOKEN, ...token }, clouds, RUN).map(({ field, problem }) => `${field} ${problem}`);

describe('a target', () => {
  test('has nothing against a common token', () => {
    for (const target of ['aws', 'azure', 'google', 'vault'] as const)
      assert.deepEqual(problems(target, {}), [], target);
  });

  const limits: readonly (readonly [
    target: Target,
    most: Partial<TargetToken>,
    more: Partial<TargetToken>,
    problem: RegExp,
  ])[] = [
    ['google', { sub: 'x'.repeat(127) }, { sub: 'x'.repeat(128) }, /^subject has 128 bytes; Google takes 127/],
    ['google', { sub: 'é'.repeat(63) }, { sub: 'é'.repeat(64) }, /^subject has 128 bytes/],
    ['google', { aud: 'x'.repeat(256) }, { aud: 'x'.repeat(257) }, /^audience has 257/],
    [
      'azure',
      { sub: 'x'.repeat(600) },
      { sub: 'x'.repeat(601) },
      /^subject has 601 characters; Microsoft Entra takes 600/,
    ],
    ['azure', { aud: 'x'.repeat(600) }, { aud: 'x'.repeat(601) }, /^audience has 601/],
    ['azure', { alg: 'RS256' }, { alg: 'ES256' }, /^algorithm is ES256; Microsoft Entra takes RS256 only/],
    ['aws', { aud: 'x'.repeat(255) }, { aud: 'x'.repeat(256) }, /^audience has 256/],
    ['aws', { length: 20_000 }, { length: 20_001 }, /^length has 20001 characters; AWS takes 20000/],
  ];
  for (const [target, most, more, problem] of limits) {
    test(`${target} refuses what its limit does not let through: ${problem.source}`, () => {
      assert.deepEqual(problems(target, most), []);
      const found = problems(target, more);
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', problem);
    });
  }

  test('takes RS256 and ES256 where it verifies both, and an algorithm that nobody knows yet', () => {
    for (const target of ['aws', 'google', 'vault'] as const) assert.deepEqual(problems(target, { alg: 'ES256' }), []);
    assert.deepEqual(problemsAtTarget('azure', { sub: 's', aud: 'a', length: 1 }, {}, RUN), []);
  });

  test('google takes any subject where its provider makes its own of the claims', () => {
    assert.deepEqual(problems('google', { sub: 'x'.repeat(300) }, { gcp: { ...GOOGLE, mapsSubject: true } }), []);
  });

  test('aws refuses a session name or source identity that comes to one character for this run', () => {
    const stackName = '$'.concat('{stack.name}');
    assert.deepEqual(problems('aws', {}, { aws: { ...AWS, sessionName: stackName } }), [
      'sessionName comes to 1 characters; AWS takes 2 to 64',
    ]);
    assert.deepEqual(problems('aws', {}, { aws: { ...AWS, sourceIdentity: stackName } }), [
      'sourceIdentity comes to 1 characters; AWS takes 2 to 64',
    ]);
  });
});

describe('the audience at a target on v2', () => {
  test('is what the cloud proposes', () => {
    assert.equal(audienceAt('aws', {}, 'acme'), 'sts.amazonaws.com');
    assert.equal(audienceAt('azure', {}, 'acme'), 'api://AzureADTokenExchange');
    assert.equal(audienceAt('vault', {}, 'acme'), 'vault:acme');
    assert.equal(
      audienceAt('google', CLOUDS, 'acme'),
      'https://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/prov',
    );
  });

  test('is unknown for a Google that is not configured', () =>
    assert.equal(audienceAt('google', {}, 'acme'), undefined));

  test('is the one of the settings where they have one', () => {
    const audience = 'mine';
    const clouds: CloudSettings = {
      aws: { ...AWS, audience },
      azure: { audience },
      gcp: { ...GOOGLE, audience },
      vault: { address: '', role: '', mount: '', audience },
    };
    for (const target of ['aws', 'azure', 'google', 'vault'] as const)
      assert.equal(audienceAt(target, clouds, 'acme'), audience);
  });
});
