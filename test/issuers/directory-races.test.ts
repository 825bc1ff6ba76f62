import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openTrustedIssuers } from '../../src/issuers/directory.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { StandingClock } from '../clock.ts';
import { registration } from './registrations.ts';

const DAY = 86_400;

const open = (wrap: (store: Store) => Store = (all) => all) => {
  const clock = new StandingClock();
  const store = memoryStore(clock);
  const issuers = openTrustedIssuers({ store: wrap(store), declared: () => [] });
  return { clock, store, issuers, untouched: openTrustedIssuers({ store, declared: () => [] }) };
};

describe('many at once, and stores that break off', () => {
  test('of twenty registrations of one iss exactly one wins, and nothing of the others is left', async () => {
    const { issuers, store } = open();
    const all = Array.from({ length: 20 }, () => registration());
    const answers = await Promise.all(all.map((one) => issuers.create(one)));
    assert.equal(answers.filter((answer) => answer === 'created').length, 1);
    assert.equal(answers.filter((answer) => answer === 'exists').length, 19);
    const winner = all[answers.indexOf('created')];
    assert.ok(winner);
    assert.deepEqual(await issuers.list('acme'), [winner]);
    assert.equal((await store.page('trusted-issuers/acme', 0, 100)).total, 1);
    for (const { id } of all) assert.equal((await issuers.get('acme', id))?.id, id === winner.id ? id : undefined);
  });

  test('of twenty registrations over a removed one exactly one wins', async () => {
    const { issuers } = open();
    const old = registration();
    await issuers.create(old);
    await issuers.remove(old);
    const answers = await Promise.all(Array.from({ length: 20 }, () => issuers.create(registration())));
    assert.equal(answers.filter((answer) => answer === 'created').length, 1);
    assert.equal((await issuers.list('acme')).length, 1);
  });

  test('of two changes of the same registration one is told that somebody was faster', async () => {
    const { issuers } = open();
    const github = registration();
    await issuers.create(github);
    const answers = await Promise.all(['a', 'b'].map((name) => issuers.replace(github, { ...github, name })));
    assert.deepEqual(answers.sort(), ['conflict', 'replaced']);
  });

  test('a change stands on what is stored, not on what was', async () => {
    const { issuers } = open();
    const github = registration();
    await issuers.create(github);
    const second = { ...github, name: 'second' };
    await issuers.replace(github, second);
    assert.equal(await issuers.replace(github, { ...github, name: 'third' }), 'conflict');
    assert.equal(await issuers.replace(second, { ...github, name: 'third' }), 'replaced');
  });

  test('a removed registration is gone in every way, and may be registered again as another one', async () => {
    const { issuers } = open();
    const old = registration();
    await issuers.create(old);
    assert.equal(await issuers.remove(old), true);
    assert.equal(await issuers.remove(old), false);
    assert.equal(await issuers.find('acme', old.issuer), undefined);
    assert.deepEqual(await issuers.list('acme'), []);
    const again = registration();
    assert.equal(await issuers.create(again), 'created');
    assert.deepEqual(await issuers.find('acme', old.issuer), again);
    assert.equal(await issuers.get('acme', old.id), undefined);
    assert.equal(await issuers.ofPolicy('acme', old.policy.id), undefined);
    assert.equal(await issuers.remove(old), false);
    assert.equal(await issuers.replace(old, { ...old, name: 'back' }), 'conflict');
    assert.deepEqual(await issuers.list('acme'), [again]);
  });

  test('a registration over a removed one stays for longer than the trace of that', async () => {
    const { issuers, clock } = open();
    const old = registration();
    await issuers.create(old);
    await issuers.remove(old);
    const again = registration();
    await issuers.create(again);
    clock.advance(400 * DAY);
    assert.deepEqual(await issuers.find('acme', again.issuer), again);
    assert.equal(await issuers.replace(again, { ...again, name: 'x' }), 'replaced');
    clock.advance(400 * DAY);
    assert.equal((await issuers.find('acme', again.issuer))?.name, 'x');
  });

  test('the trace of a removed registration goes after a day', async () => {
    const { issuers, clock, store } = open();
    const old = registration();
    await issuers.create(old);
    await issuers.remove(old);
    const keys: string[] = [];
    const watching = openTrustedIssuers({
      store: {
        ...store,
        get: (key) => {
          keys.push(key);
          return store.get(key);
        },
      },
      declared: () => [],
    });
    await watching.find('acme', old.issuer);
    const [key = ''] = keys;
    assert.ok(await store.get(key));
    clock.advance(DAY);
    assert.equal(await store.get(key), undefined);
  });

  test('a late change never lands on a registration that was made anew meanwhile', async () => {
    const old = registration();
    const again = registration();
    let between: (() => Promise<void>) | undefined;
    const { issuers, untouched } = open((store) => ({
      ...store,
      async replace(...call) {
        const first = between;
        between = undefined;
        await first?.();
        return store.replace(...call);
      },
    }));
    await issuers.create(old);
    between = async () => {
      await untouched.remove(old);
      await untouched.create(again);
    };
    assert.equal(await issuers.replace(old, { ...old, name: 'late' }), 'conflict');
    assert.deepEqual(await untouched.find('acme', old.issuer), again);
  });

  test('a removal wins over a change that comes at the same moment', async () => {
    const old = registration();
    let between: (() => Promise<unknown>) | undefined;
    const { issuers, untouched } = open((store) => ({
      ...store,
      async time() {
        const first = between;
        between = undefined;
        await first?.();
        return store.time();
      },
    }));
    await issuers.create(old);
    between = () => untouched.replace(old, { ...old, name: 'changed' });
    assert.equal(await issuers.remove(old), true);
    assert.equal(await untouched.find('acme', old.issuer), undefined);
  });

  test('a registration that is made while another of the same iss is being removed stays listed', async () => {
    const old = registration();
    const again = registration();
    let between: (() => Promise<unknown>) | undefined;
    const { issuers, untouched } = open((store) => ({
      ...store,
      async remove(...call) {
        const first = between;
        between = undefined;
        await first?.();
        return store.remove(...call);
      },
    }));
    await issuers.create(old);
    between = () => untouched.create(again);
    assert.equal(await issuers.remove(old), true);
    assert.deepEqual(await untouched.list('acme'), [again]);
    assert.deepEqual(await untouched.get('acme', again.id), again);
  });

  test('wherever a registration breaks off, what counts is listed and what is listed counts', async () => {
    for (const broken of ['put', 'add', 'create'] as const) {
      const { issuers, untouched } = open((store) => ({
        ...store,
        [broken]: () => Promise.reject(new Error('the store is gone')),
      }));
      const half = registration();
      await assert.rejects(issuers.create(half));
      assert.deepEqual(await untouched.list('acme'), [], broken);
      assert.equal(await untouched.find('acme', half.issuer), undefined);
      assert.equal(await untouched.get('acme', half.id), undefined);
      const whole = registration();
      assert.equal(await untouched.create(whole), 'created');
      assert.deepEqual(await untouched.list('acme'), [whole]);
    }
  });

  test('wherever a removal breaks off after it counts, nothing of the registration counts', async () => {
    for (const broken of ['remove', 'delete'] as const) {
      const { issuers, untouched } = open((store) => ({
        ...store,
        [broken]: () => Promise.reject(new Error('the store is gone')),
      }));
      const old = registration();
      await untouched.create(old);
      await assert.rejects(issuers.remove(old));
      assert.deepEqual(await untouched.list('acme'), []);
      assert.equal(await untouched.get('acme', old.id), undefined);
    }
  });
});
