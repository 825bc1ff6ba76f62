import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { makeExecDesk, saveClouds } from '../cli/exec-desk.ts';
import { type CloudWorld, changed, OIDC, openCloudWorld, type Stock, SUBJECT, stockInExec } from './cloud-world.ts';

describe('exec, clouds that know nothing but the URL of the issuer, and their own SDKs', () => {
  let world: CloudWorld;
  before(async () => {
    world = await openCloudWorld();
  });
  after(() => world.stop());
  beforeEach(() => saveClouds(world.server, OIDC));

  test('each SDK finds working credentials, without a line of code for us', async () => {
    const printed = async (cloud: Stock, args?: readonly string[]): Promise<string> => {
      const { stdout, stderr, status } = await stockInExec(world.desk, cloud, args);
      assert.equal(status, 0, stderr);
      return stdout.trim();
    };
    assert.match(await printed('aws'), /^arn:aws:sts::111122223333:assumed-role\/deploy\/core-dev-\d+$/);
    assert.match(
      await printed('aws', ['--aws', 'file']),
      /^arn:aws:sts::111122223333:assumed-role\/deploy\/core-dev-\d+$/,
    );
    assert.equal(await printed('azure'), 'entra-token-for-https://management.azure.com/.default');
    assert.equal(await printed('google'), `ya29.account-for-${SUBJECT}`);
  });

  test('Vault: a token, and where it is good', async () => {
    await saveClouds(world.server, { vault: { address: world.vault.url, role: 'deployer' } });
    const { stdout, stderr } = await world.desk.sh('echo $VAULT_ADDR $VAULT_TOKEN');
    assert.match(stdout, new RegExp(`^${world.vault.url} hvs\\.[\\w-]{32}\n$`), stderr);
    assert.match(stderr, /vault: token of role deployer at http:\S+ for 3600 s, renewed/);
  });

  test('a cloud that is busy is asked again', async () => {
    const before = world.aws.asked.length;
    world.aws.disturb(1, {
      status: 400,
      body: '<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
    });
    world.aws.disturb(1, { status: 503, body: 'busy' });
    world.aws.disturb(1, {
      status: 400,
      body: '<ErrorResponse><Error><Code>IDPCommunicationError</Code><Message>timeout</Message></Error></ErrorResponse>',
    });
    const { stdout, stderr, status } = await world.desk.sh('echo $AWS_ACCESS_KEY_ID');
    assert.deepEqual([status, stdout.startsWith('ASIA')], [0, true], stderr);
    assert.equal(world.aws.asked.length - before, 4);
  });

  test('a session name of any stack is one that AWS takes, and a long subject is refused by name before Google sees it', async () => {
    const stack = 'a-stack-of-a-name-that-nobody-should-give-to-a-stack-of-theirs-but-everybody-may';
    const long = makeExecDesk(world.server, { AWS_ENDPOINT_URL_STS: world.aws.url }, stack);
    try {
      await saveClouds(world.server, { aws: OIDC.aws }, stack);
      await changed(world.aws.account, { subject: '*' }, async () => {
        const { stderr, status } = await long.sh('true');
        assert.equal(status, 0, stderr);
        assert.match(stderr, /as core-a-stack-of-a-name-[\w-]+-1 until/);
      });
      await saveClouds(world.server, { gcp: OIDC.gcp }, stack);
      const { stderr, status } = await long.sh('echo never');
      assert.equal(status, 1);
      assert.match(stderr, /google: No token of this run can work at .*127.*\(target_impossible\)/);
    } finally {
      long.remove();
    }
  });
});
