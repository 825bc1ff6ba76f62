import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bench, positionOf, together } from './store-bench.ts';

/** Logs, counters and ordered indexes. */
export const orderRules = (bench: Bench): void => {
  describe('logs', () => {
    it('appends to a document that exists, and says where and when', async () => {
      const key = bench.freshKey();
      assert.equal(await bench.store.append(key, ['record'], { to: 'document' }), 'absent');
      assert.deepEqual(await bench.store.read(key, 1, 10), []);
      await bench.store.put(key, 'value');
      const from = await bench.store.time();
      const first = await bench.store.append(key, ['one', 'two 🗝️'], { to: 'document' });
      const second = await bench.store.append(key, ['three'], { to: 'document' });
      assert.equal(positionOf(first), 1);
      assert.equal(positionOf(second), 3);
      assert.ok(typeof first === 'object' && first.time >= from && first.time <= (await bench.store.time()));
      assert.deepEqual(await bench.store.get(key), { value: 'value', version: 1, length: 3 });
    });

    it('reads from a position upward, and fewer only at the end', async () => {
      const key = bench.freshKey('log');
      await bench.store.append(key, ['1', '2', '3', '4', '5'], { to: 'free' });
      const positions = async (from: number, count: number) =>
        (await bench.store.read(key, from, count)).map(({ position, value }) => `${position}=${value}`).join(' ');
      assert.equal(await positions(1, 2), '1=1 2=2');
      assert.equal(await positions(0, 2), '1=1 2=2');
      assert.equal(await positions(4, 10), '4=4 5=5');
      assert.equal(await positions(6, 10), '');
      assert.equal(await positions(1, 0), '');
    });

    it('closes a document at its time or for good, and never moves the time backwards', async () => {
      const key = bench.freshKey();
      const openUntil = await bench.soon(60_000);
      await bench.store.put(key, 'value', { openUntil });
      await bench.store.append(key, ['record'], { to: 'document', openUntil: openUntil + 1_000 });
      assert.equal((await bench.store.get(key))?.openUntil, openUntil + 1_000);
      await bench.store.append(key, ['record'], { to: 'document', openUntil });
      assert.equal((await bench.store.get(key))?.openUntil, openUntil + 1_000);
      await bench.store.replace(key, 1, 'closed', { openUntil: 0 });
      assert.equal(
        await bench.store.append(key, ['record'], { to: 'document', openUntil: openUntil + 9_000 }),
        'closed',
      );
      assert.deepEqual(await bench.store.get(key), { value: 'closed', version: 2, length: 2, openUntil: 0 });
    });

    it('leaves a document open for ever that an append names a time for', async () => {
      const key = bench.freshKey();
      await bench.store.put(key, 'value');
      await bench.store.append(key, ['record'], { to: 'document', openUntil: await bench.soon(1) });
      await bench.pass(5);
      assert.equal((await bench.store.get(key))?.openUntil, undefined);
      assert.equal(positionOf(await bench.store.append(key, ['record'], { to: 'document' })), 2);
    });

    it('keeps the log when the document is written anew', async () => {
      const key = bench.freshKey();
      await bench.store.put(key, 'one');
      await bench.store.append(key, ['record'], { to: 'document' });
      await bench.store.put(key, 'two');
      assert.equal((await bench.store.get(key))?.length, 1);
      assert.deepEqual(await bench.store.read(key, 1, 10), [{ position: 1, value: 'record' }]);
    });

    it('gives a hundred appends at once contiguous positions, in documents and in free logs', async () => {
      const document = bench.freshKey();
      await bench.store.put(document, 'value');
      for (const [key, to] of [
        [document, 'document'],
        [bench.freshKey('log'), 'free'],
      ] as const) {
        const answers = await together(100, (caller) =>
          bench.store.append(key, [`${caller} a`, `${caller} b`], { to }),
        );
        const positions = answers.map(positionOf);
        assert.deepEqual(
          [...positions].sort((a, b) => a - b),
          Array.from({ length: 100 }, (_, n) => 2 * n + 1),
        );
        const records = await bench.store.read(key, 1, 1_000);
        for (const [caller, position] of positions.entries()) {
          assert.deepEqual(records[position - 1], { position, value: `${caller} a` });
          assert.deepEqual(records[position], { position: position + 1, value: `${caller} b` });
        }
      }
    });

    it('keeps only the newest records where that is asked for, and goes on counting', async () => {
      const key = bench.freshKey();
      await bench.store.put(key, 'value');
      for (const records of [['1', '2'], ['3'], ['4', '5']]) {
        await bench.store.append(key, records, { to: 'document', keep: 3 });
      }
      const read = async (from: number) =>
        (await bench.store.read(key, from, 10)).map(({ position, value }) => `${position}=${value}`);
      assert.deepEqual(await read(1), ['3=3', '4=4', '5=5']);
      assert.deepEqual(await read(5), ['5=5']);
      assert.equal((await bench.store.get(key))?.length, 5);
      assert.equal(positionOf(await bench.store.append(key, ['6'], { to: 'document', keep: 1 })), 6);
      assert.deepEqual(await read(1), ['6=6']);
    });

    it('with no records only asks whether a document is open, and moves its end', async () => {
      const key = bench.freshKey();
      const openUntil = await bench.soon(60_000);
      assert.equal(await bench.store.append(key, [], { to: 'document' }), 'absent');
      await bench.store.put(key, 'value', { openUntil });
      assert.equal(positionOf(await bench.store.append(key, [], { to: 'document', openUntil: openUntil + 1_000 })), 1);
      assert.deepEqual(await bench.store.get(key), {
        value: 'value',
        version: 1,
        length: 0,
        openUntil: openUntil + 1_000,
      });
      await bench.store.put(key, 'value', { openUntil: 0 });
      assert.equal(await bench.store.append(key, [], { to: 'document' }), 'closed');
    });

    it('refuses an append of nothing to a free log, and a log that keeps nothing', async () => {
      await assert.rejects(bench.store.append(bench.freshKey('log'), [], { to: 'free' }), RangeError);
      await assert.rejects(bench.store.append(bench.freshKey(), ['1'], { to: 'document', keep: 0 }), RangeError);
    });
  });

  describe('counters', () => {
    it('gives a hundred increments at once the numbers 1 to 100', async () => {
      const key = bench.freshKey('counter');
      const numbers = await together(100, () => bench.store.increment(key));
      assert.deepEqual(
        numbers.sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, n) => n + 1),
      );
    });
  });

  describe('ordered indexes', () => {
    it('orders members by score, then by the bytes of their text', async () => {
      const key = bench.freshKey('index');
      for (const [member, score] of [
        ['b', 2],
        ['a', 2],
        ['z', 1],
        ['\u{1F5DD}', 2],
        ['\uFFEE', 2],
        ['m', -3.5],
      ] as const) {
        await bench.store.add(key, member, score);
      }
      const upward = ['m', 'z', 'a', 'b', '\uFFEE', '\u{1F5DD}'];
      assert.deepEqual(await bench.store.page(key, 0, 10, true), { members: upward, total: 6 });
      assert.deepEqual(await bench.store.page(key, 0, 10), { members: upward.toReversed(), total: 6 });
    });

    it('gives pages with the total', async () => {
      const key = bench.freshKey('index');
      assert.deepEqual(await bench.store.page(key, 0, 10), { members: [], total: 0 });
      await together(25, (n) => bench.store.add(key, `member-${n}`, n));
      assert.deepEqual(await bench.store.page(key, 20, 10), {
        members: ['member-4', 'member-3', 'member-2', 'member-1', 'member-0'],
        total: 25,
      });
      assert.deepEqual(await bench.store.page(key, 10, 2, true), { members: ['member-10', 'member-11'], total: 25 });
      assert.deepEqual(await bench.store.page(key, 30, 10), { members: [], total: 25 });
      assert.deepEqual(await bench.store.page(key, 0, 0), { members: [], total: 25 });
    });

    it('moves a member that is added again, removes and trims', async () => {
      const key = bench.freshKey('index');
      for (const [member, score] of [
        ['a', 1],
        ['b', 2],
        ['c', 3],
        ['a', 4],
      ] as const)
        await bench.store.add(key, member, score);
      assert.deepEqual(await bench.store.page(key, 0, 10, true), { members: ['b', 'c', 'a'], total: 3 });
      await bench.store.remove(key, 'c');
      await bench.store.remove(key, 'never there');
      assert.equal(await bench.store.trim(key, 2), 1);
      assert.equal(await bench.store.trim(key, 2), 0);
      assert.deepEqual(await bench.store.page(key, 0, 10), { members: ['a'], total: 1 });
      await assert.rejects(bench.store.add(key, 'a', Number.NaN), RangeError);
    });
  });
};
