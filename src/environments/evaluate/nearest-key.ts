import { editDistance, foldedLength } from '../syntax/edit-distance.ts';

const MAX_COMPARED = 64;
const MAX_CANDIDATES = 500;

/**
 * The key that was probably meant, as the reference guesses it: letter case and `_` do not count, and fewer than half
 * of the letters may differ.
 */
export const nearestKey = (key: string, candidates: Iterable<string>): string | undefined => {
  const length = foldedLength(key);
  if (length > MAX_COMPARED) return undefined;
  let best: string | undefined;
  let least = Math.floor((length + 1) / 2);
  let compared = 0;
  for (const candidate of candidates) {
    if (++compared > MAX_CANDIDATES) break;
    if (Math.abs(foldedLength(candidate) - length) >= least) continue;
    const steps = editDistance(key, candidate);
    if (steps >= least) continue;
    least = steps;
    best = candidate;
  }
  return best;
};
