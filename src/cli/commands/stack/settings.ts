import { stringify } from 'yaml';
import { type JsonObject, mergePatch } from '../../../deployments/settings/merge-patch.ts';
import { formatProblems, readDocument } from '../../../documents.ts';
import { apiPath, type Client, openClient } from '../../client.ts';
import { CommandFailure, unusable } from '../../failure.ts';
import { escapeControls, printable, printJson, printLine } from '../../output.ts';
import type { Surroundings, TextSink } from '../../surroundings.ts';
import { readInput } from '../trust/input.ts';
import { readCloudFlags } from './cloud-flags.ts';

export interface SettingsOptions {
  readonly org?: string;
  readonly project: string;
  readonly stack: string;
  readonly json?: true;
}

export type SetOptions = SettingsOptions & JsonObject & { readonly replace?: true };

/** Why runs with these settings will not get where they lead. */
interface Warning {
  readonly target: string;
  readonly field: string;
  readonly problem: string;
  readonly subject: string;
  readonly issuer: string;
  readonly operation?: string;
}

/** Settings as the API answers them. */
type Shown = JsonObject & { readonly version: number; readonly warnings: readonly Warning[] };

export const getSettings = async (around: Surroundings, options: SettingsOptions): Promise<void> => {
  const { client, path } = await openStack(around, options);
  const shown = await client.get<Shown>(path);
  if (options.json) printJson(around.stdout, shown);
  else around.stdout.write(textOf(shown));
  printWarnings(around.stderr, shown);
};

export const setSettings = async (
  around: Surroundings,
  file: string | undefined,
  options: SetOptions,
): Promise<void> => {
  const written = file === undefined ? {} : readSettings(await readInput(around, file), file);
  const oidc = readCloudFlags(options);
  const flags = Object.keys(oidc).length > 0 ? { operationContext: { oidc } } : {};
  if (file === undefined && Object.keys(oidc).length === 0) {
    throw unusable('It is not said what to change.', 'name a file, or flags such as --aws-role-arn');
  }
  const { client, path, shown: name } = await openStack(around, options);
  // A file that says null removes, as a flag does; what a flag says counts more.
  const change = layOver(written, flags);
  const saved = options.replace
    ? await client.put<Shown>(path, mergePatch({}, change))
    : await client.post<Shown>(path, change);
  if (options.json) printJson(around.stdout, saved);
  else around.stdout.write(textOf(saved));
  printSaved(around, name, saved);
};

const TEMPLATE = '# Nothing is made while this stays as it is.\noperationContext:\n  oidc: {}\n';

export const editSettings = async (around: Surroundings, options: SettingsOptions): Promise<void> => {
  const { client, path, shown: name } = await openStack(around, options);
  const stored = await find(client, path);
  const { editInEditor } = await import('../../editor.ts');
  await editInEditor(around, {
    shown: name,
    file: 'settings.yaml',
    before: stored ? textOf(stored) : TEMPLATE,
    async save(text) {
      try {
        const json = readSettings(text, 'settings.yaml');
        if ((await find(client, path))?.version !== stored?.version) {
          return new CommandFailure(1, 'Somebody else changed the settings meanwhile.', { code: 'conflict' });
        }
        printSaved(around, name, await client.put<Shown>(path, json));
        return undefined;
      } catch (reason) {
        if (reason instanceof CommandFailure) return reason;
        throw reason;
      }
    },
  });
};

export const removeSettings = async (around: Surroundings, options: SettingsOptions): Promise<void> => {
  const { client, path, shown } = await openStack(around, options);
  await client.delete(path);
  printLine(around.stderr, `${shown}: settings deleted.`);
};

const openStack = async (around: Surroundings, { org: given, project, stack }: SettingsOptions) => {
  const client = await openClient(around);
  const org = await client.organization(given);
  const path = apiPath`/api/stacks/${org}/${project}/${stack}/deployments/settings`;
  return { client, path, shown: printable(`${org}/${project}/${stack}`) };
};

const NOTHING_THERE = ['settings_not_found', 'stack_not_found'];

const find = async (client: Client, path: string): Promise<Shown | undefined> => {
  try {
    return await client.get<Shown>(path);
  } catch (reason) {
    if (reason instanceof CommandFailure && NOTHING_THERE.includes(reason.code ?? '')) return undefined;
    throw reason;
  }
};

const readSettings = (text: string, file: string): JsonObject => {
  const name = file === '-' ? '<stdin>' : file;
  const read = readDocument<JsonObject>(text, name, { type: 'object', title: 'a mapping of settings' });
  if ('problems' in read) throw unusable(`${name} cannot be used.\n${formatProblems(read.problems)}`);
  return read.value;
};

/** One change over another: as in a merge patch, but what is null stays so, because it has still to be sent. */
const layOver = (below: unknown, above: JsonObject): JsonObject => {
  const isObject = (value: unknown): value is JsonObject =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const base = isObject(below) ? below : {};
  const changed = Object.entries(above).map(([name, value]) => [
    name,
    isObject(value) ? layOver(Object.hasOwn(base, name) ? base[name] : {}, value) : value,
  ]);
  return { ...base, ...Object.fromEntries(changed) };
};

/** What "set" and "edit" take again: without what only answers say. */
const textOf = ({ version: _version, warnings: _warnings, ...settings }: Shown): string =>
  escapeControls(stringify(settings, { lineWidth: 0 }));

const printSaved = (around: Surroundings, name: string, saved: Shown): void => {
  printLine(around.stderr, `${name}: settings saved, version ${saved.version}.`);
  printWarnings(around.stderr, saved);
};

const printWarnings = (to: TextSink, { warnings }: Shown): void => {
  for (const { target, issuer, operation, field, problem, subject } of warnings) {
    const which = [target, issuer, operation].filter((part) => part !== undefined).join(', ');
    printLine(to, printable(`warning: ${which}: ${field} ${problem} (subject: ${subject})`));
  }
};
