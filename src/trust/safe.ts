import { mutations } from './mutations.ts';
import type { Presented, Verdict } from './verdict.ts';

/**
 * Does an edited document admit what was presented and refuse everybody who differs from it in one field?
 *
 * Proved by asking the evaluator, so the answer is as good as that. `evaluate` must give no reasons of its own that
 * ask for `isSafe` again: hand in the part that only decides.
 */
export const isSafe = <Document>(
  evaluate: (document: Document, presented: Presented) => Pick<Verdict, 'allowed'>,
  edited: Document,
  presented: Presented,
): boolean =>
  evaluate(edited, presented).allowed &&
  mutations(presented).every((mutation) => !evaluate(edited, mutation.presented).allowed);
