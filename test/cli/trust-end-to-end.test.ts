import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { systemClock } from '../../src/system.ts';
import { startTestServer, type TestServer } from '../server.ts';
import { type Desk, makeDesk } from './trust-stub.ts';

const ISS = 'https://ci.internal.example';

/** The whole way, with the commands alone: an administrator at one desk, jobs with tokens of their own at another. */
describe('trust from the command line, against a real server', () => {
  let server: TestServer;
  let admin: Desk;
  let job: Desk;
  let sign: (claims: object) => Promise<string>;
  before(async () => {
    server = await startTestServer({ store: 'memory' });
    admin = makeDesk({ RUNPASS_URL: server.url, RUNPASS_ACCESS_TOKEN: server.tokens.admin }, systemClock);
    job = makeDesk({ RUNPASS_URL: server.url }, systemClock);
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    write('jwks.json', { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
    let jti = 0;
    sign = (claims) =>
      new SignJWT({ aud: 'urn:pulumi:org:acme', jti: String(jti++), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' })
        .setIssuer(ISS)
        .setIssuedAt()
        .setExpirationTime('10m')
        .sign(privateKey);
    await trust('issuer', 'add', '--name', 'ci', '--url', ISS, '--jwks', 'jwks.json', '--replay', 'once');
  });
  after(async () => {
    admin.remove();
    job.remove();
    await server.stop();
  });

  const write = (name: string, value: object): void => writeFileSync(join(admin.folder, name), JSON.stringify(value));
  const trust = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, status } = await admin.run(['trust', ...args]);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const setPolicy = async (...policies: readonly object[]): Promise<void> => {
    write('policy.json', { issuer: ISS, policies });
    await trust('policy', 'set', 'ci', 'policy.json');
  };
  const login = async (claims: object, ...flags: readonly string[]) =>
    job.run(['login', '--oidc-token', await sign(claims), ...flags]);
  const allow = (rules: object, more: object = {}) => ({
    decision: 'allow',
    tokenType: 'organization',
    authorizedPermissions: [],
    roleID: 'deployer',
    rules: { aud: 'urn:pulumi:org:acme', ...rules },
    ...more,
  });
  const decisionIn = (stderr: string): string => /runpass trust decision (\S+)/.exec(stderr)?.[1] ?? '';
  const lastDecision = async () => JSON.parse(await trust('decisions', '--limit', '1', '--json')).decisions[0];

  test('who is refused is told enough to ask, and the administrator sees why in one command', async () => {
    await setPolicy(allow({ sub: 'repo:acme/core' }));
    const { stdout, stderr, status } = await login({ sub: 'repo:acme/other' });
    assert.deepEqual([stdout, status], ['', 1]);
    assert.match(stderr, /^error: The subject token was not exchanged\. .*\(invalid_grant\)\nhint: send that command/);
    assert.doesNotMatch(stderr, /repo:acme|policy/);
    const shown = await trust('decision', decisionIn(stderr));
    assert.match(shown, /^outcome +refused \(policy_unmatched\)$/m);
    assert.match(shown, /^policies\[0\] +allow +unmatched +sub +repo:acme\/core +"repo:acme\/other"$/m);
  });

  test('who is granted is logged in until the token ends, with the rights of the role and no others', async () => {
    await setPolicy(allow({ sub: 'repo:acme/core' }));
    const { stdout, stderr, status } = await login({ sub: 'repo:acme/core' }, '--oidc-expiration', '30m', '--json');
    assert.equal(status, 0, stderr);
    const { user, organization, expires } = JSON.parse(stdout);
    assert.deepEqual([user, organization], ['acme', 'acme']);
    const lifetime = (Date.parse(expires) - Date.now()) / 1000;
    assert.ok(lifetime > 1750 && lifetime <= 1800, `${lifetime}`);
    assert.match((await job.run(['whoami'])).stdout, /^token +organization acme\ntoken name +ci$/m);
    const run = ['run', 'start', '--project', 'core', '--operation', 'update', '--stack'];
    assert.equal((await job.run([...run, 'dev'])).status, 0);
    assert.match((await job.run([...run, 'prod'])).stderr, /\(run_not_permitted\)/);
    assert.match((await job.run(['trust', 'issuer', 'list'])).stderr, /\(not_permitted\)/);
  });

  test('a team token is for a team that exists and that the policy names', async () => {
    const team = { decision: 'allow', tokenType: 'team', teamName: 'o*', rules: { sub: 'repo:acme/core' } };
    await setPolicy(team);
    assert.equal((await login({ sub: 'repo:acme/core', scope: 'team:ops' })).status, 0);
    assert.match((await job.run(['whoami'])).stdout, /^token +team ops$/m);
    assert.equal((await login({ sub: 'repo:acme/core' }, '--oidc-team', 'others')).status, 1);
    assert.equal((await lastDecision()).code, 'unknown_team');
  });

  test('a test says what an exchange would, and uses nothing up', async () => {
    await setPolicy(allow({ sub: 'repo:acme/core' }));
    const token = await sign({ sub: 'repo:acme/core' });
    for (let time = 0; time < 2; time++) {
      const { stdout, status } = await admin.run(['trust', 'test', '--token', '-', '--type', 'organization'], {
        stdin: token,
      });
      assert.equal(status, 0);
      assert.match(stdout, /^outcome +granted\n[\s\S]*^gives +role deployer$/m);
    }
    assert.equal((await job.run(['login', '--oidc-token', token])).status, 0);
    write('claims.json', { iss: ISS, sub: 'repo:acme/other' });
    const claims = await admin.run(['trust', 'test', '--claims', 'claims.json', '--type', 'organization']);
    assert.equal(claims.status, 1);
    assert.match(claims.stderr, /\(policy_unmatched\)/);
  });

  test('what a replay predicts is what happens when the candidate is applied', async () => {
    const jobs = ['a', 'b', 'c', 'd'].flatMap((repository) =>
      ['main', 'dev'].map((ref) => ({ sub: `repo:acme/${repository}`, ref, email: `${ref}@example.com` })),
    );
    const outcomes = async (): Promise<readonly boolean[]> => {
      const granted: boolean[] = [];
      for (const claims of jobs) granted.push((await login(claims)).status === 0);
      return granted;
    };
    await setPolicy(allow({ sub: 'repo:acme/?', ref: 'main' }), allow({ sub: 'repo:acme/d' }));
    const from = (await lastDecision()).id;
    const before = await outcomes();
    const ids = JSON.parse(await trust('decisions', '--json')).decisions.map(({ id }: { id: string }) => id);
    const recorded = ids.slice(0, ids.indexOf(from)).reverse();
    assert.equal(recorded.length, jobs.length);

    const candidate = [
      allow({ sub: 'repo:acme/a' }),
      allow({ sub: 'repo:acme/d', ref: 'dev' }),
      { ...allow({ sub: 'repo:acme/d' }), decision: 'deny', roleID: undefined },
    ];
    write('new.json', { policies: candidate });
    const replay = ['trust', 'replay', '--policies', 'new.json', '--issuer', 'ci', '--since', '1h', '--json'];
    const { flips } = JSON.parse((await admin.run(replay)).stdout);
    const predicted = flips.map(({ decision }: { decision: string }) => decision);
    assert.equal((await admin.run([...replay, '--fail-on-flip'])).status, 1);

    await setPolicy(...candidate);
    const now = await outcomes();
    const seen = recorded.filter((_id: string, index: number) => before[index] !== now[index]);
    assert.deepEqual(predicted.filter((id: string) => recorded.includes(id)).sort(), seen.sort());
    assert.ok(seen.length > 3);

    write('email.json', { policies: [allow({ email: 'main@*' })] });
    const blind = JSON.parse(
      await trust('replay', '--policies', 'email.json', '--issuer', 'ci', '--since', '1h', '--json'),
    );
    assert.ok(blind.untold.claimOmitted > 0);
  });

  test('a name behind which another id stands is refused, and moved by the command that the decision shows', async () => {
    await setPolicy(allow({ repository: 'acme/core' }));
    const claims = { sub: 's', repository: 'acme/core' };
    assert.equal((await login({ ...claims, repository_id: '1' })).status, 0);
    const { stderr, status } = await login({ ...claims, repository_id: '2' });
    assert.equal(status, 1);
    const shown = await trust('decision', decisionIn(stderr));
    const command = /^ {2}runpass trust (pin set \S+ \S+ 2)$/m.exec(shown)?.[1] ?? '';
    assert.match(shown, /\(identity_changed\)/);
    await trust(...command.split(' '));
    assert.equal((await login({ ...claims, repository_id: '2' })).status, 0);
    assert.equal((await login({ ...claims, repository_id: '1' })).status, 1);
    const pin = /^\S+ +repository +acme\/core +repository_id +2 /m.exec(await trust('pin', 'list', 'ci'))?.[0] ?? '';
    await trust('pin', 'remove', 'ci', pin.split(' ')[0] ?? '');
    assert.equal((await login({ ...claims, repository_id: '1' })).status, 0);
  });

  test('an issuer that is removed takes with it what came from it', async () => {
    await setPolicy(allow({ sub: 'repo:acme/core' }));
    assert.equal((await login({ sub: 'repo:acme/core' })).status, 0);
    assert.equal((await job.run(['whoami'])).status, 0);
    await trust('issuer', 'remove', 'ci');
    assert.match(
      (await job.run(['whoami'])).stderr,
      /\(unauthenticated\)\nhint: the access token is from .*login\.json/,
    );
    assert.equal((await login({ sub: 'repo:acme/core' })).status, 1);
  });
});
