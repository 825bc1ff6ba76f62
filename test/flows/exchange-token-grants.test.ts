import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { principalOf } from '../../src/access/principal.ts';
import { exchangeToken, lifetimeOf } from '../../src/flows/exchange-token.ts';
import type { Definition } from '../../src/policy/policy.ts';
import { fingerprint } from '../../src/secret.ts';
import { CLAIMS, ISSUER, MAIN, makeExchangeWorld, QUESTION, WITH_TEAM } from './exchange-world.ts';

const HOUR = 3600;

describe('an access token lives', () => {
  test('as long as asked, two hours when nobody asks, and never past what issuer and installation allow', async () => {
    const cases: readonly [asked: number | undefined, maxExpiration: number, lives: number][] = [
      [undefined, 90_000, 7200],
      [60, 90_000, 60],
      [1, 90_000, 1],
      [90_000, 90_000, 90_000],
      [90_001, 90_000, 90_000],
      [9_999_999_999, 9_999_999_999, 90 * 86_400],
      [undefined, 600, 600],
      [601, 600, 600],
    ];
    for (const [expiration, maxExpiration, lives] of cases) {
      const world = await makeExchangeWorld({ issuer: { maxExpiration } });
      const made = await world.exchange(expiration === undefined ? {} : { expiration });
      const [entry] = await world.parts.accessTokens.list('acme');
      assert.equal(made.lifetime, lives, `asked ${expiration}, at most ${maxExpiration}`);
      assert.equal(entry?.expires, world.clock.seconds + lives);
      assert.equal((await world.decision(made.decision))?.grant?.expires, world.clock.seconds + lives);
      if (lives < HOUR) {
        world.clock.advance(lives - 1);
        assert.ok(await world.holderOf(made));
        world.clock.advance(1);
        assert.equal(await world.holderOf(made), undefined, 'to the second');
      }
    }
  });

  test('no longer than its subject token, where the issuer says so; else past its end', async () => {
    const capped = await makeExchangeWorld({ issuer: { capToSubjectToken: true } });
    assert.equal((await capped.exchange()).lifetime, 300);
    assert.equal((await capped.exchange({ expiration: 60 })).lifetime, 60);
    const soon = (seconds: number) => capped.token({ claims: { exp: capped.clock.seconds + seconds } });
    assert.equal((await capped.exchange({ subjectToken: await soon(1) })).lifetime, 1);
    assert.equal((await capped.exchange({ subjectToken: await soon(2.9) })).lifetime, 2, 'whole seconds');
    const free = await makeExchangeWorld();
    assert.equal((await free.exchange()).lifetime, 7200);
  });

  test('at least a second, also where the subject token is within the leeway after its end', async () => {
    const world = await makeExchangeWorld({ issuer: { capToSubjectToken: true } });
    const subjectToken = await world.token();
    world.clock.advance(329);
    assert.equal((await world.exchange({ subjectToken })).lifetime, 1);
    world.clock.advance(1);
    assert.equal(await world.refusalOf({ subjectToken }), 'expired');
  });

  test('whole seconds from 1 to every cap, whatever is asked', () => {
    const seconds = fc.integer({ min: 1, max: 10 ** 10 });
    fc.assert(
      fc.property(
        seconds,
        seconds,
        seconds,
        fc.boolean(),
        fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e12 })),
        (asked, maxExpiration, maxLifetime, capToSubjectToken, left) => {
          const of = { now: 1000, asked, ...(left !== null && { subjectExpires: 1000 + left }) };
          const limits = { defaultLifetime: 7200, maxLifetime };
          const lives = lifetimeOf(limits, { maxExpiration, capToSubjectToken }, of);
          assert.ok(Number.isInteger(lives) && lives >= 1);
          assert.ok(lives <= Math.min(asked, maxExpiration, maxLifetime));
          if (capToSubjectToken && left !== null) assert.ok(lives <= Math.max(1, left));
        },
      ),
    );
  });
});

describe('an access token may do', () => {
  const principal = async (definitions: readonly Definition[], asked = {}) => {
    const world = await makeExchangeWorld({ document: { policies: definitions } });
    const made = await world.exchange(asked);
    const holder = await world.holderOf(made);
    assert.ok(holder);
    const { grant } = (await world.decision(made.decision)) ?? {};
    return { holder, grant, principal: principalOf(holder, WITH_TEAM) };
  };
  const ADMIN = { ...MAIN, authorizedPermissions: ['admin'] };

  test('nothing, where the policy gives neither role nor "admin"', async () => {
    const { holder, principal: caller, grant } = await principal([MAIN]);
    assert.deepEqual(
      [caller?.kind, caller?.name, caller?.administrator, caller?.permissions],
      ['organization', 'acme', false, []],
    );
    assert.deepEqual([holder.tokenName, grant?.administrator, grant?.roles], ['ci', false, []]);
  });

  test('what the role says that the policy names, and nothing for a role that the file does not have', async () => {
    const { principal: caller, holder } = await principal([{ ...MAIN, roleID: 'deployer' }]);
    assert.deepEqual([caller?.administrator, caller?.permissions], [false, WITH_TEAM.roles[0]?.permissions]);
    assert.deepEqual(holder.roles, ['deployer']);
    assert.deepEqual((await principal([{ ...MAIN, roleID: 'gone' }])).principal?.permissions, []);
  });

  test('everything, where the policy says "admin", with the scope "admin" and without', async () => {
    for (const asked of [{ admin: true, scope: 'admin' }, {}]) {
      const { principal: caller, grant } = await principal([ADMIN], asked);
      assert.deepEqual([caller?.administrator, grant?.administrator], [true, true]);
    }
  });

  test('nothing with the scope "admin" that no policy gives: it is refused', async () => {
    for (const definition of [
      MAIN,
      { ...MAIN, roleID: 'deployer' },
      { ...MAIN, authorizedPermissions: ['standard'] },
    ]) {
      const world = await makeExchangeWorld({ document: { policies: [definition] } });
      assert.equal(await world.refusalOf({ admin: true, scope: 'admin' }), 'policy_unmatched');
    }
  });

  test('what a user may, where the policy names the login exactly and the user exists', async () => {
    const personal = { ...MAIN, tokenType: 'personal', userLogin: 'carol' } as const;
    const { holder, principal: caller, grant } = await principal([personal], { tokenType: 'personal', name: 'carol' });
    assert.deepEqual(
      [caller?.kind, caller?.name, caller?.permissions],
      ['personal', 'carol', WITH_TEAM.roles[0]?.permissions],
    );
    assert.deepEqual([holder.administrator, holder.roles], [undefined, undefined], 'rights are those of the file');
    assert.deepEqual([grant?.administrator, grant?.roles], [false, []]);
    const world = await makeExchangeWorld({ document: { policies: [personal] } });
    for (const name of ['bob', 'Carol', 'caro', 'carol2']) {
      assert.equal(await world.refusalOf({ tokenType: 'personal', name }), 'policy_unmatched', name);
    }
  });

  test('what a team may, where a pattern of the policy matches the name and the team exists', async () => {
    const team = { ...MAIN, tokenType: 'team', teamName: 'o*' } as const;
    const { principal: caller } = await principal([team], { tokenType: 'team', name: 'ops' });
    assert.deepEqual(
      [caller?.kind, caller?.name, caller?.permissions],
      ['team', 'ops', WITH_TEAM.roles[0]?.permissions],
    );
    const world = await makeExchangeWorld({ document: { policies: [team] } });
    const { decision } = await world.exchange({ tokenType: 'team', name: 'ops' });
    assert.deepEqual((await world.decision(decision))?.question, { tokenType: 'team', name: 'ops', admin: false });
    assert.equal(await world.refusalOf({ tokenType: 'team', name: 'oncall' }), 'unknown_team');
    assert.equal(await world.refusalOf({ tokenType: 'team', name: 'dev' }), 'policy_unmatched');
  });

  test('nothing but be a runner, where the policy names the pool exactly', async () => {
    const runner = {
      ...MAIN,
      tokenType: 'runner',
      runnerID: 'pool-1',
      roleID: 'deployer',
      authorizedPermissions: ['admin'],
    } as const;
    const { principal: caller } = await principal([runner], { tokenType: 'runner', name: 'pool-1' });
    assert.deepEqual(
      [caller?.kind, caller?.name, caller?.administrator, caller?.permissions],
      ['runner', 'pool-1', false, []],
    );
    const world = await makeExchangeWorld({ document: { policies: [runner] } });
    assert.equal(await world.refusalOf({ tokenType: 'runner', name: 'pool-2' }), 'policy_unmatched');
  });
});

describe('a decision says', () => {
  test('of a grant: what was asked, by what token, with which claims, under which policy, and what was given', async () => {
    const world = await makeExchangeWorld({ document: { policies: [{ ...MAIN, roleID: 'deployer' }] } });
    const subjectToken = await world.token();
    const made = await world.exchange({ subjectToken });
    const times = { iat: world.clock.seconds, exp: world.clock.seconds + 300 };
    const { email: _email, ...claims } = { iss: ISSUER, ...CLAIMS, ...times };
    const { id, name, url, policy } = world.trusted;
    assert.deepEqual(await world.decision(made.decision), {
      id: made.decision,
      time: world.clock.seconds,
      organization: 'acme',
      issuer: { id, name, url },
      question: { tokenType: 'organization', admin: false },
      subjectTokenHash: fingerprint(subjectToken),
      outcome: 'granted',
      claims,
      omitted: ['email'],
      policy: {
        id: policy.id,
        version: 1,
        mode: 'enforce',
        definitions: [{ index: 0, decision: 'allow', result: 'matched' }],
      },
      grant: { administrator: false, roles: ['deployer'], expires: world.clock.seconds + 7200 },
    });
    const { origin } = (await world.holderOf(made)) ?? {};
    assert.deepEqual(origin, { issuer: id, decision: made.decision });
  });

  test('of a refusal: each definition with the first rule that failed, what it expects and what the token presents', async () => {
    const world = await makeExchangeWorld({
      document: {
        policies: [MAIN, { ...MAIN, tokenType: 'team', teamName: 'ops' }, { ...MAIN, rules: { environment: 'prod' } }],
      },
    });
    const { detail } = await world.refused({ subjectToken: await world.token({ claims: { ref: 'refs/heads/side' } }) });
    assert.deepEqual((await world.decision(detail['decision']))?.policy?.definitions, [
      {
        index: 0,
        decision: 'allow',
        result: 'unmatched',
        failure: { claim: 'ref', expected: 'refs/heads/main', presented: '"refs/heads/side"' },
      },
      { index: 1, decision: 'allow', result: 'unselected' },
      { index: 2, decision: 'allow', result: 'unmatched', failure: { claim: 'environment', expected: 'prod' } },
    ]);
  });

  test('nothing of a personal claim: neither among the claims, nor where a rule failed on it, in whichever spelling', async () => {
    for (const path of ['email', '"email"']) {
      const world = await makeExchangeWorld({
        document: { policies: [{ ...MAIN, rules: { [path]: 'bob@example.com' } }] },
      });
      const { detail } = await world.refused();
      const decision = await world.decision(detail['decision']);
      assert.deepEqual(decision?.policy?.definitions[0]?.failure, {
        claim: path,
        expected: 'bob@example.com',
        presented: '(personal)',
      });
      assert.deepEqual(decision?.omitted, ['email']);
      assert.doesNotMatch(JSON.stringify([decision, world.events, world.logged]), /ada@/);
    }
  });

  test('the subject of a token is not in the audit record where it counts as personal', async () => {
    const world = await makeExchangeWorld();
    const parts = { ...world.parts, personalClaims: new Set(['sub']) };
    await exchangeToken(parts, { ...QUESTION, subjectToken: await world.token() });
    assert.equal(world.events[0]?.detail['sub'], '(personal)');
  });

  test('nothing that a forged token claims: only what could be believed, which an expired one can', async () => {
    const world = await makeExchangeWorld();
    const forged = await world.token({ header: { kid: 'nobody' } });
    const one = await world.refused({ subjectToken: forged });
    assert.equal((await world.decision(one.detail['decision']))?.claims, undefined);
    const expired = await world.token({ claims: { exp: world.clock.seconds - 60, iat: world.clock.seconds - 120 } });
    const other = await world.refused({ subjectToken: expired });
    assert.equal((await world.decision(other.detail['decision']))?.claims?.['repository'], 'acme/app');
  });
});
