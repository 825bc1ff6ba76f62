import { createPrivateFile, readPrivateFile, replacePrivateFile } from '../store/private-file.ts';
import type { Random } from '../system.ts';
import { newSealingKey, parseSealingKeys, SealingError, type SealingKeys } from './seal.ts';

/** Where the installation's sealing keys lie. */
export const sealingFile = (folder: string): string => `${folder}/sealing.key`;

/**
 * Reads the installation's sealing keys; `undefined` when there is no file.
 *
 * Refuses a file that other users of the machine can read, and one that holds no proper key: a `SealingError` that
 * says what to do.
 */
export const readSealingKeys = async (folder: string): Promise<SealingKeys | undefined> => {
  try {
    const text = await readPrivateFile(sealingFile(folder));
    return text === undefined ? undefined : parseSealingKeys(text);
  } catch (cause) {
    if (cause instanceof SealingError) throw cause;
    throw new SealingError('unusable_key', cause instanceof Error ? cause.message : 'it cannot be read', { cause });
  }
};

/** Makes the sealing key file, readable by its owner only. True for exactly one caller; an existing file is never touched. */
export const createSealingKey = (folder: string, random: Random): Promise<boolean> => {
  const comment = '# Seals the private signing keys in the store. Keep a copy: without it they are lost.';
  return createPrivateFile(sealingFile(folder), `${comment}\n${newSealingKey(random)}\n`);
};

/** Puts a new sealing key before the others, in one step: it seals from now on, they still open. False where there are none. */
export const addSealingKey = async (folder: string, random: Random): Promise<boolean> => {
  const path = sealingFile(folder);
  const text = (await readSealingKeys(folder)) && (await readPrivateFile(path));
  if (text === undefined) return false;
  await replacePrivateFile(path, `${newSealingKey(random)}\n${text}`);
  return true;
};
