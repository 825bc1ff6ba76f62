import { type ChildCommand, ChildNotStarted, runChild } from '../../../runner/child.ts';
import { openMasking } from '../../../runner/masking.ts';
import { makePrivateFolder } from '../../../runner/private-folder.ts';
import { ChildStatus } from '../../child-status.ts';
import { exportsOf, problemWithExport } from '../../env-output/exports.ts';
import { secretTexts } from '../../env-output/value-tree.ts';
import { failed, unusable } from '../../failure.ts';
import { printFailure } from '../../output.ts';
import type { Signal, Surroundings } from '../../surroundings.ts';
import { openEnvDesk } from './desk.ts';
import { writeFiles } from './open.ts';
import { openValues } from './opening.ts';
import { encodeOverrides } from './overrides.ts';
import { readNamed } from './reference.ts';

export interface RunOptions {
  readonly interactive?: true;
  readonly lifetime: number;
  readonly overrideEnv?: readonly string[];
}

/** Runs a command with what an environment exports; ends with its status, never before its files are gone. */
export const runInEnvironment = async (
  around: Surroundings,
  given: string,
  [file, ...args]: readonly string[],
  { interactive, lifetime, overrideEnv }: RunOptions,
): Promise<void> => {
  if (file === undefined || file === '') throw unusable('There is no command to run.', 'write it after "--"');
  const environment = readNamed(given);
  const overrides = encodeOverrides(overrideEnv);
  const desk = await openEnvDesk(around, environment.org);
  const tree = await openValues(around, desk, environment, { lifetime, overrides });
  const exports = exportsOf(tree, 'reveal');
  for (const one of [...exports.variables, ...exports.files]) {
    const problem = problemWithExport(one);
    if (problem !== undefined) throw failed(problem, 'correct it in the environment');
  }

  const { stdout, stderr, stdin, childOutput } = around;
  // Heard from here on, so that no signal ends us while files lie about.
  let stopped: Signal | undefined;
  around.onSignal((signal) => {
    stopped ??= signal;
  });
  const folder = exports.files.length === 0 ? undefined : await makePrivateFolder();
  try {
    const files = await writeFiles(exports.files, folder);
    const command: ChildCommand = {
      file,
      args,
      cwd: around.cwd,
      env: { ...around.env, ...Object.fromEntries([...exports.variables, ...files]) },
      masking: openMasking(secretTexts(tree)),
      untouched: {
        stdout: interactive === true && stdout.isTerminal,
        stderr: interactive === true && stderr.isTerminal,
      },
    };
    if (stopped !== undefined) throw failed(`Stopped by ${stopped} before the command began.`);
    const status = await runChild(command, {
      ...childOutput,
      atTerminal: stdin.isTerminal || stdout.isTerminal || stderr.isTerminal,
      onSignal: (heard) => around.onSignal(heard),
      onBroken: () => folder?.remove(),
    });
    throw new ChildStatus(status);
  } catch (reason) {
    if (!(reason instanceof ChildNotStarted)) throw reason;
    printFailure(around, failed(reason.message, undefined, reason));
    throw new ChildStatus(reason.status);
  } finally {
    folder?.remove();
  }
};
