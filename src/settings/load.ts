import { readFile } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { deepFreeze, type Finding, inOrder, type Place, type Problem, readDocument } from '../documents.ts';
import { Secret } from '../secret.ts';
import { completeSettings } from './complete.ts';
import { type Draft, findRuleProblems } from './rules.ts';
import type { Settings, StoreSettings } from './settings.ts';
import { SETTINGS_SCHEMA, type SettingsFile } from './shape.ts';
import { type Environment, type Overrides, problemWithVariable, readVariables } from './variables.ts';

export type LoadedSettings = { readonly settings: Settings } | { readonly problems: readonly Problem[] };

const DEFAULT_FILE = 'config/runpass.yaml';

/**
 * Reads the installation's settings: the file, then the variables over it.
 *
 * Gives complete and frozen settings, or everything that is wrong, each with its place; changes nothing and opens
 * nothing. Without `file`, `RUNPASS_CONFIG` names the file, else it is `config/runpass.yaml`. Relative paths in the
 * file start at its folder (at the one above if that is called `config`), in variables at the working directory.
 */
export const loadSettings = async (input: {
  readonly file?: string;
  readonly env: Environment;
  readonly cwd: string;
}): Promise<LoadedSettings> => {
  const { env, cwd } = input;
  const path = resolve(cwd, input.file ?? (env['RUNPASS_CONFIG'] || DEFAULT_FILE));
  const name = relative(cwd, path).startsWith('..') ? path : relative(cwd, path);
  const overrides = readVariables(env);

  const text = await readText(path);
  if (text === undefined) {
    const suggestion = 'go to the project, or name the file in RUNPASS_CONFIG';
    return { problems: [...overrides.problems, { ...nowhere(name), problem: 'cannot be read', suggestion }] };
  }
  const reading = readDocument<SettingsFile>(text, name, SETTINGS_SCHEMA);
  const readable = 'value' in reading ? reading : reading.rest;
  const problems: Problem[] = [...overrides.problems, ...('problems' in reading ? reading.problems : [])];
  if (!readable) return { problems };

  const folder = dirname(path);
  const project = basename(folder) === 'config' ? dirname(folder) : folder;
  const draft = completeSettings(readable.value, overrides.values, { project, cwd });
  const place = placeIn(overrides, readable.place);
  const broken = new Set(problems.map(sectionOf));
  for (const finding of distinct(findRuleProblems(draft))) {
    // A section that is wrong in itself says nothing yet about how it fits the others.
    if (!broken.has(section(String(finding.at[0])))) problems.push(place(finding));
  }
  const soundStore = !problems.some((problem) => sectionOf(problem) === 'store');
  const backend = soundStore ? await storeSettings(draft, (finding) => problems.push(place(finding))) : undefined;
  if (problems.length > 0 || !backend) return { problems: inOrder(problems) };

  const { written: _written, store, ...settings } = draft;
  const { timeoutMs, acceptVolatile, replicas } = store;
  return { settings: deepFreeze({ file: name, ...settings, store: { backend, timeoutMs, acceptVolatile, replicas } }) };
};

const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

const nowhere = (file: string) => ({ file, line: 0, column: 0, path: '' });

const placeIn =
  (overrides: Overrides, inFile: Place): Place =>
  (finding) => {
    const variable = overrides.variableFor(finding.at);
    return variable === undefined
      ? inFile(finding)
      : problemWithVariable(variable, finding.problem, finding.suggestion);
  };

// The times of an issuer are those of `keys` with some replaced: the two are judged together.
const section = (name: string): string => (name === 'issuers' ? 'keys' : name);

const sectionOf = (problem: Problem): string => section(/^[^.[]*/.exec(problem.path)?.[0] ?? '');

/** Both issuers find the same fault in the times that they share. */
const distinct = (findings: readonly Finding[]): readonly Finding[] => [
  ...new Map(findings.map((finding) => [`${finding.at.join('.')} ${finding.problem}`, finding])).values(),
];

/** The store with the files that its settings name. `undefined` when one is missing, or its URL was already found wrong. */
const storeSettings = async (
  { store }: Draft,
  report: (finding: Finding) => void,
): Promise<StoreSettings | undefined> => {
  if ('problem' in store.address) return undefined;
  const { address } = store.address;
  if (address.kind !== 'redis') return address;
  const read = async (field: 'passwordFile' | 'caFile', suggestion: string, looksRight: (text: string) => boolean) => {
    const path = store[field];
    if (path === undefined) return undefined;
    const text = (await readText(path))?.trim();
    if (text !== undefined && looksRight(text)) return text;
    report({
      at: ['store', field],
      problem: `cannot be used: ${path} ${text === undefined ? 'cannot be read' : 'holds something else'}`,
      suggestion,
    });
    return undefined;
  };
  const password = await read('passwordFile', 'write the path of a file that holds one line', (text) =>
    /^[^\r\n]+$/.test(text),
  );
  const ca = await read('caFile', 'write the path of a PEM file', (text) =>
    text.startsWith('-----BEGIN CERTIFICATE-----'),
  );
  return {
    ...address,
    keyPrefix: store.keyPrefix,
    ...(password !== undefined && { password: new Secret(password) }),
    ...(store.passwordFile !== undefined && { passwordFile: store.passwordFile }),
    ...(ca !== undefined && { ca }),
    ...(store.caFile !== undefined && { caFile: store.caFile }),
  };
};
