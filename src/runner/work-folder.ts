import { rmdirSync, rmSync } from 'node:fs';
import { lstat, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { replaceFile } from './atomic-file.ts';
import { type OwnerPlace, writeOwner } from './owner.ts';

/** The folder of one run: its token files, for as long as it lasts. Nobody but this user can look into it. */
export interface WorkFolder {
  readonly path: string;
  /** Puts a file in place in one step, and gives its path. */
  put(name: string, content: string): Promise<string>;
  remove(name: string): void;
  /** The same for a file that stands elsewhere: it goes with the folder, also when somebody else removes that. */
  putOutside(path: string, content: string): Promise<void>;
  removeOutside(path: string): void;
  /** Everything, at once: the process may be about to end. What is gone already is no problem. */
  removeAll(): void;
}

/** Where this user's work folders are, whose process we are, and what we can tell of others. */
export interface FolderPlace extends OwnerPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent where the system has no such thing. */
  readonly uid: number | undefined;
}

/** Where they may be: `$XDG_RUNTIME_DIR/runpass-<uid>`, which is memory where there is one, and the same under `$TMPDIR`. */
export const placesOfFolders = ({ env, uid }: FolderPlace): readonly string[] => {
  const runtime = env['XDG_RUNTIME_DIR'];
  const bases = [...(runtime && isAbsolute(runtime) ? [runtime] : []), env['TMPDIR'] || tmpdir()];
  return bases.map((base) => join(base, `runpass-${uid ?? 'user'}`));
};

/** What is in no other run's name. */
export const markOf = (folder: string): string => folder.slice(folder.lastIndexOf('-') + 1);

/** On a machine with many users the name can be guessed. */
export const isOwnFolder = async (path: string, uid: number | undefined): Promise<boolean> => {
  const about = await lstat(path);
  return about.isDirectory() && (uid === undefined || (about.uid === uid && (about.mode & 0o077) === 0));
};

/** Makes the folder of a run. Whoever makes it removes it; when that cannot be, the next start does: see leftovers.ts. */
export const makeWorkFolder = async (place: FolderPlace): Promise<WorkFolder> => {
  const path = await makeFolder(place);
  const mark = markOf(path);
  const owned = await writeOwner(path, place, mark);
  let isRemoved = false;
  const remove = (file: string): void => rmSync(file, { force: true });
  return {
    path,
    async put(name, content) {
      const file = join(path, name);
      if (isRemoved) throw new Error('The folder of this run is gone.');
      await replaceFile(file, content, mark);
      return file;
    },
    remove: (name) => remove(join(path, name)),
    async putOutside(file, content) {
      if (isRemoved) throw new Error('The folder of this run is gone.');
      await owned.announce(file, content);
      await replaceFile(file, content, mark);
    },
    removeOutside: remove,
    removeAll() {
      isRemoved = true;
      for (const file of owned.outside()) remove(file);
      rmSync(path, { recursive: true, force: true });
      removeIfEmpty(dirname(path));
    },
  };
};

/** Runs that end take the empty parent with them: many may do so while we make ours. */
const TRIES = 20;

const makeFolder = async (place: FolderPlace): Promise<string> => {
  let problem: unknown;
  for (const parent of placesOfFolders(place)) {
    try {
      return await makeBelow(parent, place, TRIES);
    } catch (cause) {
      problem = cause;
    }
  }
  throw problem;
};

const makeBelow = async (parent: string, place: FolderPlace, tries: number): Promise<string> => {
  try {
    await mkdir(parent, { mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause;
    });
    if (!(await isOwnFolder(parent, place.uid))) throw new Error(`${parent} is not a folder of this user alone.`);
    return await mkdtemp(join(parent, `run-${place.pid}-`));
  } catch (cause) {
    if (tries > 1 && (cause as NodeJS.ErrnoException).code === 'ENOENT') return makeBelow(parent, place, tries - 1);
    throw cause;
  }
};

/** Unless another run of this user has its folder there. */
export const removeIfEmpty = (path: string): void => {
  try {
    rmdirSync(path);
  } catch {
    // It is not empty, or gone already.
  }
};
