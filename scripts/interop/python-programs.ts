import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { type Built, CACHE, lastLine } from './go-programs.ts';

/** Programs that are installed from released Python packages, all into one environment of their own. */
export interface PythonPrograms {
  readonly name: string;
  readonly version: string;
  /** As pip takes them: `awscli==1.46.3`. */
  readonly packages: readonly string[];
}

/** Installs programs, or finds what an earlier run installed: `binary` is the folder in which they are. */
export const installPython = async (
  { name, version, packages }: PythonPrograms,
  note: (text: string) => void,
): Promise<Built> => {
  const folder = join(CACHE, `${name}-${version}`);
  const [binary, list] = [join(folder, 'bin'), join(folder, 'installed.txt')];
  const wanted = packages.join('\n');
  if (existsSync(list) && (await readFile(list, 'utf8')) === wanted) return { binary };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  note(`${name} ${version}: installing ${packages.join(', ')}`);
  const made = await run('python3', ['-m', 'venv', folder]).catch(() => undefined);
  if (made?.status !== 0) return { reason: 'this machine has no Python that makes environments (python3 -m venv)' };
  const installed = await run(join(binary, 'python'), ['-m', 'pip', 'install', '--quiet', ...packages]);
  if (installed.status !== 0) return { reason: lastLine(installed.output) };
  await writeFile(list, wanted);
  return { binary };
};

/** Behind everything else that the machine does. */
const run = (command: string, parameters: readonly string[]) =>
  new Promise<{ readonly status: number | null; readonly output: string }>((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) setPriority(child.pid, 10);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
