import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { weighClaims, weighToken } from '../../src/flows/weigh-token.ts';
import { readToken } from '../../src/issuers/token-text.ts';
import { CLAIMS, type ExchangeWorld, FORGER, MAIN, makeExchangeWorld, WITH_TEAM } from './exchange-world.ts';

const ASKED = { tokenType: 'organization', admin: false } as const;

const weigh = async (world: ExchangeWorld, subjectToken: string, asked: object = ASKED) => {
  const issuer = await world.parts.issuers.get('acme', world.trusted.id);
  assert.ok(issuer);
  const read = readToken(subjectToken);
  assert.ok(!('problem' in read));
  return weighToken(world.parts, WITH_TEAM, issuer, { ...ASKED, ...asked }, read, world.clock.seconds);
};

describe('weighing a token', () => {
  test('gives the verified token, the verdict and the names that the grant rests on; and writes nothing', async () => {
    const world = await makeExchangeWorld({ issuer: { replay: 'once' } });
    const subjectToken = await world.token({ claims: { jti: 'one' } });
    world.writes.length = 0;
    for (let again = 0; again < 3; again++) {
      const { code, token, verdict, unpinned, run } = await weigh(world, subjectToken);
      assert.deepEqual([code, token?.jti, verdict?.outcome, run], [undefined, 'one', 'allowed', undefined]);
      assert.deepEqual(unpinned, [{ claim: 'repository', name: 'acme/app', idClaim: 'repository_id', id: '4711' }]);
    }
    assert.deepEqual([world.writes, world.events], [[], []]);
  });

  test('believes nothing of a forged token, and asks no policy about one that is not believed', async () => {
    const world = await makeExchangeWorld({
      document: { policies: [{ ...MAIN, decision: 'deny', rules: { ref: '*' } }] },
    });
    const forged = await weigh(world, await world.token({ key: FORGER }));
    assert.deepEqual([forged.code, forged.token, forged.verdict], ['bad_signature', undefined, undefined]);
    const late = await weigh(
      world,
      await world.token({ claims: { exp: world.clock.seconds - 60, iat: world.clock.seconds - 90 } }),
    );
    assert.deepEqual([late.code, late.verdict], ['expired', undefined]);
    assert.equal(late.token?.claims['repository'], 'acme/app', 'but of a genuine one the claims may be shown');
  });

  test('lets the first thing that is wrong decide: key, signature, times, policy, holder, ids, audit mode', async () => {
    const world = await makeExchangeWorld();
    await world.exchange();
    const denied = { ...MAIN, decision: 'deny', rules: { ref: 'refs/heads/*' } } as const;
    const team = { ...MAIN, tokenType: 'team', teamName: '*' } as const;
    const wrongTimes = { exp: world.clock.seconds - 60, iat: world.clock.seconds - 90 };
    const wrongId = { repository_id: '1' };
    const all = { ...wrongTimes, ...wrongId, ref: 'refs/heads/side' };
    await world.setPolicies([MAIN, team, denied, { ...denied, tokenType: 'team', teamName: '*' }], { mode: 'audit' });
    const asked = { tokenType: 'team', name: 'nobody' };
    const code = async (claims: object, wish: object = {}) =>
      (await weigh(world, await world.token({ claims: { ...claims }, ...wish }), asked)).code;

    assert.equal(await code(all, { header: { kid: 'nobody' }, key: FORGER }), 'unknown_key');
    assert.equal(await code(all, { key: FORGER }), 'bad_signature');
    assert.equal(await code(all), 'expired');
    assert.equal(await code(wrongId), 'policy_denied');
    await world.setPolicies([MAIN], { mode: 'audit' });
    assert.equal(await code(wrongId), 'policy_unmatched');
    await world.setPolicies([MAIN, team], { mode: 'audit' });
    assert.equal(await code(wrongId), 'unknown_team');
    asked.name = 'ops';
    assert.equal(await code(wrongId), 'identity_changed');
    assert.equal(await code({}), 'policy_audit');
    await world.setPolicies([MAIN, team], { mode: 'enforce' });
    assert.equal(await code({}), undefined);
  });

  test('any matching deny wins, wherever it stands and whatever else allows', async () => {
    const world = await makeExchangeWorld();
    const allows = [MAIN, { ...MAIN, rules: { repository: 'acme/*' } }, { ...MAIN, roleID: 'deployer' }];
    const deny = { ...MAIN, decision: 'deny', rules: { email: '*@example.com' } } as const;
    const subjectToken = await world.token();
    for (let at = 0; at <= allows.length; at++) {
      await world.setPolicies(allows.toSpliced(at, 0, deny));
      const { code, verdict } = await weigh(world, subjectToken);
      assert.deepEqual([code, verdict?.decidedBy], ['policy_denied', [at]]);
    }
    await world.setPolicies(allows);
    const { verdict } = await weigh(world, subjectToken);
    assert.deepEqual([verdict?.decidedBy, verdict?.roles], [[0, 1, 2], ['deployer']]);
  });

  test('a deny for another kind, or another name, does not count', async () => {
    const world = await makeExchangeWorld();
    const deny = { ...MAIN, decision: 'deny', tokenType: 'team', teamName: 'ops' } as const;
    await world.setPolicies([MAIN, deny, { ...MAIN, tokenType: 'team', teamName: '*' }]);
    const subjectToken = await world.token();
    assert.equal((await weigh(world, subjectToken)).code, undefined);
    assert.equal((await weigh(world, subjectToken, { tokenType: 'team', name: 'ops' })).code, 'policy_denied');
  });

  test('claims are weighed alike, whether they came in a token or by themselves', async () => {
    const world = await makeExchangeWorld();
    await world.exchange();
    for (const claims of [{}, { ref: 'x' }, { repository_id: '1' }]) {
      const { token: _token, ...byToken } = await weigh(world, await world.token({ claims }));
      const all = Object.assign(Object.create(null), { ...CLAIMS, ...claims });
      assert.deepEqual(await weighClaims(world.parts, WITH_TEAM, world.trusted, ASKED, all), byToken);
    }
  });
});
