import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'redis');
const UNPACKED = join(CACHE, 'unpacked');
const WRAPPER = join(CACHE, 'redis-server');
const SERVERS = ['redis-server', 'valkey-server'] as const;

/**
 * Finds a real Redis server to test against, and fetches one when the machine has none.
 *
 * In this order: `redis-server` or `valkey-server` on the PATH; what an earlier call left in `.cache/redis`;
 * Debian's packages, downloaded and unpacked there without installing anything; a container engine's image,
 * unpacked likewise. Gives the path of a program that *is* the server, so that a test can stop and kill it.
 */
export const findRedisServer = async (): Promise<string | undefined> => {
  for (const name of SERVERS) {
    if (versionOf(name) !== undefined) return run('sh', ['-c', `command -v ${name}`]).trim();
  }
  if (existsSync(WRAPPER) && versionOf(WRAPPER) !== undefined) return WRAPPER;
  for (const unpack of [fromDebian, fromContainer]) {
    try {
      rmSync(UNPACKED, { recursive: true, force: true });
      mkdirSync(UNPACKED, { recursive: true });
      unpack();
      if (versionOf(WRAPPER) !== undefined) return WRAPPER;
    } catch {
      // The next source may do better; the caller says loudly when none does.
    }
  }
  return undefined;
};

const run = (command: string, parameters: readonly string[], cwd?: string): string =>
  execFileSync(command, parameters, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 120_000,
    ...(cwd === undefined ? {} : { cwd }),
  });

const versionOf = (server: string): string | undefined => {
  try {
    return run(server, ['--version']).trim();
  } catch {
    return undefined;
  }
};

/** Writes the program that becomes the server (by `exec`: same process id) inside the unpacked folder. */
const writeWrapper = (line: string): void => {
  const unfinished = `${WRAPPER}.new`;
  writeFileSync(unfinished, `#!/bin/sh\nroot='${UNPACKED}'\n${line}\n`);
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, WRAPPER);
};

const fromDebian = (): void => {
  const downloads = join(CACHE, 'packages');
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  const inSystem: readonly string[] = [];
  try {
    download(inSystem, downloads);
  } catch {
    download(ownPackageLists(), downloads);
  }
  for (const file of readdirSync(downloads)) run('dpkg-deb', ['-x', join(downloads, file), UNPACKED]);
  writeWrapper(
    'export LD_LIBRARY_PATH="$(echo "$root"/usr/lib/*-linux-* "$root"/lib/*-linux-* | tr " " ":")"\nexec "$root/usr/bin/redis-server" "$@"',
  );
};

/** Options for apt that keep its lists in the cache folder: no root, and no `apt-get update` by anybody before. */
const ownPackageLists = (): readonly string[] => {
  const state = join(CACHE, 'apt');
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(state, 'archives', 'partial'), { recursive: true });
  const options = [
    `Dir::State=${state}`,
    `Dir::State::lists=${join(state, 'lists')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${state}`,
    `Dir::Cache::archives=${join(state, 'archives')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...options, 'update']);
  return options;
};

/** Downloads the server and the libraries that it names, except the C library, which every Debian has. */
const download = (options: readonly string[], folder: string): void => {
  const libraries = run('apt-cache', [...options, 'depends', '--important', 'redis-tools'])
    .split('\n')
    .map((line) => /^\s*\|?Depends: ([a-z0-9.+-]+)/.exec(line)?.[1])
    .filter((name) => name !== undefined)
    .filter((name) => /^(lib|lua-)/.test(name) && name !== 'libc6');
  run('apt-get', [...options, 'download', 'redis-server', 'redis-tools', ...libraries], folder);
};

/** Copies the server and its libraries out of an image: a process in a container could not be stopped and killed. */
const fromContainer = (): void => {
  const engine = ['docker', 'podman'].find((name) => {
    try {
      run(name, ['info']);
      return true;
    } catch {
      return false;
    }
  });
  if (engine === undefined || process.platform !== 'linux') throw new Error('no container engine answers');
  const container = run(engine, ['create', 'docker.io/library/redis:8']).trim();
  try {
    run('sh', [
      '-c',
      `"$0" export "$1" | tar -x -C "$2" usr/local/bin/redis-server lib lib64 usr/lib`,
      engine,
      container,
      UNPACKED,
    ]);
  } finally {
    run(engine, ['rm', '-f', container]);
  }
  writeWrapper(
    [
      'loader="$(ls "$root"/lib64/ld-linux-*.so.* "$root"/usr/lib/ld-linux-*.so.* 2>/dev/null | head -n 1)"',
      'libraries="$(echo "$root"/usr/lib/*-linux-* "$root"/lib/*-linux-* | tr " " ":")"',
      'exec "$loader" --argv0 redis-server --library-path "$libraries" "$root/usr/local/bin/redis-server" "$@"',
    ].join('\n'),
  );
};

if (import.meta.main) {
  const found = await findRedisServer();
  console.log(found ?? 'No Redis server was found, and none could be fetched.');
  process.exitCode = found === undefined ? 1 : 0;
}
