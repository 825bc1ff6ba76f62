import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Built, build, type GoProgram, whyNoGo } from './go-programs.ts';

/** A program that only its vendor packs: the one that this machine has is taken, in whatever version. */
export interface InstalledProgram {
  readonly name: string;
  readonly version: 'as installed';
}

export const installed = (name: string): InstalledProgram => ({ name, version: 'as installed' });

/** Finds a program of this machine, or builds one of a Go module. */
export const obtain = async (program: GoProgram | InstalledProgram, note: (text: string) => void): Promise<Built> => {
  if ('path' in program) {
    const reason = await whyNoGo();
    return reason === undefined ? build(program, note) : { reason };
  }
  const binary = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program.name))
    .find(isExecutable);
  return binary === undefined ? { reason: 'this machine does not have it' } : { binary };
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
