import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for secrets that a program wants as files: nobody but this user can look into it. */
export interface PrivateFolder {
  readonly path: string;
  /** Writes a file, mode 0600, and gives its path. `name` is a plain file name that is not there yet. */
  write(name: string, content: string): Promise<string>;
  /** At once, because the process may be about to end; what is gone already is no problem. */
  remove(): void;
}

/** Makes a folder below the system's temporary one (`TMPDIR`), mode 0700 as `mkdtemp` makes them all. Whoever makes it removes it. */
export const makePrivateFolder = async (): Promise<PrivateFolder> => {
  const path = await mkdtemp(join(tmpdir(), 'runpass-'));
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await writeFile(file, content, { mode: 0o600, flag: 'wx' });
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
};
