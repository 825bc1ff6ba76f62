import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { problemWithName } from '../access/names.ts';
import type { Problem } from '../documents.ts';
import { nearest } from '../nearest.ts';
import type { DeclaredEnvironment, DeclaredEnvironments } from './record.ts';

/** An environment that a file declares, and the file. */
export interface EnvironmentFile extends DeclaredEnvironment {
  readonly file: string;
}

export type LoadedEnvironments =
  | {
      /** By organization, then by `project/name`. Organizations without any are not in it. */
      readonly environments: ReadonlyMap<string, ReadonlyMap<string, EnvironmentFile>>;
      /** SHA-256 of all names and texts, hexadecimal: equal on replicas that hold the same environments. */
      readonly hash: string;
    }
  | { readonly problems: readonly Problem[] };

const MAX_FILES = 10_000;
const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 100;
const NO_PLACE = { line: 0, column: 0, path: '' };

/**
 * Reads every environment that files declare: `<organization>/<project>/<environment>.yaml`.
 *
 * Gives all of them, or what is wrong with any. The texts are not looked into. A folder that is not there declares
 * nothing. Other files and hidden ones are passed over, so that the folder may be a mounted volume.
 */
export const loadEnvironments = async (
  folder: string,
  organizationNames: ReadonlySet<string>,
): Promise<LoadedEnvironments> => {
  const problems: Problem[] = [];
  const tell = (file: string, problem: string, suggestion: string): void => {
    problems.push({ file, ...NO_PLACE, problem, suggestion });
  };
  const found = await findFiles(folder, organizationNames, tell);
  if (found.length > MAX_FILES) {
    tell(folder, 'holds too many files', `keep at most ${MAX_FILES} environments`);
    return { problems };
  }

  const environments = new Map<string, Map<string, EnvironmentFile>>();
  for (const { organization, name, path } of found) {
    const read = await readText(path, tell);
    const files = environments.get(organization) ?? new Map<string, EnvironmentFile>();
    if (read) environments.set(organization, files.set(name, { ...read, file: path }));
  }
  if (problems.length > 0) return { problems: problems.slice(0, MAX_PROBLEMS) };
  return { environments, hash: hashOf(environments) };
};

type Tell = (file: string, problem: string, suggestion: string) => void;

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

const READABLE = 'make it a folder that this process may read';

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name);

/** What is in a folder, sorted and without what is hidden; links lead where they lead. */
const entriesOf = async (folder: string, suggestion: string, tell: Tell): Promise<readonly Entry[]> => {
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
    return await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(folder, name)).catch(() => undefined);
        return { name, isFolder: found?.isDirectory() ?? false };
      }),
    );
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') tell(folder, 'cannot be read', suggestion);
    return [];
  }
};

/** Where the environments are, as far as the names of folders and files say. */
const findFiles = async (folder: string, organizationNames: ReadonlySet<string>, tell: Tell) => {
  const found: { readonly organization: string; readonly name: string; readonly path: string }[] = [];
  for (const organization of await entriesOf(folder, 'correct "folders.environments"', tell)) {
    const below = join(folder, organization.name);
    if (!organization.isFolder) {
      if (isYaml(organization.name)) tell(below, 'would not be read', 'put it into <organization>/<project>/');
      continue;
    }
    if (!organizationNames.has(organization.name)) {
      const near = nearest(organization.name, organizationNames);
      const suggestion = near === undefined ? 'name the folder like an organization' : `rename it to ${near}`;
      tell(below, 'is the folder of no organization', suggestion);
      continue;
    }
    for (const project of await entriesOf(below, READABLE, tell)) {
      const projectFolder = join(below, project.name);
      if (!project.isFolder) {
        if (isYaml(project.name)) tell(projectFolder, 'would not be read', 'put it into the folder of its project');
        continue;
      }
      const wrong = problemWithName('project', project.name);
      if (wrong !== undefined) {
        tell(projectFolder, `names a project, which ${wrong}`, 'rename the folder');
        continue;
      }
      for (const entry of await entriesOf(projectFolder, READABLE, tell)) {
        const path = join(projectFolder, entry.name);
        const name = nameOf(path, entry, tell);
        if (name !== undefined) {
          found.push({ organization: organization.name, name: `${project.name}/${name}`, path });
        }
      }
    }
  }
  return found;
};

/** The name of the environment that a file declares; `undefined` for every other file. */
const nameOf = (path: string, { name: entry, isFolder }: Entry, tell: Tell): string | undefined => {
  if (isFolder) {
    tell(path, 'would not be read', 'put the files of a project straight into its folder');
    return undefined;
  }
  if (entry.endsWith('.yml')) {
    tell(path, 'would not be read', 'rename it to end with .yaml');
    return undefined;
  }
  if (!entry.endsWith('.yaml')) return undefined;
  const name = entry.slice(0, -'.yaml'.length);
  const wrong = problemWithName('environment', name);
  if (wrong === undefined) return name;
  tell(path, `names an environment, which ${wrong}`, 'rename the file');
  return undefined;
};

const readText = async (path: string, tell: Tell): Promise<DeclaredEnvironment | undefined> => {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error('nothing that could be read to its end');
    if (found.size > MAX_BYTES) {
      tell(path, 'is larger than 1 MiB', 'split it, and import the parts');
      return undefined;
    }
    const text = decode(await readFile(path));
    if (text !== undefined) return { text, modified: Math.floor(found.mtimeMs / 1000) };
    tell(path, 'is not UTF-8', 'save it as UTF-8');
  } catch {
    tell(path, 'cannot be read', 'make it a file that this process may read');
  }
  return undefined;
};

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const hashOf = (environments: ReadonlyMap<string, DeclaredEnvironments>): string => {
  const hash = createHash('sha256');
  for (const [organization, files] of [...environments].sort(byName)) {
    for (const [name, { text }] of [...files].sort(byName)) hash.update(JSON.stringify([organization, name, text]));
  }
  return hash.digest('hex');
};

const byName = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;
