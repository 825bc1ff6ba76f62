import { editDistance } from './edit-distance.ts';

/**
 * The known word that somebody probably meant, for "did you mean".
 *
 * `undefined` when nothing is near: more than a third of the letters would have to change.
 */
export const nearest = (word: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  const wanted = word.slice(0, 100).toLowerCase();
  for (const candidate of known) {
    const steps = editDistance(wanted, candidate.toLowerCase(), { swaps: true });
    if (steps < least && steps <= Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))) {
      best = candidate;
      least = steps;
    }
  }
  return best;
};
