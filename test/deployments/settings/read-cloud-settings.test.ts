// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the contract, not of this language
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCloudSettings, writeCloudSettings } from '../../../src/deployments/settings/read-cloud-settings.ts';

const ROLE = 'arn:aws:iam::123456789012:role/deploy';
const AWS = { roleArn: ROLE, sessionName: 'pulumi-${deployment.version}' };
const GCP = {
  projectId: '123456789012',
  workloadPoolId: 'runpass',
  providerId: 'runpass-v1',
  serviceAccount: 'deploy@my-project.iam.gserviceaccount.com',
};
const VAULT = { address: 'https://vault.example.com:8200', role: 'deploy' };
const GUID = '01234567-89ab-cdef-0123-456789abcdef';

const settingsIn = (json: unknown) => {
  const read = readCloudSettings(json, 'oidc');
  assert.ok('settings' in read, JSON.stringify(read));
  return read.settings;
};
const problemsIn = (json: unknown): readonly string[] => {
  const read = readCloudSettings(json, 'oidc');
  return 'problems' in read ? read.problems.map(({ path, problem }) => `${path}: ${problem}`) : [];
};

describe('cloud settings', () => {
  test('are read complete, with durations in whole seconds', () => {
    const full = {
      aws: {
        ...AWS,
        duration: '1h0m0s',
        policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
        pinRole: true,
        sourceIdentity: '${stack.name}',
        tags: { Stack: 'stackId', 'cost:center': 'project' },
        transitiveTags: ['Stack'],
        audience: 'sts.amazonaws.com',
      },
      azure: { clientId: GUID, tenantId: GUID.toUpperCase(), subscriptionId: GUID, audience: 'api://x' },
      gcp: { ...GCP, region: 'europe-west1', tokenLifetime: '90m', mapsSubject: true, audience: 'a' },
      vault: { ...VAULT, mount: 'auth/jwt', namespace: 'team/a', audience: 'v' },
    };
    const settings = settingsIn(full);
    assert.equal(settings.aws?.duration, 3600);
    assert.equal(settings.gcp?.tokenLifetime, 5400);
    assert.deepEqual(writeCloudSettings(settings), { ...full, gcp: { ...full.gcp, tokenLifetime: '1h30m0s' } });
  });

  test('have defaults for what is ours, and write none of them that says nothing', () => {
    const settings = settingsIn({ aws: AWS, gcp: GCP, vault: VAULT });
    assert.deepEqual(settings.aws, { ...AWS, policyArns: [], pinRole: false, tags: {}, transitiveTags: [] });
    assert.deepEqual(settings.gcp, { ...GCP, mapsSubject: false });
    assert.deepEqual(settings.vault, { ...VAULT, mount: 'jwt' });
    assert.deepEqual(writeCloudSettings(settings), { aws: AWS, gcp: GCP, vault: { ...VAULT, mount: 'jwt' } });
  });

  test('take the empty text, null and absence for the same', () => {
    assert.deepEqual(
      settingsIn({ aws: { ...AWS, duration: '', policyArns: null, sourceIdentity: '' } }).aws?.duration,
      undefined,
    );
    for (const nothing of [
      undefined,
      null,
      '',
      {},
      { aws: null, azure: '' },
      { aws: { roleArn: '', policyArns: [] } },
    ]) {
      assert.deepEqual(settingsIn(nothing), {});
    }
  });

  test('tell everything that is wrong, each at its path', () => {
    assert.deepEqual(
      problemsIn({
        aws: { sessionName: 'x y' },
        gcp: { ...GCP, projectId: 'my-project' },
        azure: { clientId: 'x' },
      }).map((text) => text.split(':')[0]),
      ['oidc.aws.roleArn', 'oidc.aws.sessionName', 'oidc.azure.clientId', 'oidc.gcp.projectId'],
    );
  });

  test('say which member is missing as such', () => {
    const read = readCloudSettings({ aws: { sessionName: 'pulumi' } }, 'a.b');
    assert.deepEqual(read, { problems: [{ path: 'a.b.aws.roleArn', kind: 'required', problem: 'is missing' }] });
  });
});

describe('cloud settings are refused', () => {
  const refused: Readonly<Record<string, readonly [json: unknown, problem: RegExp]>> = {
    'that are no object': [[], /^oidc: must be an object/],
    'of a cloud that is no object': [{ aws: false }, /^oidc\.aws: must be an object/],
    'of an unknown cloud': [{ google: GCP }, /^oidc\.google: is no member here; there are aws, azure, gcp, vault/],
    'with the casing of the provider, and told the right one': [
      { aws: { ...AWS, policyARNs: ['x'] } },
      /^oidc\.aws\.policyARNs: is no member here; did you mean "policyArns"/,
    ],
    'with an ARN that is no role': [
      { aws: { ...AWS, roleArn: 'arn:aws:iam::123456789012:user/x' } },
      /^oidc\.aws\.roleArn: must be the ARN of a role/,
    ],
    'with an ARN without an account': [{ aws: { ...AWS, roleArn: 'arn:aws:iam:::role/x' } }, /roleArn/],
    'with a session name of characters that AWS does not take': [
      { aws: { ...AWS, sessionName: 'a/b' } },
      /sessionName: takes/,
    ],
    'with a session name of one character': [{ aws: { ...AWS, sessionName: 'a' } }, /sessionName: comes to 1/],
    'with a session name of 65 characters': [
      { aws: { ...AWS, sessionName: 'a'.repeat(65) } },
      /sessionName: comes to up to 65/,
    ],
    'with a session of less than 15 minutes': [
      { aws: { ...AWS, duration: '14m59s' } },
      /duration: must be from 15m to 12h/,
    ],
    'with a session of more than 12 hours': [
      { aws: { ...AWS, duration: '12h0m1s' } },
      /duration: must be from 15m to 12h/,
    ],
    'with a duration that is none': [{ aws: { ...AWS, duration: '900' } }, /duration: must be a duration/],
    'with eleven policies': [
      { aws: { ...AWS, policyArns: Array(11).fill('arn:aws:iam::aws:policy/ReadOnlyAccess') } },
      /policyArns: takes at most 10/,
    ],
    'with an ARN that is no policy': [
      { aws: { ...AWS, policyArns: [ROLE] } },
      /policyArns\.0: must be the ARN of a policy/,
    ],
    'with policies that are no list': [{ aws: { ...AWS, policyArns: 'x' } }, /policyArns: must be a list/],
    'with pinning that is no flag': [{ aws: { ...AWS, pinRole: 'yes' } }, /pinRole: must be true or false/],
    'with a source identity that AWS does not take': [
      { aws: { ...AWS, sourceIdentity: 'a b' } },
      /sourceIdentity: takes/,
    ],
    'with a tag of an unknown claim': [
      { aws: { ...AWS, tags: { Stack: 'sub' } } },
      /tags\.Stack: must be one of org, project/,
    ],
    'with a tag that AWS keeps for itself': [{ aws: { ...AWS, tags: { 'AWS:x': 'org' } } }, /reserved by AWS/],
    'with a tag of 129 characters': [{ aws: { ...AWS, tags: { ['x'.repeat(129)]: 'org' } } }, /1 to 128/],
    'with a tag of other characters': [{ aws: { ...AWS, tags: { 'a*b': 'org' } } }, /1 to 128/],
    'with tags that differ in case only': [
      { aws: { ...AWS, tags: { Org: 'org', org: 'org' } } },
      /differ only in case/,
    ],
    'with 51 tags': [
      { aws: { ...AWS, tags: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, 'org'])) } },
      /tags: takes at most 50/,
    ],
    'with a transitive tag that is none': [
      { aws: { ...AWS, tags: { a: 'org' }, transitiveTags: ['b'] } },
      /transitiveTags\.0: is no key/,
    ],
    'with a transitive tag twice': [
      { aws: { ...AWS, tags: { a: 'org' }, transitiveTags: ['a', 'a'] } },
      /transitiveTags\.1: is listed twice/,
    ],
    'with an audience that no token may have': [
      { aws: { ...AWS, audience: 'a b' } },
      /audience: must not hold white space/,
    ],
    'with an audience that AWS does not take': [
      { aws: { ...AWS, audience: 'a'.repeat(256) } },
      /audience: must have at most 255/,
    ],
    'with an audience that Google does not take': [
      { gcp: { ...GCP, audience: 'a'.repeat(257) } },
      /audience: must have at most 256/,
    ],
    'with a tenant that is no GUID': [{ azure: { clientId: GUID, tenantId: 'contoso' } }, /tenantId: must be a GUID/],
    'with a subscription that is no GUID': [
      { azure: { subscriptionId: `${GUID}0` } },
      /subscriptionId: must be a GUID/,
    ],
    "with a project's id instead of its number": [
      { gcp: { ...GCP, projectId: 'my-project' } },
      /projectId: must be the project's number/,
    ],
    'with a number that is no text': [{ gcp: { ...GCP, projectId: 1 } }, /projectId: must be a text/],
    'with a pool of three characters': [{ gcp: { ...GCP, workloadPoolId: 'abc' } }, /workloadPoolId: must be 4 to 32/],
    'with a provider of 33 characters': [
      { gcp: { ...GCP, providerId: 'a'.repeat(33) } },
      /providerId: must be 4 to 32/,
    ],
    'with a person instead of a service account': [
      { gcp: { ...GCP, serviceAccount: 'me@example.com' } },
      /serviceAccount: must be/,
    ],
    'with an access token of less than 10 minutes': [
      { gcp: { ...GCP, tokenLifetime: '599s' } },
      /tokenLifetime: must be from 10m/,
    ],
    'with an access token of more than 12 hours': [
      { gcp: { ...GCP, tokenLifetime: '12h1s' } },
      /tokenLifetime: must be from 10m/,
    ],
    'with a Vault address without a scheme': [
      { vault: { ...VAULT, address: 'vault.example.com' } },
      /address: must be http/,
    ],
    'with a Vault address with a path': [
      { vault: { ...VAULT, address: 'https://vault.example.com/v1' } },
      /address: must be http/,
    ],
    'with a Vault address with a user': [
      { vault: { ...VAULT, address: 'https://me@vault.example.com' } },
      /address: must be http/,
    ],
    'with a mount that leads elsewhere': [{ vault: { ...VAULT, mount: 'jwt?x' } }, /mount: must be the path/],
    'with a Vault without a role': [{ vault: { address: VAULT.address } }, /role: is missing/],
    'with a text of more than 8192 characters': [{ vault: { ...VAULT, role: 'a'.repeat(8193) } }, /more than 8192/],
    'with a mount that leads out of it': [{ vault: { ...VAULT, mount: 'jwt/..' } }, /mount: must be the path/],
  };
  for (const [what, [json, problem]] of Object.entries(refused)) {
    test(what, () => {
      const problems = problemsIn(json);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  test('and no problem shows a value, nor a name that moves a cursor', () => {
    const secret = 'hunter2\u001b[31m';
    const texts = problemsIn({ aws: { ...AWS, roleArn: secret, [secret]: 1, tags: { [secret]: secret } } }).join('\n');
    assert.doesNotMatch(texts, /\p{Cc}(?<!\n)/u);
    assert.doesNotMatch(texts.replaceAll(/^oidc[^:]*/gm, ''), /hunter2/);
  });
});
