import assert from 'node:assert/strict';
import type { Store } from '../../src/store/store.ts';

/** What the rules of one kind work with. */
export interface Bench {
  readonly store: Store;
  pass(ms: number): Promise<void>;
  freshKey(kind?: string): string;
  /** An instant of store time, `ms` from now. */
  soon(ms?: number): Promise<number>;
}

/** Makes all calls at once. */
export const together = <T>(count: number, call: (position: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, position) => call(position)));

/** The position that an append was given; fails when it was refused. */
export const positionOf = (answer: Awaited<ReturnType<Store['append']>>): number => {
  assert.ok(typeof answer === 'object', `the append was refused: ${answer}`);
  return answer.position;
};
