/** Bytes to insert, delete or replace until the texts are equal; letter case and `_` do not count, as in the reference. */
export const editDistance = (left: string, right: string): number => {
  const [from, to] = [fold(left), fold(right)];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

export const foldedLength = (text: string): number => fold(text).length;

const fold = (text: string): Uint8Array => Buffer.from(text.replaceAll('_', '').toLowerCase());
