/** The first position from `low` on, `high` at the latest, where `holds` becomes true; it stays true from there. */
export const firstWhere = async (
  low: number,
  high: number,
  holds: (position: number) => Promise<boolean>,
): Promise<number> => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (await holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
};
