import type { ToldDiagnostic } from '../../env-output/diagnostics.ts';
import { CommandFailure } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';
import { readInput } from '../trust/input.ts';
import { type Change, saveChange } from './change.ts';
import { type EnvDesk, openEnvDesk, type StoredDefinition } from './desk.ts';
import { stoppedBy } from './print-diagnostics.ts';
import { type NamedEnvironment, readUnversioned } from './reference.ts';

/** Replaces the definition of an environment; one that is not there yet is made. */
export const editEnvironment = async (
  around: Surroundings,
  given: string,
  { file }: { readonly file?: string },
): Promise<void> => {
  const environment = readUnversioned(given);
  const text = file === undefined ? undefined : await readInput(around, file);
  const desk = await openEnvDesk(around, environment.org);
  const stored = await desk.findDefinition(environment);
  if (text === undefined) {
    const { editInEditor } = await import('../../editor.ts');
    return editInEditor(around, {
      shown: environment.shown,
      file: `${environment.name}.yaml`,
      before: stored?.text ?? TEMPLATE,
      save: (edited) =>
        trySaving(around, desk, { ...changeOf(environment, stored), text: edited, name: environment.shown }),
    });
  }
  const name = file === '-' ? '<stdin>' : (file as string);
  const diagnostics = await saveChange(around, desk, { ...changeOf(environment, stored), text, name });
  if (diagnostics.length > 0) throw stoppedBy(name, diagnostics, 'nothing was changed');
};

const changeOf = (
  environment: NamedEnvironment,
  stored: StoredDefinition | undefined,
): Pick<Change, 'environment' | 'etag' | 'isNew'> => ({ environment, etag: stored?.etag, isNew: stored === undefined });

const TEMPLATE = '# Nothing is made while this stays as it is.\nimports: []\nvalues: {}\n';

/** What kept the text from being saved; `undefined` when it was. */
const trySaving = async (around: Surroundings, desk: EnvDesk, change: Change): Promise<CommandFailure | undefined> => {
  try {
    const diagnostics: readonly ToldDiagnostic[] = await saveChange(around, desk, change);
    return diagnostics.length === 0 ? undefined : stoppedBy(change.name, diagnostics);
  } catch (reason) {
    if (reason instanceof CommandFailure) return reason;
    throw reason;
  }
};
