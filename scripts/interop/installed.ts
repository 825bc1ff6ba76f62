import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Built, CACHE } from './go-programs.ts';

/** A program that only its vendor packs: the one that this machine has is taken, in whatever version. */
export interface InstalledProgram {
  readonly name: string;
  readonly version: 'as installed';
}

export const installed = (name: string): InstalledProgram => ({ name, version: 'as installed' });

/** Packages of npm, in a folder of their own: that is what stands for the binary. */
export interface NpmPackages {
  readonly name: string;
  readonly version: string;
  readonly packages: readonly string[];
}

/** Finds a program of this machine. */
export const find = ({ name }: InstalledProgram): Built => {
  const binary = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
  return binary === undefined ? { reason: 'this machine does not have it' } : { binary };
};

/** Installs packages of npm, whose scripts never run. */
export const installPackages = ({ name, version, packages }: NpmPackages, note: (text: string) => void): Built => {
  const folder = join(CACHE, `${name}-${version}`);
  const done = join(folder, 'packages.json');
  const wanted = JSON.stringify(packages);
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return { binary: folder };
  note(`${name} ${version}: fetching ${packages.join(' ')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', ['install', ...flags, ...packages], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) return { reason: stderr?.trim().split('\n').at(-1) ?? 'this machine has no npm' };
  writeFileSync(done, wanted);
  return { binary: folder };
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
