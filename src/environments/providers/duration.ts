import type { Plain } from '../values.ts';
import { error, type InputPath, type InputProblem, textInput } from './inputs.ts';

/** How the published schemas write a duration. It lets the empty text pass, which `durationProblems` refuses. */
export const DURATION_PATTERN = '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$';

/** Whole seconds of `1h30m`; `undefined` for any other text, and for an empty one. */
export const readDuration = (text: string): number | undefined => {
  const found = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/.exec(text);
  if (!found || text === '') return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((digits) => Number(digits ?? 0));
  return hours * 3600 + minutes * 60 + seconds;
};

/** The duration at a path, in seconds, or `fallback` where none is written. */
export const durationInput = (inputs: Plain, path: readonly string[], fallback: number): number =>
  readDuration(textInput(inputs, ...path) ?? '') ?? fallback;

/** A duration that is written must be one, and lie within these bounds. */
export const durationProblems = (
  inputs: Plain,
  path: InputPath & readonly string[],
  bounds: { readonly shortest: number; readonly longest: number },
  outOfRange: string,
): readonly InputProblem[] => {
  const text = textInput(inputs, ...path);
  if (text === undefined) return [];
  const seconds = readDuration(text);
  if (seconds === undefined) return [error(path, 'must be hours, minutes and seconds, such as 1h30m')];
  return seconds >= bounds.shortest && seconds <= bounds.longest ? [] : [error(path, outOfRange)];
};
