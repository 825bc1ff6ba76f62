import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makePlace, type Place } from './runpass.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SCOPE = ['--project', 'core', '--stack', 'dev', '--operation', 'update'];
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  aws: ['--aws-account', '123456789012'],
  azure: ['--azure-app', '11111111-2222-3333-4444-555555555555'],
  google: [
    ...['--google-project', 'acme-prod', '--google-project-number', '123456789012'],
    ...['--google-service-account', 'deploy@acme-prod.iam.gserviceaccount.com'],
  ],
  vault: ['--vault-policies', 'deploy'],
  kubernetes: [],
};

describe('runpass trust generate and verify, against a server', () => {
  let place: Place;
  before(async () => {
    place = await makePlace();
    await place.serve();
  });
  after(() => place.remove());

  /** The script as `sh` runs it; the programs of the clouds only say that they were called, and with which files. */
  const follow = async (script: string, cwd = mkdtempSync(join(place.folder, 'followed-'))) => {
    const clouds = ['aws', 'az', 'gcloud', 'vault', 'kubectl']
      .map(
        (name) =>
          `${name}() { for a; do case "$a" in file://*) cat "\${a#file://}" >/dev/null;; esac; done; echo "called ${name}"; }`,
      )
      .join('\n');
    const runpass = `runpass() { "${process.execPath}" "${MAIN}" "$@"; }`;
    const token = readFileSync(join(place.folder, 'data', 'admin.token'), 'utf8').trim();
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: cwd,
      RUNPASS_URL: place.url,
      RUNPASS_ACCESS_TOKEN: token,
    };
    const { stdout } = await promisify(execFile)('sh', ['-c', `${clouds}\n${runpass}\n${script}`], { cwd, env });
    return { stdout, cwd };
  };

  for (const [target, inputs] of Object.entries(INPUTS)) {
    test(`${target}: the printed script, followed to the letter, tries the document and installs it`, async () => {
      const { status, stdout, stderr } = await place.run(['trust', 'generate', target, ...SCOPE, ...inputs]);
      assert.equal(status, 0, stderr);
      const followed = await follow(stdout);
      assert.match(followed.stdout, /^verdict +admitted$/m);
      assert.match(followed.stdout, /^called \w+$/m);
      const file = join(followed.cwd, 'trust.json');
      const verified = await place.run(['trust', 'verify', file, ...SCOPE]);
      assert.equal(verified.status, 0, verified.stdout + verified.stderr);
      const other = ['--project', 'core', '--stack', 'prod', '--operation', 'update'];
      assert.equal((await place.run(['trust', 'verify', file, ...other])).status, 1);
    });
  }

  test('--out writes the files, and never over another; what it prints is followed from where it was called', async () => {
    const args = ['trust', 'generate', 'aws', ...SCOPE, ...(INPUTS['aws'] ?? []), '--out', 'made'];
    const { status, stdout, stderr } = await place.run(args);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(join(place.folder, 'made')).sort(), ['trust-policy.json', 'trust.json']);
    const programs = stdout.split('\n').map((line) => /^\w+(?: iam \S+)?/.exec(line)?.[0]);
    assert.deepEqual(programs.slice(0, 4), [
      'cd',
      'runpass',
      'aws iam create-open-id-connect-provider',
      'aws iam create-role',
    ]);
    assert.match((await follow(stdout, place.folder)).stdout, /^verdict +admitted\n[\s\S]*^called aws\ncalled aws$/m);
    assert.equal((await place.run(args)).status, 1);
  });

  test('--sarif and --json of a document that lets too many in; a document that is none has no verdict', async () => {
    const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['acme'], bound_claims: { org: 'acme' } };
    writeFileSync(join(place.folder, 'role.json'), JSON.stringify(role));
    const verify = (...flags: readonly string[]) => place.run(['trust', 'verify', 'role.json', ...SCOPE, ...flags]);
    const sarif = await verify('--sarif');
    assert.equal(sarif.status, 1);
    const { version, runs } = JSON.parse(sarif.stdout);
    assert.equal(version, '2.1.0');
    assert.ok(runs[0].results.some(({ ruleId }: { ruleId: string }) => ruleId === 'admits_other_stack'));
    const { proved, file, findings } = JSON.parse((await verify('--json')).stdout);
    assert.deepEqual([proved, file, findings.length > 0], [false, 'role.json', true]);
    assert.equal((await verify('--json', '--sarif')).status, 2);
    writeFileSync(join(place.folder, 'role.json'), '[');
    assert.equal((await verify()).status, 2);
    assert.equal((await place.run(['trust', 'verify', 'role.json'])).status, 2);
  });

  test('what is missing is said by its flag', async () => {
    const { status, stderr } = await place.run(['trust', 'generate', 'aws', ...SCOPE]);
    assert.equal(status, 1);
    assert.match(stderr, /--aws-account/);
  });
});
