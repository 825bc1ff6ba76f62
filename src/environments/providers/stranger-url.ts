import type { Plain } from '../values.ts';
import { error, type InputProblem, textInput } from './inputs.ts';

/** The address of a server that an author names: https and a host, perhaps a port, and nothing behind them. */
export const strangerUrlProblems = (inputs: Plain, name: string): readonly InputProblem[] => {
  const text = textInput(inputs, name);
  const isAddress = text === undefined || (/^https:\/\/[^/?#@\\\s]+\/?$/i.test(text) && URL.canParse(text));
  return isAddress ? [] : [error([name], 'must be https:// and a host, perhaps with a port, and no path')];
};
