import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { realRandom } from '../clock.ts';
import { BY_EC_KEY, type ExchangeWorld, MAIN, makeExchangeWorld, type TokenWish } from './exchange-world.ts';

const withToken = async (world: ExchangeWorld, wish: TokenWish = { claims: { jti: 'one' } }) => {
  const subjectToken = await world.token(wish);
  return (asked = {}) => world.exchange({ subjectToken, ...asked });
};

/** How many of these exchanges were granted, and with which codes the others were refused. */
const outcomes = async (world: ExchangeWorld, exchanges: readonly Promise<unknown>[]) => {
  const before = world.exchanged.length;
  await Promise.allSettled(exchanges);
  const all = world.exchanged.slice(before);
  assert.equal(all.length, exchanges.length);
  return {
    granted: all.filter((one) => one === 'granted').length,
    codes: [...new Set(all.filter((one) => one !== 'granted'))],
  };
};

describe('replay "allow"', () => {
  test('takes the same token as long as it lives, and gives each time another access token', async () => {
    const world = await makeExchangeWorld();
    const again = await withToken(world);
    const made = await Promise.all(Array.from({ length: 20 }, () => again()));
    assert.equal(new Set(made.map(({ token }) => token.reveal())).size, 20);
    world.clock.advance(299);
    await again();
  });
});

describe('replay "once"', () => {
  const once = () => makeExchangeWorld({ issuer: { replay: 'once' } });

  test('of a hundred uses at the same moment exactly one is granted', async () => {
    const world = await once();
    const again = await withToken(world);
    const { granted, codes } = await outcomes(
      world,
      Array.from({ length: 100 }, () => again()),
    );
    assert.deepEqual([granted, codes], [1, ['replayed']]);
    assert.equal((await world.parts.accessTokens.list('acme')).length, 1);
  });

  test('counts a token by its jti, else by its content; another jti is another token', async () => {
    for (const claims of [{ jti: 'one' }, {}]) {
      const world = await once();
      await (await withToken(world, { claims }))();
      assert.equal(await world.refusalOf({ subjectToken: await world.token({ claims }) }), 'replayed');
      await world.exchange({ subjectToken: await world.token({ claims: { jti: 'two' } }) });
    }
  });

  test('another signature over the same content is no other token', async () => {
    for (const claims of [{ jti: 'one' }, {}]) {
      const world = await once();
      const [one, other] = [await world.token({ claims, ...BY_EC_KEY }), await world.token({ claims, ...BY_EC_KEY })];
      assert.notEqual(one, other);
      await world.exchange({ subjectToken: one });
      assert.equal(await world.refusalOf({ subjectToken: other }), 'replayed');
    }
  });

  test('a token that was refused is not used up: neither by policies nor by the audit mode', async () => {
    const world = await once();
    const again = await withToken(world);
    assert.equal(
      await world.refusalOf({ subjectToken: await world.token({ claims: { jti: 'one' } }), admin: true }),
      'policy_unmatched',
    );
    await world.setPolicies([MAIN], { mode: 'audit' });
    await assert.rejects(again());
    assert.equal(world.exchanged.at(-1), 'policy_audit');
    await world.setPolicies([MAIN], { mode: 'enforce' });
    await again();
  });

  test('two issuers do not use up each other’s tokens', async () => {
    const world = await once();
    const { id: _id, policy, ...rest } = world.trusted;
    const other = {
      ...rest,
      id: realRandom.uuid(),
      issuer: 'https://other.example.com',
      policy: { ...policy, id: realRandom.uuid() },
    };
    await world.parts.issuers.create(other);
    await (await withToken(world))();
    await (await withToken(world, { claims: { iss: other.issuer, jti: 'one' } }))();
  });
});

describe('replay "retry-window"', () => {
  const windowed = () => makeExchangeWorld({ issuer: { replay: 'retry-window' } });

  test('gives the identical request a fresh access token within 60 s of its first use, and then no more', async () => {
    const world = await windowed();
    const again = await withToken(world);
    const first = await again();
    world.clock.advance(60);
    assert.notEqual((await again()).token.reveal(), first.token.reveal());
    world.clock.advance(1);
    await assert.rejects(again());
    assert.equal(world.exchanged.at(-1), 'replayed');
  });

  test('a retry does not move the window', async () => {
    const world = await windowed();
    const again = await withToken(world);
    await again();
    for (const seconds of [30, 30]) {
      world.clock.advance(seconds);
      await again();
    }
    world.clock.advance(1);
    await assert.rejects(again());
  });

  test('takes no request that asks for anything else: scope, kind, time or another text of the same token', async () => {
    const changes = [
      { scope: 'admin', admin: true },
      { expiration: 60 },
      { expiration: 7200 },
      { requestedTokenType: 'other' },
    ];
    for (const change of changes) {
      const world = await makeExchangeWorld({
        issuer: { replay: 'retry-window' },
        document: { policies: [{ ...MAIN, authorizedPermissions: ['admin'] }] },
      });
      const again = await withToken(world);
      await again();
      await assert.rejects(again(change));
      assert.equal(world.exchanged.at(-1), 'replayed', JSON.stringify(change));
      await again();
    }
    const world = await windowed();
    await (await withToken(world))();
    const other = await world.token({ claims: { jti: 'one', ref: 'refs/heads/main', extra: 1 } });
    assert.equal(await world.refusalOf({ subjectToken: other }), 'replayed', 'the jti is the same, the token is not');
  });

  test('takes no other signature over the same content: a retry sends the same bytes', async () => {
    const world = await windowed();
    const [one, other] = [await world.token(BY_EC_KEY), await world.token(BY_EC_KEY)];
    await world.exchange({ subjectToken: one });
    assert.equal(await world.refusalOf({ subjectToken: other }), 'replayed');
    await world.exchange({ subjectToken: one });
  });

  test('of many different requests with one token at the same moment those of exactly one are granted', async () => {
    const world = await windowed();
    const again = await withToken(world);
    const asked = Array.from({ length: 40 }, (_, at) => again({ expiration: 60 + (at % 4) }));
    const { granted, codes } = await outcomes(world, asked);
    assert.deepEqual([granted, codes], [10, ['replayed']]);
  });
});

describe('the ids behind names', () => {
  const changed = (world: ExchangeWorld) => world.token({ claims: { repository_id: '4712' } });
  const pins = async (world: ExchangeWorld) =>
    (await world.parts.pins.list('acme', world.trusted.policy.id, 0, 10)).pins;

  test('are pinned at the first grant, and the name with another id is refused until an administrator re-pins it', async () => {
    const world = await makeExchangeWorld();
    assert.deepEqual(await pins(world), []);
    await world.exchange();
    const [pin] = await pins(world);
    assert.ok(pin);
    assert.deepEqual(
      [pin.claim, pin.name, pin.idClaim, pin.value],
      ['repository', 'acme/app', 'repository_id', '4711'],
    );

    const reason = await world.refused({ subjectToken: await changed(world) });
    const decision = await world.decision(reason.detail['decision']);
    assert.equal(decision?.code, 'identity_changed');
    assert.deepEqual(decision?.pin, { id: pin.id, claim: 'repository', name: 'acme/app', presented: '4712' });
    assert.match(decision?.detail ?? '', /^repository "acme\/app" had repository_id 4711, and now has 4712$/);

    assert.equal(
      await world.parts.pins.set('acme', world.trusted.policy.id, pin.id, '4712', world.clock.seconds),
      true,
    );
    await world.exchange({ subjectToken: await changed(world) });
    assert.equal(await world.refusalOf(), 'identity_changed', 'the old one is the stranger now');
  });

  test('a pin that was removed is made anew by the next grant', async () => {
    const world = await makeExchangeWorld();
    await world.exchange();
    const [pin] = await pins(world);
    await world.parts.pins.remove('acme', world.trusted.policy.id, pin?.id ?? '');
    await world.exchange({ subjectToken: await changed(world) });
    assert.equal((await pins(world))[0]?.value, '4712');
  });

  test('each name has its own pin', async () => {
    const world = await makeExchangeWorld({ document: { policies: [{ ...MAIN, rules: { repository: 'acme/*' } }] } });
    await world.exchange();
    await world.exchange({
      subjectToken: await world.token({ claims: { repository: 'acme/lib', repository_id: '1' } }),
    });
    assert.deepEqual((await pins(world)).map(({ name }) => name).sort(), ['acme/app', 'acme/lib']);
  });

  test('nothing is pinned by what was refused, denied or only tried in audit mode', async () => {
    const world = await makeExchangeWorld({ document: { mode: 'audit' } });
    assert.equal(await world.refusalOf(), 'policy_audit');
    await world.setPolicies([MAIN, { ...MAIN, decision: 'deny' }], { mode: 'enforce' });
    assert.equal(await world.refusalOf(), 'policy_denied');
    await world.setPolicies([MAIN]);
    assert.equal(await world.refusalOf({ admin: true }), 'policy_unmatched');
    assert.deepEqual(await pins(world), []);
  });

  test('in audit mode a changed id is still what is reported', async () => {
    const world = await makeExchangeWorld();
    await world.exchange();
    await world.setPolicies([MAIN], { mode: 'audit' });
    assert.equal(await world.refusalOf({ subjectToken: await changed(world) }), 'identity_changed');
    assert.equal(await world.refusalOf(), 'policy_audit');
  });

  test('of two ids that come first at the same moment one wins, and the tokens of the other get nothing', async () => {
    const world = await makeExchangeWorld();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        world.token({ claims: { repository_id: String(at % 2), jti: String(at) } }),
      ),
    );
    const { granted, codes } = await outcomes(
      world,
      tokens.map((subjectToken) => world.exchange({ subjectToken })),
    );
    assert.deepEqual([granted, codes], [10, ['identity_changed']]);
  });

  test('who loses that race is told so with the pin that stands', async () => {
    const world = await makeExchangeWorld();
    const { pins: records } = world.parts;
    const policyId = world.trusted.policy.id;
    const rival = { claim: 'repository', name: 'acme/app', idClaim: 'repository_id', id: '1' };
    const late: typeof records = {
      ...records,
      async pin(...asked) {
        await records.pin('acme', policyId, [rival], world.clock.seconds);
        return records.pin(...asked);
      },
    };
    Object.assign(world.parts, { pins: late });
    const reason = await world.refused();
    const decision = await world.decision(reason.detail['decision']);
    assert.equal(decision?.code, 'identity_changed');
    assert.deepEqual(decision?.pin, {
      id: (await pins(world))[0]?.id,
      claim: 'repository',
      name: 'acme/app',
      presented: '4711',
    });
  });
});
