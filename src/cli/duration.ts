import { InvalidArgumentError } from 'commander';
import { readGoDuration, readTimeSpan } from '../duration.ts';

/** Parser of a flag that takes what stock command lines take. */
export const goDuration = (text: string): number =>
  readGoDuration(text) ?? refuse('It must be a duration such as 2h, 90m or 1h30m.');

/** Parser of a flag that looks back. */
export const timeSpan = (text: string): number =>
  readTimeSpan(text) ?? refuse('It must be a time span such as 7d, 24h, 90m or 30s.');

/** Parser of a flag that is stored in seconds: `90000` or `25h`. */
export const secondsOrSpan = (text: string): number => {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return (number >= 1 ? number : readTimeSpan(text)) ?? refuse('It must be whole seconds, or a time span such as 25h.');
};

const refuse = (problem: string): never => {
  throw new InvalidArgumentError(problem);
};
