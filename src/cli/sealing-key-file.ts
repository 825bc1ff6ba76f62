import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSealingKey } from '../keys/seal.ts';
import { createSealingKey, readSealingKeys } from '../keys/sealing-file.ts';
import type { Random } from '../system.ts';
import { failed } from './failure.ts';

const fileIn = (folder: string): string => join(folder, 'sealing.key');

/** Makes the installation's sealing key and says where; an existing one is never touched. */
export const makeSealingKey = async (folder: string, random: Random): Promise<string> => {
  const file = fileIn(folder);
  if (await createSealingKey(folder, random)) return file;
  throw failed(`${file} exists already; nothing was changed.`, '--add puts a new key before the ones in it');
};

/** Puts a new sealing key before the others, in one step: it seals from now on, they still open what they sealed. */
export const addSealingKey = async (folder: string, random: Random): Promise<string> => {
  const file = fileIn(folder);
  if (!(await readSealingKeys(folder)))
    throw failed(`There is no ${file}.`, '"runpass keys init" without --add makes it');
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, `${newSealingKey(random)}\n${await readFile(file, 'utf8')}`, {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
  await rename(fresh, file);
  return file;
};
