import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bench, positionOf } from './store-bench.ts';

/** What has an end: gone at exactly its time, with all that belongs to it. */
export const endRules = (bench: Bench): void => {
  describe('the end of things', () => {
    it('lets a document go with its log at exactly its time, and a new one starts anew', async () => {
      const key = bench.freshKey();
      await bench.store.create(key, 'value', { expiresAt: await bench.soon(150) });
      await bench.store.append(key, ['record'], { to: 'document' });
      await bench.pass(100);
      assert.equal((await bench.store.read(key, 1, 10)).length, 1);
      await bench.pass(50);
      assert.equal(await bench.store.get(key), undefined);
      assert.deepEqual(await bench.store.read(key, 1, 10), []);
      assert.equal(await bench.store.append(key, ['late'], { to: 'document' }), 'absent');
      assert.equal(await bench.store.replace(key, 1, 'late'), 'conflict');
      assert.equal(await bench.store.delete(key), false);
      assert.equal(await bench.store.create(key, 'new'), true);
      assert.deepEqual(await bench.store.get(key), { value: 'new', version: 1, length: 0 });
      assert.deepEqual(await bench.store.read(key, 1, 10), []);
    });

    it('keeps nothing of a dead log for the one that follows under its key', async () => {
      const key = bench.freshKey();
      await bench.store.create(key, 'old', { expiresAt: await bench.soon(60) });
      await bench.store.append(key, ['old', 'old'], { to: 'document' });
      await bench.pass(70);
      await bench.store.create(key, 'new');
      assert.deepEqual(await bench.store.read(key, 1, 10), []);
      assert.equal(positionOf(await bench.store.append(key, ['new'], { to: 'document' })), 1);
      assert.deepEqual(await bench.store.read(key, 1, 10), [{ position: 1, value: 'new' }]);
    });

    /** Calls until the answer is no record: as often as it can where store time passes by itself. */
    const appendUntilRefused = async (key: string) => {
      const times: number[] = [];
      const moves =
        (await bench.store.time()) !== (await new Promise((go) => setTimeout(go, 5)).then(() => bench.store.time()));
      for (;;) {
        const answer = await bench.store.append(key, ['record'], { to: 'document' });
        if (typeof answer === 'string') return { answer, last: times.at(-1) ?? 0 };
        times.push(answer.time);
        if (!moves) await bench.pass(1);
      }
    };

    it('takes appends until exactly the time that closes a document, and not at it', async () => {
      const key = bench.freshKey();
      const openUntil = await bench.soon(50);
      await bench.store.create(key, 'value', { openUntil });
      const { answer, last } = await appendUntilRefused(key);
      assert.equal(answer, 'closed');
      assert.ok(last < openUntil, `an append at ${last} got into a document open until ${openUntil}`);
      assert.ok((await bench.store.time()) >= openUntil);
    });

    it('lets a document live until exactly its end, and not at it, however it was written', async () => {
      for (const way of ['create', 'put'] as const) {
        const key = bench.freshKey();
        const expiresAt = await bench.soon(50);
        await bench.store[way](key, 'value', { expiresAt });
        const { answer, last } = await appendUntilRefused(key);
        assert.equal(answer, 'absent');
        assert.ok(last < expiresAt, `an append at ${last} got into a document that ends at ${expiresAt}`);
        assert.ok((await bench.store.time()) >= expiresAt);
        assert.equal(await bench.store.get(key), undefined);
      }
    });

    it('takes the end away with a put that names none, and keeps it with a replace that names none', async () => {
      const [put, replaced] = [bench.freshKey(), bench.freshKey()];
      const expiresAt = await bench.soon(1_000);
      for (const key of [put, replaced]) {
        await bench.store.create(key, 'one', { expiresAt, openUntil: expiresAt });
        await bench.store.append(key, ['record'], { to: 'document' });
      }
      await bench.store.put(put, 'two');
      await bench.store.replace(replaced, 1, 'two');
      assert.equal((await bench.store.get(replaced))?.openUntil, expiresAt);
      await bench.pass(1_050);
      assert.deepEqual(await bench.store.get(put), { value: 'two', version: 2, length: 1 });
      assert.equal((await bench.store.read(put, 1, 10)).length, 1);
      assert.equal(await bench.store.get(replaced), undefined);
      assert.deepEqual(await bench.store.read(replaced, 1, 10), []);
    });

    it('moves the end of a document and its log with a replace that names one', async () => {
      const key = bench.freshKey();
      await bench.store.create(key, 'one', { expiresAt: await bench.soon(1_000) });
      await bench.store.append(key, ['record'], { to: 'document' });
      await bench.store.replace(key, 1, 'two', { expiresAt: await bench.soon(60_000) });
      await bench.pass(1_050);
      assert.equal((await bench.store.get(key))?.length, 1);
      assert.equal((await bench.store.read(key, 1, 10)).length, 1);
    });

    it('lets counters and free logs go at their time and start anew', async () => {
      const [counter, log] = [bench.freshKey('counter'), bench.freshKey('log')];
      const expiresAt = await bench.soon(1_000);
      assert.equal(await bench.store.increment(counter, { expiresAt }), 1);
      assert.equal(await bench.store.increment(counter), 2);
      await bench.store.append(log, ['one', 'two'], { to: 'free', expiresAt });
      await bench.store.append(log, ['three'], { to: 'free' });
      await bench.pass(1_050);
      assert.deepEqual(await bench.store.read(log, 1, 10), []);
      assert.equal(await bench.store.increment(counter), 1);
      assert.equal(positionOf(await bench.store.append(log, ['one'], { to: 'free' })), 1);
      assert.deepEqual(await bench.store.read(log, 1, 10), [{ position: 1, value: 'one' }]);
    });

    it('makes what is written with an end in the past vanish at once', async () => {
      const key = bench.freshKey();
      assert.equal(await bench.store.create(key, 'value', { expiresAt: 1 }), true);
      assert.equal(await bench.store.get(key), undefined);
      assert.equal(await bench.store.create(key, 'value'), true);
    });
  });
};
