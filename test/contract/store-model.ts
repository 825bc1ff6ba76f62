import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

const FAR = 4_000_000_000_000;
const PAST = 1_000;

/** Times that no test run can reach or live through, so that stores with clocks of their own agree on them. */
const times = fc.constantFrom(
  {},
  { expiresAt: FAR },
  { expiresAt: PAST },
  { openUntil: FAR },
  { openUntil: 0 },
  { openUntil: FAR, expiresAt: FAR },
);
const key = fc.constantFrom('a', 'b');
const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('', 'é', '🗝️'));
const records = fc.array(value, { minLength: 1, maxLength: 3 });

type Step = (store: Store, under: string) => Promise<unknown>;

const step: fc.Arbitrary<{ readonly name: string; readonly run: Step }> = fc.oneof(
  fc.tuple(key, value, times).map(([k, v, o]) => named('put', k, (store, at) => store.put(at, v, o))),
  fc.tuple(key, value, times).map(([k, v, o]) => named('create', k, (store, at) => store.create(at, v, o))),
  fc
    .tuple(key, fc.nat(3), value, times)
    .map(([k, n, v, o]) => named(`replace ${n}`, k, (store, at) => store.replace(at, n, v, o))),
  key.map((k) => named('delete', k, (store, at) => store.delete(at))),
  key.map((k) => named('get', k, (store, at) => store.get(at))),
  fc
    .tuple(key, records, fc.constantFrom({}, { openUntil: FAR + 1 }))
    .map(([k, r, o]) =>
      named('append', k, async (store, at) => place(await store.append(at, r, { to: 'document', ...o }))),
    ),
  fc
    .tuple(key, records, fc.constantFrom({}, { expiresAt: FAR }, { expiresAt: PAST }))
    .map(([k, r, o]) =>
      named('append free', `log-${k}`, async (store, at) => place(await store.append(at, r, { to: 'free', ...o }))),
    ),
  fc
    .tuple(fc.constantFrom('a', 'b', 'log-a', 'log-b'), fc.nat(4), fc.nat(4))
    .map(([k, from, count]) => named('read', k, (store, at) => store.read(at, from, count))),
  fc
    .tuple(key, fc.constantFrom({}, { expiresAt: FAR }, { expiresAt: PAST }))
    .map(([k, o]) => named('increment', k, (store, at) => store.increment(at, o))),
  fc
    .tuple(key, value, fc.integer({ min: -2, max: 2 }))
    .map(([k, m, score]) => named('add', k, (store, at) => store.add(at, m, score))),
  fc.tuple(key, value).map(([k, m]) => named('remove', k, (store, at) => store.remove(at, m))),
  fc
    .tuple(key, fc.nat(3), fc.nat(5), fc.boolean())
    .map(([k, offset, count, up]) => named('page', k, (store, at) => store.page(at, offset, count, up))),
  fc
    .tuple(key, fc.integer({ min: -2, max: 2 }))
    .map(([k, score]) => named('trim', k, (store, at) => store.trim(at, score))),
);

const named = (name: string, k: string, run: Step) => ({
  name: `${name} ${k}`,
  run: (store: Store, under: string) => run(store, `${under}/${k}`),
});

/** Store times differ between stores; what is compared is the position. */
const place = (answer: Awaited<ReturnType<Store['append']>>): unknown =>
  typeof answer === 'string' ? answer : answer.position;

let rounds = 0;

/** Random sequences of calls get the same answers from `store` as from the memory store. */
export const followsTheModel = async (store: Store, t: TestContext): Promise<void> => {
  const numRuns = process.env['NIGHTLY'] === '1' ? 1_000 : 60;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      rounds += 1;
      const under = `model/${process.pid}/${rounds}`;
      const now = Date.now();
      const model = memoryStore({ nowMs: () => now, monotonicMs: () => 0 });
      for (const { name, run } of steps) assert.deepEqual(await run(store, under), await run(model, under), name);
    }),
    { numRuns },
  );
  t.diagnostic(`${numRuns} sequences`);
};
