import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { type Built, CACHE, lastLine } from './go-programs.ts';

/** A program of ours around somebody's released Rust library. */
export interface CargoProgram {
  readonly name: string;
  readonly version: string;
  /** Lines of `[dependencies]`. */
  readonly dependencies: readonly string[];
  readonly main: string;
}

/** Builds a program, or finds the one that an earlier run built. Throws where the sources came but do not compile. */
export const buildCargo = async (
  { name, version, dependencies, main }: CargoProgram,
  note: (text: string) => void,
): Promise<Built> => {
  const folder = join(CACHE, `${name}-${version}`);
  const [binary, source] = [join(folder, name), join(folder, 'src', 'main.rs')];
  if (existsSync(binary) && existsSync(source) && (await readFile(source, 'utf8')) === main) return { binary };
  await mkdir(join(folder, 'src'), { recursive: true });
  const manifest = ['[package]', `name = "${name}"`, 'version = "0.0.0"', 'edition = "2021"', '[workspace]'];
  await writeFile(join(folder, 'Cargo.toml'), [...manifest, '[dependencies]', ...dependencies, ''].join('\n'));
  await writeFile(source, main);

  note(`${name} ${version}: fetching and building it`);
  const fetched = await run(['fetch', '--quiet'], folder).catch(() => undefined);
  if (!fetched) return { reason: 'this machine has no Rust (cargo)' };
  if (fetched.status !== 0) return { reason: lastLine(fetched.output) };
  const built = await run(['build', '--quiet', '--jobs', '1'], folder);
  if (built.status !== 0) throw new Error(`${name} ${version} does not build:\n${built.output}`);
  await rename(join(folder, 'target', 'debug', name), binary);
  return { binary };
};

/** Behind everything else that the machine does. */
const run = (parameters: readonly string[], cwd: string) =>
  new Promise<{ readonly status: number | null; readonly output: string }>((resolve, reject) => {
    const child = spawn('cargo', parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) setPriority(child.pid, 10);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
