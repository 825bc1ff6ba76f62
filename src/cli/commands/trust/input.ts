import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { unusable } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';

/** As much as a document may hold; a token is far smaller. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file, or of standard input where the file is `-`; refuses more than 1 MiB. */
export const readInput = async ({ cwd, stdin }: Surroundings, file: string): Promise<string> => {
  const text = file === '-' ? await stdin.read(MAX_BYTES + 1) : await readStart(resolve(cwd, file), file);
  if (Buffer.byteLength(text) > MAX_BYTES) throw unusable(`${file} is larger than 1 MiB.`, 'split it');
  return text;
};

/** One byte more than there may be: enough to tell, also of a file that never ends. */
const readStart = async (path: string, file: string): Promise<string> => {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let size = 0;
  try {
    const handle = await open(path, 'r');
    try {
      while (size < buffer.length) {
        const { bytesRead } = await handle.read(buffer, size, buffer.length - size);
        if (bytesRead === 0) break;
        size += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unusable(`${file} cannot be read.`, undefined, cause);
  }
  return buffer.toString('utf8', 0, size);
};
