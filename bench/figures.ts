/** One line of the table: what was measured, and whether it meets its bar. */
export interface Row {
  readonly name: string;
  readonly figures: string;
  readonly bar: string;
  readonly moonshot: string;
  readonly passed: boolean;
  /** Is the moonshot reached, too? */
  readonly reached: boolean;
}

export interface BenchOptions {
  /** Short rounds, small stores: to try the harness; its figures prove little. */
  readonly quick: boolean;
  /** Which code the servers run. */
  readonly code: 'src' | 'dist';
  /** Says what the server's main thread spends its time on, where that is asked about. */
  readonly profile: boolean;
  /** Says something about the run on the way. */
  note(text: string): void;
}

export type Measurement = (options: BenchOptions) => Promise<readonly Row[]>;

/** Middle value; of an even number the lower one of the two in the middle. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The smallest value that at least this share of all values does not exceed; `NaN` for none. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN;

/** A row for a figure that must not exceed its bar. */
export const atMost = (name: string, value: number, bar: number, moonshot: number, figures: string): Row => ({
  name,
  figures,
  bar: `≤ ${bar}`,
  moonshot: `≤ ${moonshot}`,
  passed: value <= bar,
  reached: value <= moonshot,
});

/** A row for a figure that must reach its bar. */
export const atLeast = (name: string, value: number, bar: number, moonshot: number, figures: string): Row => ({
  name,
  figures,
  bar: `≥ ${bar}`,
  moonshot: `≥ ${moonshot}`,
  passed: value >= bar,
  reached: value >= moonshot,
});

/** A row for something that must not happen at all. */
export const none = (name: string, happened: number, figures: string): Row => ({
  name,
  figures,
  bar: '0',
  moonshot: '0',
  passed: happened === 0,
  reached: happened === 0,
});

/** `median (lowest to highest)`. */
export const spread = (values: readonly number[], digits = 2): string => {
  const text = (value: number): string => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`;
};
