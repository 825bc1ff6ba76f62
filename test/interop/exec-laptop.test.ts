import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { saveClouds } from '../cli/exec-desk.ts';
import { type CloudWorld, changed, OIDC, openCloudWorld, type Stock, SUBJECT, stockProgram } from './cloud-world.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const NAMED = '--org acme --project core --stack dev --operation update';

/** No command is wrapped: an SDK calls us when it wants credentials, as often as it likes. */
describe('a laptop, whose SDKs call exec by themselves', () => {
  let world: CloudWorld;
  let folder: string;
  before(async () => {
    world = await openCloudWorld();
    folder = mkdtempSync(join(tmpdir(), 'runpass-laptop-'));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await world.stop();
  });
  beforeEach(() => saveClouds(world.server, OIDC));

  const stock = async (cloud: Stock, env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [stockProgram(cloud)], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        TMPDIR: folder,
        RUNPASS_URL: world.server.url,
        RUNPASS_ACCESS_TOKEN: world.server.tokens.admin,
        ...world.places,
        ...env,
      },
    });
    const [stdout, stderr, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { stdout: stdout.trim(), stderr, status: status as number };
  };

  const awsConfig = (): Readonly<Record<string, string>> => {
    const file = join(folder, 'config');
    const command = `"${process.execPath}" "${MAIN}" exec --aws-credential-process ${NAMED}`;
    writeFileSync(file, `[profile dev]\ncredential_process = ${command}\n`);
    return { AWS_CONFIG_FILE: file, AWS_PROFILE: 'dev' };
  };

  test('AWS: credential_process', async () => {
    const { stdout, stderr } = await stock('aws', awsConfig());
    assert.match(stdout, /^arn:aws:sts::111122223333:assumed-role\/deploy\/core-dev-\d+$/, stderr);
    assert.equal((await world.desk.newestRun()).status, 'succeeded');
    const { stdout: printed, stderr: silent } = await world.desk.run(['--aws-credential-process'], []);
    const { Version, AccessKeyId, Expiration, ...rest } = JSON.parse(printed);
    assert.deepEqual([Version, Object.keys(rest), silent], [1, ['SecretAccessKey', 'SessionToken'], '']);
    assert.match(AccessKeyId, /^ASIA/);
    assert.ok(Math.abs(Date.parse(Expiration) - Date.now() - 3_600_000) < 60_000, Expiration);
  });

  test('AWS: a refusal is told on standard error, with what was presented, and nothing is printed', async () => {
    await changed(world.aws.account, { audience: 'other' }, async () => {
      const { stdout, stderr, status } = await world.desk.run(['--aws-credential-process'], []);
      assert.deepEqual([stdout, status], ['', 1]);
      assert.match(stderr, /^error: aws: AWS STS refused .*AccessDenied/);
      assert.match(stderr, new RegExp(`presented:\n {2}iss \\S+\n {2}aud acme\n {2}sub ${SUBJECT}\nlikely cause: `));
      assert.equal((await world.desk.newestRun()).status, 'failed');
    });
    await saveClouds(world.server, { gcp: OIDC.gcp });
    const { stderr } = await world.desk.run(['--aws-credential-process'], []);
    assert.match(stderr, /^error: The deployment settings of this stack name no AWS role\.\nhint: /);
  });

  const googleConfig = (): Readonly<Record<string, string>> => {
    const file = join(folder, 'google.json');
    const iam = `${world.google.url}/v1/projects/-/serviceAccounts/${world.google.project.serviceAccount}`;
    writeFileSync(
      file,
      JSON.stringify({
        type: 'external_account',
        audience: world.google.project.audience,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${world.google.url}/v1/token`,
        service_account_impersonation_url: `${iam}:generateAccessToken`,
        credential_source: {
          executable: {
            command: `"${process.execPath}" "${MAIN}" exec --google-executable ${NAMED}`,
            timeout_millis: 30_000,
          },
        },
      }),
    );
    return { GOOGLE_APPLICATION_CREDENTIALS: file, GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' };
  };

  test('Google: an executable', async () => {
    const { stdout, stderr } = await stock('google', googleConfig());
    assert.equal(stdout, `ya29.account-for-${SUBJECT}`, stderr);
    assert.equal((await world.desk.newestRun()).status, 'succeeded');
    const { stdout: printed, stderr: silent } = await world.desk.run(['--google-executable'], []);
    const { id_token, expiration_time, ...rest } = JSON.parse(printed);
    assert.deepEqual(rest, { version: 1, success: true, token_type: 'urn:ietf:params:oauth:token-type:jwt' });
    assert.match(id_token, /^eyJ/);
    assert.ok(Math.abs(expiration_time - Date.now() / 1000 - 3600) < 60);
    assert.equal(silent, '');
  });

  test('Google: why there is no token stands in the answer, and in the error of the library', async () => {
    const { stdout, stderr, status } = await world.desk.run(['--google-executable'], [], {
      RUNPASS_ACCESS_TOKEN: 'rpa_x',
    });
    assert.deepEqual([status, stderr], [1, '']);
    const { message, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, { version: 1, success: false, code: 'unauthenticated' });
    const told = await stock('google', { ...googleConfig(), RUNPASS_ACCESS_TOKEN: 'rpa_x' });
    assert.ok(told.stderr.includes(message.slice(0, 30)), told.stderr);
  });

  test('nothing is kept on disk', () => {
    assert.deepEqual(readdirSync(folder).sort(), ['config', 'google.json']);
    assert.deepEqual(world.desk.leftovers(), []);
  });
});
