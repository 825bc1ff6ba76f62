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
    const steps = distance(wanted, candidate.toLowerCase());
    if (steps < least && steps <= Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))) {
      best = candidate;
      least = steps;
    }
  }
  return best;
};

/** Letters to insert, delete, replace or swap with their neighbour until the words are equal. */
const distance = (left: string, right: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let steps = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) steps = Math.min(steps, at(before, column - 2) + 1);
      current.push(steps);
    }
    before = last;
    last = current;
  }
  return at(last, right.length);
};

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
