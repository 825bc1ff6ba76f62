import { editDistance } from '../syntax/edit-distance.ts';

const MAX_COMPARED = 64;
const MAX_CANDIDATES = 500;

/**
 * The key that was probably meant, as the reference guesses it: letter case and `_` do not count, and fewer than half
 * of the letters may differ.
 */
export const nearestKey = (key: string, candidates: Iterable<string>): string | undefined => {
  const wanted = fold(key);
  let best: string | undefined;
  let least = Math.floor((wanted.length + 1) / 2);
  let compared = 0;
  if (wanted.length > MAX_COMPARED) return undefined;
  for (const candidate of candidates) {
    if (++compared > MAX_CANDIDATES) break;
    const folded = fold(candidate);
    if (Math.abs(folded.length - wanted.length) >= least) continue;
    const steps = editDistance(wanted, folded);
    if (steps >= least) continue;
    least = steps;
    best = candidate;
  }
  return best;
};

const fold = (key: string): string => key.replaceAll('_', '').toLowerCase();
