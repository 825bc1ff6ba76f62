import { unusable } from '../../failure.ts';
import { printJson, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { readInput } from '../trust/input.ts';
import { openEnvDesk } from './desk.ts';
import { hasErrors, printDiagnostics, stoppedBy } from './print-diagnostics.ts';
import { readNamed } from './reference.ts';

export interface CheckOptions {
  readonly org?: string;
  readonly file?: string;
  readonly json?: true;
}

/** Says everything that is wrong with a definition, a stored one or that of a file. Nothing is opened. */
export const checkDefinition = async (
  around: Surroundings,
  given: string | undefined,
  { org, file, json }: CheckOptions,
): Promise<void> => {
  if (given === undefined && file === undefined) {
    throw unusable('It is not said what to check.', 'name an environment, or --file FILE');
  }
  const environment = given === undefined ? undefined : readNamed(given);
  if (org !== undefined && environment?.org !== undefined && environment.org !== org) {
    throw unusable('Two organizations are named.', 'leave out --org');
  }
  const fromFile = file === undefined ? undefined : await readInput(around, file);
  const desk = await openEnvDesk(around, environment?.org ?? org);
  const text = fromFile ?? (environment ? (await desk.definition(environment)).text : '');
  const name = file === '-' ? '<stdin>' : (file ?? environment?.shown ?? '');
  const { diagnostics } = await desk.check(text, false);
  if (json) printJson(around.stdout, { diagnostics });
  else {
    const subject = { name, text, ...(environment && { environment: environment.shown }) };
    await printDiagnostics(around.stdout, desk, subject, diagnostics);
  }
  if (hasErrors(diagnostics)) throw stoppedBy(name, diagnostics);
  if (diagnostics.length === 0) printLine(around.stderr, `${name}: nothing is wrong.`);
};
