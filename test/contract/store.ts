import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { type Bench, positionOf } from './store-bench.ts';
import { documentRules } from './store-documents.ts';
import { endRules } from './store-ends.ts';
import { followsTheModel } from './store-model.ts';
import { orderRules } from './store-order.ts';

/** A store under test, and what can be done to the world around it. */
export interface Ground {
  readonly store: Store;
  /** Lets this much store time pass: by moving the clock, or, where the server has its own, by waiting. */
  pass(ms: number): Promise<void>;
  /** Kills what holds the data and opens the store on it again. Absent: nothing outlives the process. */
  restart?(): Promise<Store>;
  stop(): Promise<void>;
}

/**
 * What every store must do, whatever it is made of.
 *
 * One list for all of them: a rule that only some keep is not a rule that the rooms above may count on.
 */
export const storeContract = (
  name: string,
  open: () => Promise<Ground>,
  options: { readonly skip?: string | false } = {},
): void => {
  describe(`the ${name} store`, { skip: options.skip ?? false }, () => {
    let ground: Ground;
    let store: Store;
    let keys = 0;
    const freshKey = (kind = 'thing'): string => {
      keys += 1;
      return `test/${kind}:${keys}`;
    };
    /** An instant of store time, `ms` from now. */
    const soon = async (ms = 60_000): Promise<number> => (await store.time()) + ms;

    before(async () => {
      ground = await open();
      store = ground.store;
    });
    after(() => ground?.stop());

    const bench: Bench = {
      get store() {
        return store;
      },
      pass: (ms) => ground.pass(ms),
      freshKey,
      soon,
    };
    documentRules(bench);
    endRules(bench);
    orderRules(bench);

    describe('the rest', () => {
      it('has a time that passes', async () => {
        const earlier = await store.time();
        await ground.pass(10);
        assert.ok((await store.time()) >= earlier + 5);
        assert.ok(Number.isInteger(earlier));
      });

      it('hints at changed documents of the watched prefix, until told to stop', async () => {
        const prefix = freshKey('watched/');
        const heard: string[] = [];
        const stop = await store.watch(prefix, (key) => heard.push(key));
        const write = async (): Promise<void> => {
          await store.put(`${prefix}-a`, 'value');
          await store.put(freshKey('elsewhere'), 'value');
        };
        for (let tries = 0; tries < 100 && heard.length === 0; tries += 1) {
          await write();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        assert.deepEqual([...new Set(heard)], [`${prefix}-a`]);
        await stop();
        await new Promise((resolve) => setTimeout(resolve, 20));
        heard.length = 0;
        await write();
        await new Promise((resolve) => setTimeout(resolve, 20));
        assert.deepEqual(heard, []);
      });

      it('gives the same answers as the model, whatever is done in whatever order', async (t: TestContext) => {
        await followsTheModel(store, t);
      });

      it('holds everything after the process behind it was killed', async (t: TestContext) => {
        if (ground.restart === undefined) return t.skip('nothing of it outlives the process');
        const [document, log, index, counter] = [freshKey(), freshKey('log'), freshKey('index'), freshKey('counter')];
        await store.put(document, 'value é', { openUntil: 0, expiresAt: await soon() });
        await store.append(log, ['one', 'two'], { to: 'free' });
        await store.add(index, 'member', 7);
        await store.increment(counter);
        const earlier = await store.get(document);
        store = await ground.restart();
        assert.deepEqual(await store.get(document), earlier);
        assert.deepEqual(
          (await store.read(log, 1, 10)).map(({ value }) => value),
          ['one', 'two'],
        );
        assert.deepEqual(await store.page(index, 0, 10), { members: ['member'], total: 1 });
        assert.equal(await store.increment(counter), 2);
        assert.equal(await store.replace(document, 2, 'late'), 'conflict');
        assert.equal(positionOf(await store.append(log, ['three'], { to: 'free' })), 3);
      });
    });
  });
};
