import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { finishRun } from '../../src/flows/end-run.ts';
import { issueRunToken } from '../../src/flows/issue-run-token.ts';
import { startRun } from '../../src/flows/start-run.ts';
import { openRunsBehindTokens } from '../../src/runs/behind-token.ts';
import { draftEnvironmentToken, draftEnvironmentTokenWithIds, type Opening } from '../../src/tokens/environment.ts';
import { ACME, makeWorld, PRINCIPALS, TARGET } from '../flows/world.ts';

const NAMESPACE = 'https://pulumi.com/';

/** A run of ours with a token of each issuer, and the question that is asked of them. */
const world = async (declaredId: string | undefined = ACME.id) => {
  const made = makeWorld();
  const { id: _id, ...rest } = ACME;
  const acme = { ...rest, ...(declaredId !== undefined && { id: declaredId }) };
  made.state.organization = acme;
  const start = async (stack = 'dev', lease?: number) => {
    const request = { ...TARGET, stack, ...(lease !== undefined && { lease }) };
    const { run, requestToken } = await startRun(made.parts, PRINCIPALS.admin, acme, request);
    return { run, requestToken: requestToken.reveal() };
  };
  const known = new Map([['acme', acme]]);
  const { runBehind } = openRunsBehindTokens({
    ...made.parts,
    organization: (name) => known.get(name),
    issuers: { v1: made.v1, v2: made.v2 },
    claimNamespace: NAMESPACE,
  });
  return { ...made, start, known, runBehind };
};

/** Issues a token to a run and gives it as the verification of a subject token would. */
const tokenOf = async (made: Awaited<ReturnType<typeof world>>, requestToken: string, id: string, v2 = false) => {
  const request = { runId: id, requestToken, ...(v2 && { audience: 'anybody' }) };
  const { jwt } = await issueRunToken(made.parts, v2 ? made.v2 : made.v1, request);
  const claims = decodeJwt(jwt.reveal());
  return { claims, jti: claims.jti as string };
};

for (const v2 of [false, true]) {
  const issuer = v2 ? 'v2' : 'v1';
  const name = (claim: string): string => (v2 ? NAMESPACE + claim : claim);

  test(`the run behind a token of ${issuer} is found, and runs until it is finished`, async () => {
    for (const id of [ACME.id, undefined]) {
      const made = await world(id);
      for (let ordinal = 1; ordinal < 3; ordinal++) await made.start();
      const { run, requestToken } = await made.start();
      const token = await tokenOf(made, requestToken, run.id, v2);
      assert.deepEqual(await made.runBehind(token), { id: run.id, running: true });
      const caller = { kind: 'run', requestToken } as const;
      await finishRun(made.parts, caller, 'acme', run.id, 'succeeded');
      assert.deepEqual(await made.runBehind(token), { id: run.id, running: false });
    }
  });

  test(`a run that ended by its lease is over for ${issuer} too, to the second`, async () => {
    const made = await world();
    const { run, requestToken } = await made.start('dev', 30);
    const token = await tokenOf(made, requestToken, run.id, v2);
    made.clock.advance(29);
    assert.equal((await made.runBehind(token))?.running, true);
    made.clock.advance(1);
    assert.equal((await made.runBehind(token))?.running, false);
  });

  test(`a token of ${issuer} whose run cannot be found, or was never given it, belongs to a run that is over`, async () => {
    const made = await world();
    await made.start();
    const { run, requestToken } = await made.start();
    const { claims, jti } = await tokenOf(made, requestToken, run.id, v2);
    const over = { id: '', running: false };
    assert.deepEqual(await made.runBehind({ claims, jti: 'another' }), over);
    assert.deepEqual(await made.runBehind({ claims }), over);
    const changes: Record<string, readonly unknown[]> = {
      project: ['other', 'a/b', '', 7, undefined, '..', 'x'.repeat(600), 'é'],
      stack: ['other', 'dev/x', undefined, null, { dev: 1 }],
      deployment: ['0', '1', '99', '02', '2.0', '-2', ' 2', '', 2, undefined, '9'.repeat(400)],
      [v2 ? 'org_id' : 'org']: ['umbrella', '__proto__', '', 7, undefined, 'a b'],
    };
    for (const [claim, values] of Object.entries(changes)) {
      for (const value of values) {
        const changed = { claims: { ...claims, [name(claim)]: value }, jti };
        assert.deepEqual(await made.runBehind(changed), over, `${claim} ${JSON.stringify(value)}`);
      }
    }
    assert.equal((await made.runBehind({ claims, jti }))?.running, true, 'the claims as they were');
  });

  test(`a stack that comes back under its name does not lend its run to old tokens of ${issuer}`, async () => {
    const made = await world();
    const { run, requestToken } = await made.start('back');
    const token = await tokenOf(made, requestToken, run.id, v2);
    await made.parts.directory.deleteStack({ name: 'acme', id: ACME.id as string }, 'core', 'back');
    assert.equal((await made.runBehind(token))?.running, false);
    await made.start('back');
    assert.equal((await made.runBehind(token))?.running, false);
  });

  test(`a run of ${issuer} that the stack’s log holds no more is over`, async () => {
    const made = await world();
    const { run, requestToken } = await made.start();
    const token = await tokenOf(made, requestToken, run.id, v2);
    await made.store.append(
      `stack/${ACME.id}/core/dev`,
      Array.from({ length: 999 }, () => run.id),
      { to: 'document', keep: 1000 },
    );
    assert.equal((await made.runBehind(token))?.running, true);
    await made.store.append(`stack/${ACME.id}/core/dev`, [run.id], { to: 'document', keep: 1000 });
    assert.deepEqual(await made.runBehind(token), { id: '', running: false });
  });
}

test('any token of a run is found among thousands, and one of many is enough', async () => {
  const made = await world();
  const { run, requestToken } = await made.start();
  const first = await tokenOf(made, requestToken, run.id);
  const token = { kid: 'k', aud: 'acme', iat: made.clock.seconds, exp: made.clock.seconds + 60 };
  for (let at = 0; at < 450; at++) await made.parts.runs.addToken(run, { ...token, jti: `j${at}` });
  const last = await tokenOf(made, requestToken, run.id);
  for (const one of [first, last]) assert.equal((await made.runBehind(one))?.running, true);
  for (const jti of ['j0', 'j199', 'j200', 'j250', 'j251', 'j449']) {
    assert.equal(await made.parts.runs.wasGiven(run.id, jti), true, jti);
  }
  assert.equal(await made.parts.runs.wasGiven(run.id, 'j450'), false);
});

test('tokens of other issuers, and of opened environments of ours, have no run behind them', async () => {
  const made = await world();
  const { run, requestToken } = await made.start();
  const { claims, jti } = await tokenOf(made, requestToken, run.id);
  for (const iss of ['https://token.actions.githubusercontent.com', `${made.v1.url}/`, undefined, [made.v1.url]]) {
    assert.equal(await made.runBehind({ claims: { ...claims, iss }, jti }), undefined);
  }
  const environment = { project: 'default', name: 'aws', id: 'e1' };
  const opening: Opening = {
    organization: { id: 'o1', name: 'acme' },
    root: environment,
    current: environment,
    user: 'admin',
    token: { type: 'personal', team: '' },
  };
  const v1 = draftEnvironmentToken('pulumi', opening, [], 'aws:acme').claims;
  const v2 = draftEnvironmentTokenWithIds('pulumi', NAMESPACE, opening, 'anybody').claims;
  assert.equal(await made.runBehind({ claims: { ...v1, iss: made.v1.url }, jti }), undefined);
  assert.equal(await made.runBehind({ claims: { ...v2, iss: made.v2.url }, jti }), undefined);
});

test('looking behind a token gives no name an id', async () => {
  const made = await world(undefined);
  const { run, requestToken } = await made.start();
  const { claims, jti } = await tokenOf(made, requestToken, run.id);
  const { id: _id, ...umbrella } = { ...ACME, name: 'umbrella' };
  made.known.set('umbrella', umbrella);
  await made.runBehind({ claims: { ...claims, org: 'umbrella' }, jti });
  assert.equal(await made.store.get('organization/umbrella'), undefined);
});
