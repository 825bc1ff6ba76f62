import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { failed } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';

/** Writes files into a folder that may have to be made; none that is there is written over. */
export const writeFiles = async (
  { cwd }: Surroundings,
  folder: string,
  files: readonly { readonly name: string; readonly content: string }[],
): Promise<void> => {
  const path = resolve(cwd, folder);
  await mkdir(path, { recursive: true });
  for (const { name, content } of files) {
    // A name is a name, whatever a server says.
    await writeFile(join(path, basename(name)), content, { flag: 'wx' }).catch((cause: unknown) => {
      throw failed(`${join(folder, basename(name))} cannot be written.`, 'name another folder in --out', cause);
    });
  }
};
