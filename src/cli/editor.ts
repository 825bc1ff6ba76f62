import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { makePrivateFolder } from '../runner/private-folder.ts';
import { CommandFailure, unusable } from './failure.ts';
import { printFailure, printLine } from './output.ts';
import type { Surroundings } from './surroundings.ts';

/** A text that somebody is to change in an editor of theirs. */
export interface EditedText {
  /** What people call it. */
  readonly shown: string;
  /** Name of the file that the editor sees. */
  readonly file: string;
  readonly before: string;
  /** Gives what kept the text from being saved; `undefined` when it was. */
  save(text: string): Promise<CommandFailure | undefined>;
}

/** Edits a text until it is saved or given up. What was written and not saved is kept: it is somebody's work. */
export const editInEditor = async (around: Surroundings, { shown, file: name, before, save }: EditedText) => {
  const folder = await makePrivateFolder();
  const file = await folder.write(name, before);
  const editor = editorAt(around);
  for (;;) {
    const problem = await editor.edit(file);
    const text = await readFile(file, 'utf8');
    if (text === before) {
      folder.remove();
      if (problem) throw problem;
      printLine(around.stderr, `${shown}: nothing was changed.`);
      return;
    }
    const refusal = problem ?? (await save(text));
    if (refusal === undefined) {
      folder.remove();
      return;
    }
    if (!(await wantsAnotherTry(around, refusal))) {
      throw new CommandFailure(refusal.exit, refusal.message, {
        ...(refusal.code !== undefined && { code: refusal.code }),
        hint: `nothing was changed; your text is kept in ${file}`,
      });
    }
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
        'set VISUAL or EDITOR, or give the text as a file',
      );
    },
  };
};
