import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a content in the place of a file in one step, mode 0600, without a newline at its end.
 *
 * A reader sees the old content or the new one, never a part. `mark` tells our half-written files from those of others.
 */
export const replaceFile = async (path: string, content: string, mark: string): Promise<void> => {
  const fresh = halfWritten(path, mark);
  try {
    await rm(fresh, { force: true });
    await writeFile(fresh, content, { mode: 0o600, flag: 'wx' });
    await rename(fresh, path);
  } catch (cause) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw cause;
  }
};

/** Where a content stands before it is in place. */
export const halfWritten = (path: string, mark: string): string => join(dirname(path), `.${basename(path)}.${mark}`);
