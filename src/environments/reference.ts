import { problemWithName } from '../access/names.ts';
import { type EnvironmentReference, readReference } from './syntax/names.ts';
import { LATEST, readVersion } from './version.ts';

/**
 * Reads which environment, and which version of it, is named: `[project/]environment[@version]`, or `:version` as
 * command lines write it, too.
 *
 * Spellings of one thing give the same project, name and version: without a project it is the legacy project
 * `default`, and `@latest` is no version. The problem is a sentence for the person who wrote it.
 */
export const readEnvironmentReference = (text: string): EnvironmentReference | { readonly problem: string } => {
  const reference = readReference(text.replace(':', '@'));
  if ('problem' in reference) return reference;
  const { project, name, version } = reference;
  const wrong = problemWithName('project', project);
  if (wrong !== undefined) return { problem: `The project in "${text}" ${wrong}.` };
  if (version !== undefined && readVersion(version) === undefined) {
    return { problem: `The version in "${text}" must be a revision number (1, 2, 3, …) or the name of a tag.` };
  }
  return { text, project, name, ...(version !== undefined && version !== LATEST && { version }) };
};
