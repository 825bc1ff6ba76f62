import type { Organization } from '../access/organization.ts';
import { formatProblems, type Problem } from '../documents.ts';
import type { Settings } from '../settings/settings.ts';
import { unusable } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** The settings of this installation; throws everything that is wrong with them, at once. */
export const readSettings = async ({ env, cwd }: Surroundings, file?: string): Promise<Settings> => {
  const { loadSettings } = await import('../settings/load.ts');
  const loaded = await loadSettings({ env, cwd, ...(file !== undefined && { file }) });
  if ('problems' in loaded) throw problemsWith('settings', loaded.problems);
  return loaded.settings;
};

/** The organizations that the installation's files declare; environments in files are read with them. Throws everything that is wrong with them, at once. */
export const readOrganizations = async (settings: Settings): Promise<ReadonlyMap<string, Organization>> => {
  const [{ loadOrganizations }, { loadDeclaredEnvironments }, { reservedNames }] = await Promise.all([
    import('../access/load.ts'),
    import('../environments/declared-files.ts'),
    import('../settings/rules.ts'),
  ]);
  const loaded = await loadOrganizations(settings.folders.organizations, reservedNames(settings));
  if ('problems' in loaded) throw problemsWith('organizations', loaded.problems);
  const names = new Set(loaded.organizations.keys());
  const environments = await loadDeclaredEnvironments(settings.folders.environments, names);
  if ('problems' in environments) throw problemsWith('environments', environments.problems);
  return loaded.organizations;
};

const problemsWith = (what: string, problems: readonly Problem[]) => {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return unusable(`The ${what} cannot be used: ${count}.\n${formatProblems(problems)}`);
};
