/** An operator in a process of its own: changes one key ring on the store itself whenever it is asked to, beside the server. */
import {
  type KeyAnswer,
  type RingDesk,
  rollbackKeys,
  rotateKeys,
  rotateKeysUnsafely,
} from '../src/flows/rotate-keys.ts';
import type { Timing } from '../src/keys/timing.ts';
import { openOperator } from './key-set-up.ts';
import { answerQuestions, given } from './questions.ts';

export interface OperatorGiven {
  readonly file: string;
  readonly timing: Timing;
}

/** What became of a change. */
export type Changed = Pick<KeyAnswer, 'outcome' | 'audited'>;

const { file, timing } = given<OperatorGiven>();
const desk = await openOperator(file, timing);

const CHANGES: readonly ((desk: RingDesk) => Promise<KeyAnswer>)[] = [
  (on) => rotateKeysUnsafely(on, 'crash test'),
  rotateKeys,
  rollbackKeys,
];

/** A store that does not answer in time refuses the change, as it would refuse it to a person. */
const change = async (turn: number): Promise<Changed> =>
  (await CHANGES[turn % CHANGES.length]?.(desk).catch(() => undefined)) ?? { outcome: 'refused', audited: false };

answerQuestions({ change });
