import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Text of a file that only its owner may read; `undefined` when there is none. Refuses one that is open to others. */
export const readPrivateFile = async (path: string): Promise<string | undefined> => {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new Error(`${path} is open to other users; close it with: chmod 600 ${path}`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Makes a file that only its owner may read, with its folder. True for exactly one caller; an existing file is never touched. */
export const createPrivateFile = async (path: string, text: string): Promise<boolean> => {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeNew(path, text);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/** Replaces a file as a whole: written beside it, brought to the disk, renamed over it. */
export const replacePrivateFile = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  // Never into a file that somebody else may have opened to others.
  await rm(`${path}.new`, { force: true });
  await writeNew(`${path}.new`, text);
  await rename(`${path}.new`, path);
};

const writeNew = async (path: string, text: string): Promise<void> => {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};
