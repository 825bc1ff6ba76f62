import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint } from '../secret.ts';
import type { EpochMs } from '../system.ts';
import { halfWritten } from './atomic-file.ts';
import { isGone, type OutsideFile, readOwner } from './owner.ts';
import { type FolderPlace, isOwnFolder, markOf, placesOfFolders, removeIfEmpty } from './work-folder.ts';

/** No token lives longer than an hour, so in a folder that has stood still for two no file is worth anything. */
const STALE_MS = 2 * 3_600_000;

/**
 * Removes what runs of this user left behind that could not clean up, and says how many there were.
 *
 * A folder whose process still lives is left alone, and so is one of which that cannot be told, until its tokens are long
 * dead. A file outside is removed only if it still holds what the run put there.
 */
export const removeLeftovers = async (place: FolderPlace, nowMs: EpochMs): Promise<number> => {
  let removed = 0;
  for (const parent of placesOfFolders(place)) {
    if (!(await isOwnFolder(parent, place.uid).catch(() => false))) continue;
    for (const name of await readdir(parent).catch(() => [])) {
      const folder = join(parent, name);
      if (!/^run-\d+-/.test(name) || !(await isLeftOver(folder, place, nowMs))) continue;
      for (const file of (await readOwner(folder))?.outside ?? []) await removeOutside(file, markOf(folder));
      await rm(folder, { recursive: true, force: true });
      removed += 1;
    }
    removeIfEmpty(parent);
  }
  return removed;
};

const isLeftOver = async (folder: string, place: FolderPlace, nowMs: EpochMs): Promise<boolean> => {
  const owner = await readOwner(folder);
  const gone = owner && (await isGone(owner, place));
  return gone ?? nowMs - (await stat(folder).catch(() => ({ mtimeMs: nowMs }))).mtimeMs > STALE_MS;
};

const removeOutside = async ({ path, fingerprints }: OutsideFile, mark: string): Promise<void> => {
  await rm(halfWritten(path, mark), { force: true });
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content !== undefined && fingerprints.includes(fingerprint(content))) await rm(path, { force: true });
};
