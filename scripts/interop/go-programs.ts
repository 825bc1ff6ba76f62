import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir, setPriority } from 'node:os';
import { join } from 'node:path';

/** A program that is built from somebody's released Go module. */
export interface GoProgram {
  readonly name: string;
  /** Package to build, or to import where `main` stands. */
  readonly path: string;
  /** Released version, or a branch where nothing is released. */
  readonly version: string;
  /** Modules that it is built with in another version than its release names. */
  readonly beside?: readonly string[];
  readonly linkerFlags?: string;
  /** Source of a program around the package, where that is a library. */
  readonly main?: string;
}

/** `binary`, or `reason`: why this machine cannot have it. */
export type Built = { readonly binary: string } | { readonly reason: string };

/** Where programs are kept from run to run: outside the repository. */
export const CACHE = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache'),
  'runpass',
  'interop',
);

/** Why no Go program can be built here; undefined: it can. */
const whyNoGo = async (): Promise<string | undefined> => {
  const proxy = await run('go', ['env', 'GOPROXY'], process.cwd()).catch(() => undefined);
  if (proxy === undefined || proxy.status !== 0) return 'this machine has no Go';
  if (['off', ''].includes(proxy.output.trim())) return 'this machine has no Go module proxy (go env GOPROXY)';
  return undefined;
};

/**
 * Builds a program, or finds the one that an earlier run built.
 *
 * The module stands as a dependency of a module of our own, which is written here: its `replace` lines, which would
 * stop `go install …@version`, then do not count.
 * Throws where the sources came but do not compile.
 */
export const build = async (program: GoProgram, note: (text: string) => void): Promise<Built> => {
  const { name, path, version, beside = [], linkerFlags = '', main } = program;
  const folder = join(CACHE, `${name}-${version}`);
  const binary = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
  const source = join(folder, 'main.go');
  const isCurrent = main === undefined || (existsSync(source) && (await readFile(source, 'utf8')) === main);
  const whyNot = await whyNoGo();
  if (whyNot !== undefined) return { reason: whyNot };
  if (existsSync(binary) && isCurrent) return { binary };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'go.mod'), 'module runpass.example/interop\n\ngo 1.24\n');
  if (main !== undefined) await writeFile(source, main);

  note(`${name} ${version}: fetching it and what it needs`);
  const fetched = await run('go', ['get', `${path}@${version}`, ...beside], folder);
  if (fetched.status !== 0) return { reason: lastLine(fetched.output) };
  if (main !== undefined) await run('go', ['mod', 'tidy'], folder);

  note(`${name} ${version}: building it; a big one takes a quarter of an hour, once`);
  const flags = ['-p', '1', '-ldflags', `-s -w ${linkerFlags}`.trim(), '-o', `${binary}.part`];
  const built = await run('go', ['build', ...flags, main === undefined ? path : '.'], folder);
  if (built.status !== 0) throw new Error(`${name} ${version} does not build:\n${built.output}`);
  await rename(`${binary}.part`, binary);
  return { binary };
};

export const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';

/** Runs a program of the Go toolchain, behind everything else that the machine does. */
const run = (command: string, parameters: readonly string[], cwd: string) =>
  new Promise<{ readonly status: number | null; readonly output: string }>((resolve, reject) => {
    const env = { ...process.env, GOFLAGS: `${process.env['GOFLAGS'] ?? ''} -mod=mod`.trim(), GOWORK: 'off' };
    const child = spawn(command, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) setPriority(child.pid, 10);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
