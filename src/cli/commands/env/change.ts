import type { ToldDiagnostic } from '../../env-output/diagnostics.ts';
import { printable, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { EnvDesk, Outcome } from './desk.ts';
import { hasErrors, printDiagnostics } from './print-diagnostics.ts';
import type { NamedEnvironment } from './reference.ts';

/** A text that is to become the newest revision of an environment. */
export interface Change {
  readonly environment: NamedEnvironment;
  readonly text: string;
  /** What people call the text: a file, or the environment. */
  readonly name: string;
  readonly etag: string | undefined;
  /** There is no such environment yet. */
  readonly isNew?: boolean;
}

/** Saves it, prints what is wrong with it, and says which revision it became. Gives the errors that kept it from that. */
export const saveChange = async (
  around: Surroundings,
  desk: EnvDesk,
  { environment, text, name, etag, isNew }: Change,
): Promise<readonly ToldDiagnostic[]> => {
  const outcome = isNew ? await saveNew(desk, environment, text) : await desk.save(environment, text, etag);
  const { answer, revision, diagnostics } = outcome;
  await printDiagnostics(around.stderr, desk, { name, environment: environment.shown, text }, diagnostics);
  if (answer === undefined) return diagnostics;
  const which = revision === undefined ? '' : ` revision ${printable(revision)}`;
  printLine(around.stderr, `${environment.shown}:${which} saved.`);
  return [];
};

/** Looked at before it is made: what is wrong must not leave an empty environment behind. */
const saveNew = async (desk: EnvDesk, environment: NamedEnvironment, text: string): Promise<Outcome> => {
  const checked = await desk.check(text, false);
  if (checked.answer === undefined || hasErrors(checked.diagnostics)) return { diagnostics: checked.diagnostics };
  await desk.create(environment);
  const { etag } = await desk.definition(environment);
  return desk.save(environment, text, etag);
};
