import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { makePrivateFolder } from '../../../runner/private-folder.ts';
import type { ToldDiagnostic } from '../../env-output/diagnostics.ts';
import { CommandFailure, unusable } from '../../failure.ts';
import { printFailure, printLine } from '../../output.ts';
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
  if (text === undefined) return editInEditor(around, desk, environment, stored);
  const name = file === '-' ? '<stdin>' : (file as string);
  const diagnostics = await saveChange(around, desk, { ...changeOf(environment, stored), text, name });
  if (diagnostics.length > 0) throw stoppedBy(name, diagnostics, 'nothing was changed');
};

const changeOf = (
  environment: NamedEnvironment,
  stored: StoredDefinition | undefined,
): Pick<Change, 'environment' | 'etag' | 'isNew'> => ({ environment, etag: stored?.etag, isNew: stored === undefined });

const TEMPLATE = '# Nothing is made while this stays as it is.\nimports: []\nvalues: {}\n';

const editInEditor = async (
  around: Surroundings,
  desk: EnvDesk,
  environment: NamedEnvironment,
  stored: StoredDefinition | undefined,
): Promise<void> => {
  const before = stored?.text ?? TEMPLATE;
  const folder = await makePrivateFolder();
  const file = await folder.write(`${environment.name}.yaml`, before);
  const editor = editorAt(around);
  for (;;) {
    const problem = await editor.edit(file);
    const text = await readFile(file, 'utf8');
    if (text === before) {
      folder.remove();
      if (problem) throw problem;
      printLine(around.stderr, `${environment.shown}: nothing was changed.`);
      return;
    }
    const change = { ...changeOf(environment, stored), text, name: environment.shown };
    const refusal = problem ?? (await trySaving(around, desk, change));
    if (refusal === undefined) {
      folder.remove();
      return;
    }
    // The text is somebody's work: it goes only where it was saved.
    if (!(await wantsAnotherTry(around, refusal))) {
      throw new CommandFailure(refusal.exit, refusal.message, {
        ...(refusal.code !== undefined && { code: refusal.code }),
        hint: `nothing was changed; your text is kept in ${file}`,
      });
    }
  }
};

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

const wantsAnotherTry = async (around: Surroundings, problem: CommandFailure): Promise<boolean> => {
  if (!around.stdin.isTerminal) return false;
  printFailure(around, problem);
  const answer = await around.stdin.askSecretly('Enter edits it again, any other key and Enter gives up: ');
  return answer === '';
};

/** As git does it: $VISUAL or $EDITOR may be a command with flags, and Ctrl-C belongs to the editor while it runs. */
const editorAt = (around: Surroundings) => {
  const { env, cwd } = around;
  const command = env['VISUAL'] || env['EDITOR'] || 'vi';
  let isOpen = false;
  around.onSignal((signal) => {
    if (!isOpen) around.exitNow(128 + constants.signals[signal]);
  });
  return {
    /** Gives why it did not end well. */
    async edit(file: string): Promise<CommandFailure | undefined> {
      isOpen = true;
      const child = spawn('/bin/sh', ['-c', `${command} "$1"`, 'sh', file], { cwd, env: { ...env }, stdio: 'inherit' });
      const [code] = (await once(child, 'exit').finally(() => {
        isOpen = false;
      })) as [number | null];
      if (code === 0) return undefined;
      return unusable(
        `The editor "${command}" ended with ${code ?? 'a signal'}.`,
        'set VISUAL or EDITOR, or take --file',
      );
    },
  };
};
