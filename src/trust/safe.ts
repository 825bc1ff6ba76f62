import { mutations } from './mutations.ts';
import type { Presented, Verdict } from './verdict.ts';

/**
 * Does an edited document admit what was presented and refuse everybody who differs from it in one field?
 *
 * `before`: the document without the edit. Whom it admitted already, the edit does not let in. Proved by asking the
 * evaluator, so the answer is as good as that; hand in the part of it that only decides.
 */
export const isSafe = <Document>(
  evaluate: (document: Document, presented: Presented) => Pick<Verdict, 'allowed'>,
  edited: Document,
  presented: Presented,
  before?: Document,
): boolean =>
  evaluate(edited, presented).allowed &&
  mutations(presented)
    .filter((mutation) => evaluate(edited, mutation.presented).allowed)
    .every((mutation) => before !== undefined && evaluate(before, mutation.presented).allowed);
