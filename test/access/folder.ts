import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { loadOrganizations } from '../../src/access/load.ts';
import { formatProblems } from '../../src/documents.ts';

export const root = await mkdtemp(join(tmpdir(), 'runpass-organizations-'));
after(() => rm(root, { recursive: true }));

export type Files = Readonly<Record<string, string>>;
let count = 0;

/** Loads a folder with these files. */
export const load = async (files: Files, reserved: readonly string[] = []) => {
  const folder = join(root, String(count++));
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { folder, loaded: await loadOrganizations(folder, new Set(reserved)) };
};

export const sound = async (files: Files) => {
  const { loaded } = await load(files);
  assert.ok('organizations' in loaded, 'problems' in loaded ? formatProblems(loaded.problems) : '');
  return loaded;
};

/** Problems as text, with the folder taken away. */
export const problemsOf = async (files: Files, reserved: readonly string[] = []): Promise<string> => {
  const { folder, loaded } = await load(files, reserved);
  return 'problems' in loaded
    ? formatProblems(loaded.problems).replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER')
    : '';
};

export const HASH = `sha256:${'A'.repeat(43)}`;
export const ID = '0b1f7c4e-8a55-4e0a-9d52-2b1f6a1d9c01';
export const OTHER_ID = '0b1f7c4e-8a55-4e0a-9d52-2b1f6a1d9c02';
export const jwk = (bits: number): string =>
  JSON.stringify(generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }));
