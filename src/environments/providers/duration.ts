import { readHoursMinutesSeconds } from '../../duration.ts';
import type { Plain } from '../values.ts';
import { error, type InputPath, type InputProblem, textInput } from './inputs.ts';

/** How the published schemas write a duration. It lets the empty text pass, which `durationProblems` refuses. */
export const DURATION_PATTERN = '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$';

/** The duration at a path, in seconds, or `fallback` where none is written. */
export const durationInput = (inputs: Plain, path: readonly string[], fallback: number): number =>
  readHoursMinutesSeconds(textInput(inputs, ...path) ?? '') ?? fallback;

/** A duration that is written must be one, and lie within these bounds. */
export const durationProblems = (
  inputs: Plain,
  path: InputPath & readonly string[],
  bounds: { readonly shortest: number; readonly longest: number },
  outOfRange: string,
): readonly InputProblem[] => {
  const text = textInput(inputs, ...path);
  if (text === undefined) return [];
  const seconds = readHoursMinutesSeconds(text);
  if (seconds === undefined) return [error(path, 'must be hours, minutes and seconds, such as 1h30m')];
  return seconds >= bounds.shortest && seconds <= bounds.longest ? [] : [error(path, outOfRange)];
};
