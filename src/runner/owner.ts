import { execFile } from 'node:child_process';
import { access, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fingerprint } from '../secret.ts';
import { replaceFile } from './atomic-file.ts';

/** Whose process we are. */
export interface OwnerPlace {
  readonly pid: number;
  readonly hostname: string;
}

/** A file of a run that stands outside its folder. */
export interface OutsideFile {
  readonly path: string;
  /** Of what it holds, or is about to: a file with anything else in it is somebody else's. */
  readonly fingerprints: readonly string[];
}

/** Which process a folder belongs to: what `owner` in it says. */
export interface Owner {
  readonly pid: number;
  /** When that process began, as the system tells it: a pid is given out again. */
  readonly started: string | undefined;
  readonly host: Host;
  readonly outside: readonly OutsideFile[];
}

interface Host {
  readonly name: string;
  /** Since when it is up. */
  readonly boot: string;
  /** Containers of one host have pids of their own, and may have a folder in common. */
  readonly pids: string;
}

const FILE = 'owner';

/** Writes whose a folder is, before anything else stands in it. */
export const writeOwner = async (folder: string, { pid, hostname }: OwnerPlace, mark: string) => {
  const [started, host] = await Promise.all([startOf(pid), hostOf(hostname)]);
  const outside = new Map<string, readonly string[]>();
  const write = (): Promise<void> => {
    const files = [...outside].map(([path, fingerprints]): OutsideFile => ({ path, fingerprints }));
    return replaceFile(join(folder, FILE), JSON.stringify({ pid, started, host, outside: files }), mark);
  };
  await write();
  return {
    /** Before a content is put at a path. */
    async announce(path: string, content: string): Promise<void> {
      outside.set(path, [...(outside.get(path) ?? []).slice(-1), fingerprint(content)]);
      await write();
    },
    outside: (): readonly string[] => [...outside.keys()],
  };
};

/** `undefined`: not ours to judge. */
export const readOwner = async (folder: string): Promise<Owner | undefined> => {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => '');
  try {
    const owner = JSON.parse(text) as Owner;
    return Number.isSafeInteger(owner.pid) && Array.isArray(owner.outside) && owner.host ? owner : undefined;
  } catch {
    return undefined;
  }
};

/** Is the process gone to which a folder belongs? `undefined`: that cannot be told from here. */
export const isGone = async (owner: Owner, { hostname }: OwnerPlace): Promise<boolean | undefined> => {
  const [{ host }, here] = [owner, await hostOf(hostname)];
  if (host.name !== here.name) return undefined;
  if (host.boot !== here.boot) return true;
  if (host.pids !== here.pids || owner.started === undefined) return undefined;
  return (await startOf(owner.pid)) !== owner.started;
};

const run = promisify(execFile);

/** When a process began; `undefined` when there is none. */
const startOf = async (pid: number): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) {
    // The name of the program stands in parentheses and may hold anything. Fields 3 and 22 of the line count.
    const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return DEAD.has(state) ? undefined : rest[18];
  }
  if (await isThere('/proc/self/stat')) return undefined;
  const answer = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined);
  return answer?.stdout.trim() || undefined;
};

/** Ended, and its parent has not looked yet. */
const DEAD: ReadonlySet<string> = new Set(['Z', 'X']);

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const hostOf = async (name: string): Promise<Host> => {
  const [boot, pids] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return { name, boot: boot.trim(), pids };
};
