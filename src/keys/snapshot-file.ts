import { readPrivateFile, replacePrivateFile } from '../store/private-file.ts';
import type { LocalFile } from './snapshot.ts';

/** Where the public snapshot of an issuer's ring lies on local disk: `keys-<issuer>.json` in the data folder. */
export const snapshotFile = (folder: string, issuer: string): LocalFile => {
  const path = `${folder}/keys-${issuer}.json`;
  return { read: () => readPrivateFile(path), write: (text) => replacePrivateFile(path, text) };
};
