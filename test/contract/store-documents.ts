import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bench, together } from './store-bench.ts';

/** Documents: written, created once, replaced by version. */
export const documentRules = (bench: Bench): void => {
  describe('documents', () => {
    it('gives nothing for a key that was never written', async () => {
      assert.equal(await bench.store.get(bench.freshKey()), undefined);
      assert.deepEqual(await bench.store.read(bench.freshKey(), 1, 10), []);
      assert.equal(await bench.store.delete(bench.freshKey()), false);
    });

    it('gives back what was put, with a version that grows by one', async () => {
      const key = bench.freshKey();
      assert.deepEqual(await bench.store.put(key, 'one'), { version: 1 });
      assert.deepEqual(await bench.store.put(key, 'two'), { version: 2 });
      assert.deepEqual(await bench.store.replace(key, 2, 'three'), { version: 3 });
      assert.deepEqual(await bench.store.get(key), { value: 'three', version: 3, length: 0 });
    });

    it('gives each of many documents that are asked for at once', async () => {
      const keys = Array.from({ length: 50 }, () => bench.freshKey());
      for (const [index, key] of keys.entries()) if (index % 3 > 0) await bench.store.put(key, `document ${index}`);
      const found = await together(keys.length, (index) => bench.store.get(keys[index] ?? ''));
      assert.deepEqual(
        found.map((document) => document?.value),
        keys.map((_, index) => (index % 3 > 0 ? `document ${index}` : undefined)),
      );
    });

    it('keeps every unicode text and every value up to 4 MiB as it is, and refuses a larger one', async () => {
      const texts = [
        '',
        'é ü 漢字 🗝️ \u0000 \u2028 \r\n',
        '{"a":"\\""}',
        'x'.repeat(1024 * 1024),
        'é'.repeat(2 * 1024 * 1024),
      ];
      for (const text of texts) {
        const key = bench.freshKey();
        await bench.store.put(key, text);
        assert.equal((await bench.store.get(key))?.value, text);
      }
      await assert.rejects(bench.store.put(bench.freshKey(), 'x'.repeat(4 * 1024 * 1024 + 1)), RangeError);
    });

    it('takes keys of the agreed characters only, at most 512 of them', async () => {
      const key = `azAZ09._:/@-${'k'.repeat(500)}`;
      await bench.store.put(key, 'value');
      assert.equal((await bench.store.get(key))?.value, 'value');
      for (const wrong of ['', 'a b', 'a{b}', 'a*', 'é', 'k'.repeat(513)]) {
        await assert.rejects(bench.store.put(wrong, 'value'), RangeError);
        await assert.rejects(bench.store.get(wrong), RangeError);
        await assert.rejects(bench.store.increment(wrong), RangeError);
        await assert.rejects(bench.store.append(wrong, ['record'], { to: 'free' }), RangeError);
        await assert.rejects(bench.store.page(wrong, 0, 1), RangeError);
      }
    });

    it('lets exactly one of a hundred callers create a document', async () => {
      const key = bench.freshKey();
      const created = await together(100, (position) => bench.store.create(key, `caller ${position}`));
      assert.equal(created.filter(Boolean).length, 1);
      assert.equal((await bench.store.get(key))?.value, `caller ${created.indexOf(true)}`);
    });

    it('lets a document be created again after it was deleted, with nothing left of the old one', async () => {
      const key = bench.freshKey();
      await bench.store.create(key, 'old', { openUntil: await bench.soon() });
      await bench.store.append(key, ['old record'], { to: 'document' });
      assert.equal(await bench.store.delete(key), true);
      assert.deepEqual(await bench.store.read(key, 1, 10), []);
      assert.equal(await bench.store.create(key, 'new'), true);
      assert.deepEqual(await bench.store.get(key), { value: 'new', version: 1, length: 0 });
    });

    it('replaces only where the version is the expected one', async () => {
      const key = bench.freshKey();
      assert.equal(await bench.store.replace(key, 1, 'value'), 'conflict');
      assert.deepEqual(await bench.store.replace(key, 0, 'first'), { version: 1 });
      assert.equal(await bench.store.replace(key, 0, 'again'), 'conflict');
      assert.equal(await bench.store.replace(key, 2, 'ahead'), 'conflict');
      assert.equal((await bench.store.get(key))?.value, 'first');
    });

    it('leaves one winner when a hundred callers replace the same version', async () => {
      const key = bench.freshKey();
      await bench.store.put(key, 'start');
      const answers = await together(100, (position) => bench.store.replace(key, 1, `caller ${position}`));
      const winners = answers.flatMap((answer, position) => (answer === 'conflict' ? [] : [position]));
      assert.equal(winners.length, 1);
      assert.deepEqual(await bench.store.get(key), { value: `caller ${winners[0]}`, version: 2, length: 0 });
    });

    it('lets the inner of two nested changes win and tells the outer one', async () => {
      const key = bench.freshKey();
      await bench.store.put(key, 'start');
      const outer = await bench.store.get(key);
      const inner = await bench.store.get(key);
      assert.deepEqual(await bench.store.replace(key, inner?.version ?? 0, 'inner'), { version: 2 });
      assert.equal(await bench.store.replace(key, outer?.version ?? 0, 'outer'), 'conflict');
      assert.equal((await bench.store.get(key))?.value, 'inner');
    });
  });
};
