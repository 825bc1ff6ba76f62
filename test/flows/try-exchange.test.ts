import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DECISION_CODES } from '../../src/exchange/decision.ts';
import { type TrialRequest, tryExchange } from '../../src/flows/try-exchange.ts';
import { CLAIMS, type ExchangeWorld, FORGER, ISSUER, MAIN, makeExchangeWorld, WITH_TEAM } from './exchange-world.ts';
import { PRINCIPALS, refuses } from './world.ts';

const attempt = (world: ExchangeWorld, subject: TrialRequest['subject'], more: Partial<TrialRequest> = {}) =>
  tryExchange(world.parts, PRINCIPALS.admin, WITH_TEAM, {
    question: { tokenType: 'organization', admin: false },
    subject,
    ...more,
  });

const claimsOf = (more: object = {}) => ({
  claims: Object.assign(Object.create(null), { iss: ISSUER, ...CLAIMS, ...more }),
});

describe('trying an exchange', () => {
  test('says what would be granted and why, of a token and of its claims alike, and changes nothing', async () => {
    const world = await makeExchangeWorld({ document: { policies: [{ ...MAIN, roleID: 'deployer' }] } });
    const token = await world.token();
    world.writes.length = 0;
    const { id, name, policy } = world.trusted;
    for (const subject of [{ token }, claimsOf()]) {
      for (const more of [{}, { issuer: id }]) {
        assert.deepEqual(await attempt(world, subject, more), {
          granted: true,
          lifetime: 7200,
          issuer: { id, name },
          policy: { id: policy.id, version: 1, mode: 'enforce' },
          definitions: [{ index: 0, decision: 'allow', result: 'matched' }],
          administrator: false,
          roles: ['deployer'],
        });
      }
    }
    assert.deepEqual([world.writes, world.events, world.logged, world.exchanged], [[], [], [], []]);
  });

  test('says why not, with the code, its sentence and the first rule that failed', async () => {
    const world = await makeExchangeWorld();
    for (const subject of [{ token: await world.token({ claims: { ref: 'side' } }) }, claimsOf({ ref: 'side' })]) {
      const { granted, code, sentence, lifetime, definitions } = await attempt(world, subject);
      assert.deepEqual([granted, code, lifetime], [false, 'policy_unmatched', undefined]);
      assert.equal(sentence, DECISION_CODES.policy_unmatched);
      const failure = { claim: 'ref', expected: 'refs/heads/main', presented: '"side"' };
      assert.deepEqual(definitions, [{ index: 0, decision: 'allow', result: 'unmatched', failure }]);
    }
  });

  test('predicts what the exchange then does, for every kind of refusal that a policy gives', async () => {
    const world = await makeExchangeWorld();
    await world.exchange();
    const tokens = [{}, { ref: 'side' }, { repository_id: '1' }, { exp: 1, iat: 0 }];
    for (const mode of ['enforce', 'audit'] as const) {
      for (const policies of [[MAIN], [], [MAIN, { ...MAIN, decision: 'deny' as const }]]) {
        await world.setPolicies(policies, { mode });
        for (const claims of tokens) {
          const token = await world.token({ claims });
          const { granted, code } = await attempt(world, { token });
          const outcome = await world.exchange({ subjectToken: token }).then(
            () => 'granted',
            () => world.exchanged.at(-1),
          );
          assert.equal(granted ? 'granted' : code, outcome);
        }
      }
    }
  });

  test('in audit mode grants nothing, and shows the allow and what it would have given', async () => {
    const world = await makeExchangeWorld({
      document: { mode: 'audit', policies: [{ ...MAIN, authorizedPermissions: ['admin'] }] },
    });
    const { granted, code, definitions, administrator, policy } = await attempt(world, claimsOf());
    assert.deepEqual([granted, code, administrator, policy?.mode], [false, 'policy_audit', true, 'audit']);
    assert.equal(definitions[0]?.result, 'matched');
  });

  test('caps the lifetime like an exchange, by the claims too', async () => {
    const world = await makeExchangeWorld({ issuer: { maxExpiration: 600, capToSubjectToken: true } });
    assert.equal((await attempt(world, { token: await world.token() })).lifetime, 300);
    assert.equal((await attempt(world, claimsOf())).lifetime, 600);
    assert.equal((await attempt(world, claimsOf({ exp: world.clock.seconds + 60 }))).lifetime, 60);
    assert.equal((await attempt(world, claimsOf({ exp: 'soon' }))).lifetime, 600);
  });

  test('uses no token up, and says that it does not know whether it was', async () => {
    const world = await makeExchangeWorld({ issuer: { replay: 'once' } });
    const token = await world.token({ claims: { jti: 'one' } });
    for (let again = 0; again < 2; again++) {
      const { granted, note } = await attempt(world, { token });
      assert.equal(granted, true);
      assert.match(note ?? '', /"once"/);
    }
    await world.exchange({ subjectToken: token });
    assert.match((await attempt(world, claimsOf())).note ?? '', /"once"/);
    const windowed = await makeExchangeWorld({ issuer: { replay: 'retry-window' } });
    assert.match((await attempt(windowed, claimsOf())).note ?? '', /"retry-window"/);
    assert.equal((await attempt(await makeExchangeWorld(), claimsOf())).note, undefined);
  });

  test('a forged token is told apart from a genuine one, and claims need no signature', async () => {
    const world = await makeExchangeWorld();
    const forged = await attempt(world, { token: await world.token({ key: FORGER }) });
    assert.deepEqual([forged.granted, forged.code, forged.definitions], [false, 'bad_signature', []]);
    assert.equal((await attempt(world, { token: 'x' })).code, 'malformed_token');
    assert.equal((await attempt(world, claimsOf())).granted, true);
  });

  test('an issuer that is not trusted, or another than the one that was named, is what is wrong', async () => {
    const world = await makeExchangeWorld();
    const other = 'https://other.example.com';
    for (const subject of [{ token: await world.token({ claims: { iss: other } }) }, claimsOf({ iss: other })]) {
      const unknown = await attempt(world, subject);
      assert.deepEqual([unknown.granted, unknown.code, unknown.issuer], [false, 'unknown_issuer', undefined]);
    }
    const issuer = world.trusted.id;
    const wrong = await attempt(world, claimsOf({ iss: other }), { issuer });
    assert.deepEqual([wrong.code, wrong.issuer], ['wrong_issuer', undefined]);
    const signed = await attempt(world, { token: await world.token({ claims: { iss: other } }) }, { issuer });
    assert.equal(signed.code, 'wrong_issuer');
    for (const iss of [undefined, 7]) assert.equal((await attempt(world, claimsOf({ iss }))).code, 'missing_claim');
    assert.equal((await attempt(world, claimsOf({ iss: undefined }), { issuer })).granted, true);
    await assert.rejects(attempt(world, claimsOf(), { issuer: 'nobody' }), refuses('trusted_issuer_not_found'));
  });

  test('another organization’s issuer is not there', async () => {
    const world = await makeExchangeWorld();
    const request: TrialRequest = { question: { tokenType: 'organization', admin: false }, subject: claimsOf() };
    const umbrella = { ...WITH_TEAM, name: 'umbrella' };
    assert.equal((await tryExchange(world.parts, PRINCIPALS.admin, umbrella, request)).code, 'unknown_issuer');
    const named = { ...request, issuer: world.trusted.id };
    await assert.rejects(
      tryExchange(world.parts, PRINCIPALS.admin, umbrella, named),
      refuses('trusted_issuer_not_found'),
    );
  });

  test('nobody but an administrator is told anything', async () => {
    const world = await makeExchangeWorld();
    const request: TrialRequest = { question: { tokenType: 'organization', admin: false }, subject: claimsOf() };
    for (const principal of [PRINCIPALS.bob, PRINCIPALS.carol]) {
      await assert.rejects(tryExchange(world.parts, principal, WITH_TEAM, request), refuses('not_permitted'));
    }
  });
});
