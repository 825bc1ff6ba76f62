import { isAnonymous } from '../../../environments/syntax/names.ts';
import {
  countDiagnostics,
  describeDiagnostic,
  type KnownSource,
  type ToldDiagnostic,
} from '../../env-output/diagnostics.ts';
import { failed } from '../../failure.ts';
import { printLine } from '../../output.ts';
import type { TextSink } from '../../surroundings.ts';
import type { EnvDesk } from './desk.ts';
import { readNamed } from './reference.ts';

/** Which text the diagnostics are about, and under which names they tell of it. */
export interface Subject extends KnownSource {
  /** As the server knows it; absent: a text that has no name there. */
  readonly environment?: string;
}

/** Prints all of them, each with its line: of the subject, and of imported environments where they can be read. */
export const printDiagnostics = async (
  to: TextSink,
  desk: EnvDesk,
  subject: Subject,
  diagnostics: readonly ToldDiagnostic[],
): Promise<void> => {
  const sources = new Map<string, KnownSource>();
  const sourceOf = async (environment: string): Promise<KnownSource> => {
    if (isAnonymous(environment) || environment === subject.environment) return subject;
    const known = sources.get(environment) ?? (await findSource(desk, environment));
    sources.set(environment, known);
    return known;
  };
  for (const diagnostic of diagnostics) {
    const source = await sourceOf(diagnostic.range?.environment ?? '');
    for (const line of describeDiagnostic(diagnostic, source)) printLine(to, line);
  }
};

const findSource = async (desk: EnvDesk, environment: string): Promise<KnownSource> => {
  try {
    const found = await desk.findDefinition(readNamed(environment));
    return { name: environment, text: found?.text };
  } catch {
    // Whoever may open it need not be allowed to read it: its name and line must do.
    return { name: environment };
  }
};

/** The end of a command that errors stand in the way of. */
export const stoppedBy = (name: string, diagnostics: readonly ToldDiagnostic[], hint?: string) =>
  failed(`${name} has ${countDiagnostics(diagnostics)}.`, hint);

export const hasErrors = (diagnostics: readonly ToldDiagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === 'error');
