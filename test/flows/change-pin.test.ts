import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { movePin, removePin } from '../../src/flows/change-pin.ts';
import { listPins } from '../../src/flows/read-trust.ts';
import type { HttpsHost } from '../issuers/https-host.ts';
import { declaration } from '../issuers/registrations.ts';
import { makeTrustWorld, startIssuerHost, type TrustWish } from './trust-world.ts';
import { PRINCIPALS, refuses } from './world.ts';

const { admin, bob } = PRINCIPALS;
const identity = (name: string, id: string) => ({ claim: 'repository', name, idClaim: 'repository_id', id });

let host: HttpsHost;
before(async () => {
  host = await startIssuerHost();
});
after(() => host.stop());

const open = async (wish: TrustWish = {}) => {
  const world = await makeTrustWorld(host, wish);
  const [issuer] = wish.declared ? await world.parts.issuers.list('acme') : [await world.register()];
  assert.ok(issuer);
  const policyId = issuer.policy.id;
  await world.parts.pins.pin('acme', policyId, [identity('acme/core', '1')], world.clock.seconds);
  const [pin] = (await world.parts.pins.list('acme', policyId, 0, 1)).pins;
  assert.ok(pin);
  const conflicts = async (id: string) =>
    (await world.parts.pins.compare('acme', policyId, [identity('acme/core', id)])).conflicts;
  return { ...world, policyId, pin, place: { policyId, pinId: pin.id }, conflicts };
};

describe('an administrator changes a pin', () => {
  test('the name belongs to the new id from then on, and the old one is recorded', async () => {
    const { parts, place, pin, clock, conflicts, events } = await open();
    assert.equal((await conflicts('2')).length, 1);
    clock.advance(60);
    const moved = await movePin(parts, admin, place, '2');
    assert.deepEqual(moved, { ...pin, value: '2', modified: pin.modified + 60 });
    assert.deepEqual(await parts.pins.get('acme', place.policyId, pin.id), moved);
    assert.deepEqual([(await conflicts('1')).length, (await conflicts('2')).length], [1, 0]);
    assert.deepEqual(events.at(-1), {
      kind: 'pin.change',
      organization: 'acme',
      actor: 'personal:admin',
      outcome: 'granted',
      detail: {
        policy: place.policyId,
        pin: pin.id,
        claim: 'repository',
        name: 'acme/core',
        before: '1',
        value: '2',
      },
    });
  });

  test('a forgotten pin binds nobody, until the next grant', async () => {
    const { parts, place, conflicts, events } = await open();
    await removePin(parts, admin, place);
    assert.deepEqual(await conflicts('2'), []);
    assert.deepEqual([events.at(-1)?.kind, events.at(-1)?.detail['before']], ['pin.change', '1']);
    await assert.rejects(removePin(parts, admin, place), refuses('pin_not_found'));
  });

  test('also under a policy that a file declares', async () => {
    const { parts, place } = await open({ declared: [declaration()] });
    assert.equal((await movePin(parts, admin, place, '2')).value, '2');
    await removePin(parts, admin, place);
  });

  test('an id is a short printable text', async () => {
    const { parts, place, conflicts } = await open();
    for (const value of ['', 'a\nb', 'x'.repeat(257)]) {
      await assert.rejects(movePin(parts, admin, place, value), refuses('invalid_request'));
    }
    assert.deepEqual(await conflicts('1'), []);
    await movePin(parts, admin, place, 'x'.repeat(256));
  });

  test('a list has pages', async () => {
    const { parts, policyId } = await open();
    await parts.pins.pin('acme', policyId, [identity('acme/a', '2'), identity('acme/b', '3')], 1);
    const names = async (page: number) => {
      const { pins, total } = await listPins(parts, admin, policyId, { page, pageSize: 2 });
      assert.equal(total, 3);
      return pins.map(({ name }) => name);
    };
    const all = [await names(1), await names(2)];
    assert.deepEqual(
      all.map(({ length }) => length),
      [2, 1],
    );
    assert.deepEqual(all.flat().sort(), ['acme/a', 'acme/b', 'acme/core']);
    assert.deepEqual(await names(3), []);
  });

  for (const [name, story] of Object.entries<
    (
      parts: Parameters<typeof movePin>[0] & Parameters<typeof listPins>[0],
      ...call: Parameters<typeof removePin> extends [unknown, ...infer R] ? R : never
    ) => Promise<unknown>
  >({
    'a move': (parts, principal, place) => movePin(parts, principal, place, '2'),
    'a removal': (parts, principal, place) => removePin(parts, principal, place),
    'a list': (parts, principal, { policyId }) => listPins(parts, principal, policyId, { page: 1, pageSize: 10 }),
  })) {
    test(`${name} is for administrators, and for a policy that is there`, async () => {
      const { parts, place, conflicts } = await open();
      await assert.rejects(story(parts, bob, place), refuses('not_permitted'));
      const foreign = { ...admin, organization: 'umbrella' };
      await assert.rejects(story(parts, foreign, place), refuses('policy_not_found'));
      await assert.rejects(story(parts, admin, { ...place, policyId: place.pinId }), refuses('policy_not_found'));
      if (name !== 'a list') {
        for (const pinId of ['x', '../x', '0'.repeat(32)]) {
          await assert.rejects(story(parts, admin, { ...place, pinId }), refuses('pin_not_found'));
        }
      }
      assert.deepEqual(await conflicts('1'), []);
    });
  }

  test('without its audit record nothing is changed', async () => {
    const { parts, place, state, conflicts } = await open();
    state.auditFails = true;
    await assert.rejects(movePin(parts, admin, place, '2'), /the audit log is full/);
    await assert.rejects(removePin(parts, admin, place), /the audit log is full/);
    assert.deepEqual(await conflicts('1'), []);
    assert.equal((await conflicts('2')).length, 1);
  });
});
