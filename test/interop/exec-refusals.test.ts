import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { saveClouds } from '../cli/exec-desk.ts';
import { type CloudWorld, changed, OIDC, openCloudWorld, SUBJECT, stockInExec } from './cloud-world.ts';

describe('a cloud that refuses is explained: its own words, what it was shown, and the likely cause', () => {
  let world: CloudWorld;
  before(async () => {
    world = await openCloudWorld();
  });
  after(() => world.stop());
  beforeEach(() => saveClouds(world.server, OIDC));

  const token = /eyJ[\w-]{10,}/;
  const explained = async (
    told: Promise<{ stdout: string; stderr: string; status: number | null }>,
    ...parts: readonly RegExp[]
  ) => {
    const { stdout, stderr, status } = await told;
    assert.equal(status, 1, stderr);
    for (const part of parts) assert.match(stderr, part);
    assert.match(
      stderr,
      new RegExp(`presented:\n.* iss ${world.server.settings.issuers.v1.url}\n.* aud acme\n.* sub ${SUBJECT}\n`),
    );
    assert.doesNotMatch(stdout + stderr, token);
    assert.equal((await world.desk.newestRun()).status, 'failed');
  };
  const keys = () => world.desk.sh('echo never');

  test('AWS, whose keys are made before the command: it is not started', async () => {
    await changed(world.aws.account, { clientIds: ['other'] }, async () => {
      const told = keys();
      await explained(
        told,
        /aws: AWS STS refused .*\(HTTP 400, InvalidIdentityToken\): Incorrect token audience\./,
        /likely cause: List the token's aud/,
        /error: There are no credentials \(aws\), so the command was not started\.\n$/,
      );
      assert.equal((await told).stdout, '');
    });
    await changed(world.aws.account, { subject: SUBJECT.replace('dev', 'prod') }, () =>
      explained(
        keys(),
        /\(HTTP 403, AccessDenied\)/,
        /likely cause: The role's trust policy .* with the claims shown here\./,
      ),
    );
    await changed(world.aws.account, { issuer: 'https://id.example.com/oidc' }, () =>
      explained(keys(), /No OpenIDConnect provider found in your account for http/, /byte for byte/),
    );
    await changed(world.aws.account, { clockAhead: 3600 }, () =>
      explained(keys(), /ExpiredTokenException/, /behind by more than five minutes/),
    );
    await changed(world.aws.account, { maxSessionDuration: 1800 }, () =>
      explained(keys(), /MaxSessionDuration/, /shorter "duration"/),
    );
  });

  test('AWS with a token file: the SDK is refused, and when the command has failed we say why', async () => {
    await changed(world.aws.account, { audience: 'other' }, () =>
      explained(
        stockInExec(world.desk, 'aws', ['--aws', 'file']),
        /Not authorized to perform sts:AssumeRoleWithWebIdentity/,
        /aws: AWS STS refused .*AccessDenied/,
        /likely cause/,
      ),
    );
  });

  test('Entra', async () => {
    const { credential } = world.entra.application;
    for (const [change, said, cause] of [
      [{ subject: `${SUBJECT}:x` }, /azure: Microsoft Entra refused .*AADSTS700213/, /Entra knows no patterns/],
      [{ subject: SUBJECT.toUpperCase() }, /AADSTS7002138/, /upper and lower case/],
      [{ audience: 'api://AzureADTokenExchange' }, /AADSTS700212/, /must be the token's aud/],
      [{ issuer: `${credential.issuer}/` }, /AADSTS700211/, /byte for byte/],
    ] as const) {
      await changed(world.entra.application, { credential: { ...credential, ...change } }, () =>
        explained(stockInExec(world.desk, 'azure'), said, cause),
      );
    }
  });

  test('Google', async () => {
    const { provider } = world.google.project;
    await changed(world.google.project, { provider: { ...provider, allowedAudiences: ['other'] } }, () =>
      explained(
        stockInExec(world.desk, 'google'),
        /google: Google STS refused .*invalid_grant\): The audience in ID Token/,
        /among the allowed audiences/,
      ),
    );
    await changed(world.google.project, { workloadIdentityUser: 'somebody else' }, () =>
      explained(
        stockInExec(world.desk, 'google'),
        /google: Google IAM Credentials refused .*PERMISSION_DENIED/,
        /workloadIdentityUser/,
      ),
    );
  });

  test('Vault', async () => {
    await saveClouds(world.server, { vault: { address: world.vault.url, role: 'deployer' } });
    await changed(world.vault.method, { boundSubject: 'other' }, () =>
      explained(
        keys(),
        /vault: Vault refused .*claim "sub" does not match/,
        /compare bound_subject and bound_claims with the claims shown here/,
      ),
    );
    await changed(world.vault.method, { boundAudiences: ['other'] }, () =>
      explained(keys(), /audience/, /bound_audiences/),
    );
  });

  test('what to check, and the command that compares: both say the values of this very run, and no secret', async () => {
    const url = world.server.settings.issuers.v1.url;
    await changed(world.aws.account, { subject: SUBJECT.replace('dev', 'prod') }, async () => {
      await explained(
        keys(),
        new RegExp(`check:\\n.*URL ${url}, and "acme"`),
        new RegExp(`"${url.replace('http://', '')}:sub" = ${SUBJECT}\\.`),
        /or let Runpass compare:\n.* aws iam get-role --role-name \S+ \| runpass trust explain - --org acme --run [0-9a-f-]{36} --issuer v1 --audience acme\n/,
      );
    });
  });

  test('a trust document at hand says which of its conditions is not met; that of another cloud says nothing', async () => {
    const key = `${world.server.settings.issuers.v1.url.replace('http://', '')}`;
    const document = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${key}` },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { [`${key}:aud`]: 'acme', [`${key}:sub`]: SUBJECT.replace('dev', 'prod') },
          },
        },
      ],
    };
    const files = { aws: join(world.server.folder, 'aws.json'), vault: join(world.server.folder, 'vault.json') };
    writeFileSync(files.aws, JSON.stringify(document));
    writeFileSync(files.vault, JSON.stringify({ role_type: 'jwt', bound_audiences: ['x'], user_claim: 'sub' }));
    const flags = Object.values(files).flatMap((file) => ['--trust-document', file]);
    await changed(world.aws.account, { subject: SUBJECT.replace('dev', 'prod') }, () =>
      explained(
        world.desk.sh('echo never', flags),
        /the trust document at hand:\n.* aws_sub_mismatch at Statement\[0\]\.Condition.*\n.*or let Runpass compare/,
      ),
    );
    writeFileSync(files.aws, '[');
    const { status, stderr } = await world.desk.sh('echo never', flags);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /aws\.json:1:\d+ /);
  });

  test('a command that succeeds, or fails where the clouds take its tokens, is not explained', async () => {
    const { credential } = world.entra.application;
    await changed(world.entra.application, { credential: { ...credential, subject: 'other' } }, async () => {
      assert.doesNotMatch((await world.desk.sh('exit 0')).stderr, /presented/);
    });
    const { stderr, status } = await world.desk.sh('exit 3');
    assert.equal(status, 3);
    assert.doesNotMatch(stderr, /presented|likely cause/);
  });

  test('an issuer that cannot be reached from the cloud', async () => {
    const url = world.server.settings.issuers.v1.url;
    const real = globalThis.fetch;
    globalThis.fetch = (input, init) =>
      String(input).startsWith(url) ? Promise.reject(new Error('no route')) : real(input, init);
    try {
      const { stderr, status } = await world.desk.sh('echo never');
      assert.equal(status, 1);
      assert.match(stderr, /Couldn't retrieve verification key/);
      assert.match(
        stderr,
        /likely cause: AWS must reach the discovery document and the key set of the issuer from the internet\./,
      );
    } finally {
      globalThis.fetch = real;
    }
  });
});
