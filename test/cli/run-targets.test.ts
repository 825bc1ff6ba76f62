import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cloudEndpoints } from '../../src/cli/cloud-endpoints.ts';
import { targetsOf } from '../../src/cli/run-targets.ts';

const GCP = {
  projectId: '951040570662',
  workloadPoolId: 'the-pool',
  providerId: 'the-provider',
  serviceAccount: 'deploy@core.iam.gserviceaccount.com',
};
const AWS = { roleArn: 'arn:aws:iam::111122223333:role/deploy', sessionName: 'a-template' };

describe('the clouds of a run', () => {
  test('as the server answers them, with the session name of this very run', () => {
    const wire = {
      aws: { ...AWS, resolvedSessionName: 'core-dev-7', duration: '2h0m0s', policyArns: ['arn:aws:iam::aws:policy/X'] },
      azure: { clientId: 'c' },
      gcp: { ...GCP, region: 'europe-west1', tokenLifetime: '30m0s' },
      vault: { address: 'https://vault.test', role: 'deployer', mount: 'jwt', namespace: 'admin' },
    };
    assert.deepEqual(targetsOf(wire), {
      aws: {
        roleArn: AWS.roleArn,
        sessionName: 'core-dev-7',
        durationSeconds: 7200,
        policyArns: ['arn:aws:iam::aws:policy/X'],
      },
      azure: { clientId: 'c' },
      google: {
        provider: { project: '951040570662', location: 'global', pool: 'the-pool', provider: 'the-provider' },
        serviceAccount: 'deploy@core.iam.gserviceaccount.com',
        tokenLifetime: 1800,
      },
      vault: { server: { address: 'https://vault.test', namespace: 'admin' }, mount: 'jwt', role: 'deployer' },
    });
  });

  test('what is not said is an hour, or left to the cloud', () => {
    const { aws, google } = targetsOf({ aws: AWS, gcp: GCP });
    assert.deepEqual([aws?.durationSeconds, aws?.policyArns, google?.tokenLifetime], [3600, [], undefined]);
    assert.deepEqual(targetsOf({}), {});
  });

  test('a token is not sent to a Vault without TLS, but on this machine', () => {
    const at = (address: string) => targetsOf({ vault: { address, role: 'r', mount: 'jwt' } }).vault?.server.address;
    assert.throws(() => at('http://vault.example.com'), /without TLS/);
    assert.throws(() => at('no url'), /without TLS/);
    assert.equal(at('http://127.0.0.1:8200'), 'http://127.0.0.1:8200');
  });
});

describe('where the clouds are', () => {
  for (const [env, expected] of [
    [{}, {}],
    [{ AWS_REGION: 'eu-central-1' }, { awsSts: 'https://sts.eu-central-1.amazonaws.com' }],
    [{ AWS_DEFAULT_REGION: 'us-gov-west-1' }, { awsSts: 'https://sts.us-gov-west-1.amazonaws.com' }],
    [{ AWS_REGION: 'cn-north-1' }, { awsSts: 'https://sts.cn-north-1.amazonaws.com.cn' }],
    [{ AWS_REGION: 'us-iso-east-1' }, {}],
    [{ AWS_REGION: 'evil.example.com/x-1' }, {}],
    [{ AWS_ENDPOINT_URL: 'https://aws.test/', AWS_REGION: 'eu-west-1' }, { awsSts: 'https://aws.test' }],
    [
      { AWS_ENDPOINT_URL: 'https://aws.test', AWS_ENDPOINT_URL_STS: 'https://sts.test' },
      { awsSts: 'https://sts.test' },
    ],
    [
      {
        AZURE_AUTHORITY_HOST: 'https://login.test/',
        RUNPASS_GOOGLE_STS_URL: 'https://g.test',
        RUNPASS_GOOGLE_IAM_CREDENTIALS_URL: 'http://localhost:1',
      },
      { entra: 'https://login.test', googleSts: 'https://g.test', googleIamCredentials: 'http://localhost:1' },
    ],
  ] as const) {
    test(JSON.stringify(env), () => assert.deepEqual(cloudEndpoints(env), expected));
  }

  test('nowhere that tokens would travel unprotected', () => {
    for (const name of ['AWS_ENDPOINT_URL_STS', 'AZURE_AUTHORITY_HOST', 'RUNPASS_GOOGLE_STS_URL'])
      for (const url of ['http://example.com', 'ftp://x', 'nonsense'])
        assert.throws(() => cloudEndpoints({ [name]: url }), new RegExp(`${name} is no URL`));
  });
});
