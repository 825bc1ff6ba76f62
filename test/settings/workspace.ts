import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { formatProblems } from '../../src/documents.ts';
import { loadSettings } from '../../src/settings/load.ts';
import type { Settings } from '../../src/settings/settings.ts';

export const cwd = await mkdtemp(join(tmpdir(), 'runpass-settings-'));
after(() => rm(cwd, { recursive: true }));
await mkdir(join(cwd, 'config'));

export type Env = Readonly<Record<string, string>>;

const load = async (document: string, env: Env = {}) => {
  await writeFile(join(cwd, 'config/runpass.yaml'), document);
  return loadSettings({ env, cwd });
};

/** The settings that a file and variables give. */
export const settingsOf = async (document: string, env: Env = {}): Promise<Settings> => {
  const loaded = await load(document, env);
  assert.ok('settings' in loaded, 'problems' in loaded ? formatProblems(loaded.problems) : '');
  return loaded.settings;
};

/** The problems of a file and variables, as the operator reads them; empty when there are none. */
export const problemsOf = async (document: string, env: Env = {}): Promise<string> => {
  const loaded = await load(document, env);
  return 'problems' in loaded ? formatProblems(loaded.problems) : '';
};
