import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type AwsRole, assumeRoleWithWebIdentity } from '../../src/clouds/aws.ts';
import type { CloudRequest } from '../../src/clouds/clouds.ts';
import { Secret } from '../../src/secret.ts';
import { type FakeCloud, startFakeCloud } from './fake-cloud.ts';
import { assertCloudProblem, TOKEN } from './refused.ts';

const ROLE: AwsRole = {
  roleArn: 'arn:aws:iam::123456789012:role/deploy',
  sessionName: 'runpass+x@acme',
  durationSeconds: 7200,
  policyArns: [],
};
const CREDENTIALS = { AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'a/secret+key', SessionToken: 'se/ss+ion==' };
const granted = (credentials: object) => ({
  AssumeRoleWithWebIdentityResponse: {
    AssumeRoleWithWebIdentityResult: { Credentials: { ...credentials, Expiration: 1.79e9 } },
    ResponseMetadata: { RequestId: 'r1' },
  },
});
const refusal = (Code: string, Message: string) => ({ Error: { Code, Message, Type: 'Sender' }, RequestId: 'r1' });

describe('AWS STS', () => {
  let cloud: FakeCloud;
  before(async () => {
    cloud = await startFakeCloud();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.asked.length = 0;
    cloud.answer(200, granted(CREDENTIALS));
  });
  const login = (role: Partial<AwsRole> = {}) =>
    assumeRoleWithWebIdentity(cloud.clouds, new Secret(TOKEN), { ...ROLE, ...role });

  test('is asked once, unsigned, for JSON, with everything in the body', async () => {
    await login({ policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess', 'arn:aws:iam::aws:policy/Other'] });
    assert.equal(cloud.asked.length, 1);
    const [{ method, path, headers, body } = assert.fail()] = cloud.asked;
    assert.deepEqual([method, path], ['POST', '/']);
    assert.deepEqual(
      [headers.accept, headers['content-type'], headers['user-agent'], headers.authorization],
      ['application/json', 'application/x-www-form-urlencoded', 'runpass', undefined],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: ROLE.roleArn,
      RoleSessionName: 'runpass+x@acme',
      WebIdentityToken: TOKEN,
      DurationSeconds: '7200',
      'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
      'PolicyArns.member.2.arn': 'arn:aws:iam::aws:policy/Other',
    });
  });

  test('gives credentials, the secret ones as secrets, and when they end', async () => {
    const { accessKeyId, secretAccessKey, sessionToken, expires } = await login();
    assert.deepEqual(
      [accessKeyId, secretAccessKey.reveal(), sessionToken.reveal(), expires],
      ['ASIAEXAMPLE', 'a/secret+key', 'se/ss+ion==', 1.79e9],
    );
  });

  test('may leave the end unsaid, and write it as a number or a time', async () => {
    for (const [Expiration, expires] of [
      [undefined, undefined],
      [1.7900000005e9, 1.79e9],
      ['2026-01-01T01:00:00Z', Date.UTC(2026, 0, 1, 1) / 1000],
      ['soon', undefined],
      [Number.NaN, undefined],
    ] as const) {
      const Credentials = { ...CREDENTIALS, Expiration };
      cloud.answer(200, {
        AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials } },
      });
      assert.equal((await login()).expires, expires, String(Expiration));
    }
  });

  test('may also answer in the XML of its protocol', async () => {
    const namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';
    const Expiration = '2026-01-01T01:00:00Z';
    const members = Object.entries({ ...CREDENTIALS, SessionToken: 'a&amp;b', Expiration }).map(
      ([k, v]) => `<${k}>${v}</${k}>`,
    );
    cloud.answer(
      200,
      `<AssumeRoleWithWebIdentityResponse ${namespace}><AssumeRoleWithWebIdentityResult><Credentials>\n  ${members.join('\n  ')}
       </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    );
    const { sessionToken, expires } = await login();
    assert.deepEqual([sessionToken.reveal(), expires], ['a&b', Date.UTC(2026, 0, 1, 1) / 1000]);
    const error = '<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not &quot;you&quot;</Message></Error>';
    cloud.answer(403, `<ErrorResponse ${namespace}>${error}<RequestId>r1</RequestId></ErrorResponse>`);
    await assertCloudProblem(login(), /\(HTTP 403, AccessDenied\): Not "you"\. The role's trust policy/);
  });

  test('is the one of the partition that the role is in, unless an operator names another', async () => {
    const urls: string[] = [];
    const post = async ({ url }: CloudRequest) => {
      urls.push(url);
      return { status: 200, text: JSON.stringify(granted(CREDENTIALS)) };
    };
    const clouds = { ...cloud.clouds, post };
    for (const partition of ['aws', 'aws-cn', 'aws-us-gov', 'minio']) {
      const role = { ...ROLE, roleArn: `arn:${partition}:iam::123456789012:role/deploy` };
      await assumeRoleWithWebIdentity({ ...clouds, endpoints: {} }, new Secret(TOKEN), role);
    }
    await assumeRoleWithWebIdentity(
      { ...clouds, endpoints: { awsSts: 'https://sts.eu-central-1.amazonaws.com/' } },
      new Secret(TOKEN),
      ROLE,
    );
    assert.deepEqual(urls, [
      'https://sts.amazonaws.com/',
      'https://sts.cn-north-1.amazonaws.com.cn/',
      'https://sts.us-gov-west-1.amazonaws.com/',
      'https://sts.amazonaws.com/',
      'https://sts.eu-central-1.amazonaws.com/',
    ]);
  });

  for (const [status, code, message, sentence] of [
    [403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', /trust policy does not let/],
    [
      400,
      'InvalidIdentityToken',
      'No OpenIDConnect provider found in your account for https://id.test/oidc',
      /byte for byte/,
    ],
    [400, 'InvalidIdentityToken', 'Incorrect token audience', /as a client ID/],
    [
      400,
      'InvalidIdentityToken',
      "Couldn't retrieve verification key from your identity provider",
      /from the internet/,
    ],
    [400, 'InvalidIdentityToken', 'Bad', /Compare the IAM identity provider with its claims/],
    [400, 'ExpiredTokenException', 'Token expired: current date/time 1 must be before 0', /clock of the server/],
    [
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      /1h is what every role allows/,
    ],
    [400, 'IDPCommunicationError', 'An error occurred', /just now; try again/],
    [403, 'RegionDisabledException', 'STS is not activated in this region', /activate it/],
  ] as const) {
    test(`says what to do about ${code}: ${message.slice(0, 30)}`, async () => {
      cloud.answer(status, refusal(code, message));
      const problem = await assertCloudProblem(login(), sentence);
      assert.ok(
        problem.message.startsWith(`AWS STS refused the login (HTTP ${status}, ${code}): ${message.slice(0, 20)}`),
      );
      assert.deepEqual([problem.status, problem.code], [status, code]);
    });
  }

  test('does not get its token back in a problem, whatever it answers', async () => {
    cloud.answer(400, refusal('ValidationError', `Value '${TOKEN}' at 'webIdentityToken' failed`));
    const { message } = await assertCloudProblem(login(), /Value '\[secret\]' at/);
    assert.ok(!message.includes(TOKEN.slice(0, 12)), message);
  });

  test('may answer with nonsense, and that is said', async () => {
    for (const body of [
      '',
      'nonsense',
      [],
      {},
      granted({}),
      granted({ ...CREDENTIALS, SessionToken: 5 }),
      granted({ ...CREDENTIALS, AccessKeyId: '' }),
    ]) {
      cloud.answer(200, body);
      await assertCloudProblem(login(), /^AWS STS answered with HTTP 200, but without credentials/);
    }
    cloud.answer(502, '<html>Bad gateway</html>');
    await assertCloudProblem(login(), /^AWS STS refused the login \(HTTP 502\)\.$/);
  });
});
