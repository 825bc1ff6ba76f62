import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finding, inOrder, type Place, type Problem, readDocument } from '../documents.ts';
import { completeOrganization } from './complete.ts';
import { ORGANIZATION_SCHEMA, type OrganizationFile } from './file.ts';
import type { Organization } from './organization.ts';
import { findOrganizationProblems } from './rules.ts';

export type LoadedOrganizations =
  | {
      readonly organizations: ReadonlyMap<string, Organization>;
      /** SHA-256 of all that the files say, hexadecimal: equal on replicas that hold the same organizations. */
      readonly hash: string;
    }
  | { readonly problems: readonly Problem[] };

const MAX_FILES = 1000;

/**
 * Reads every organization of the installation: one `.yaml` file each, named like the organization.
 *
 * Gives all of them, or everything that is wrong in any file. `reservedNames` are names that no organization may
 * have, because the settings list them as audiences. Other files and hidden ones are passed over, so that the
 * folder may be a mounted volume.
 */
export const loadOrganizations = async (
  folder: string,
  reservedNames: ReadonlySet<string>,
): Promise<LoadedOrganizations> => {
  const names = await readdir(folder).then(
    (entries) => entries.filter((entry) => !entry.startsWith('.')).sort(),
    () => undefined,
  );
  if (!names)
    return { problems: [whole(folder, 'cannot be read', 'make the folder, or correct "folders.organizations"')] };
  const problems = names
    .filter((name) => name.endsWith('.yml'))
    .map((name) => whole(join(folder, name), 'would not be read', 'rename it to end with .yaml'));
  const files = names.filter((name) => name.endsWith('.yaml'));
  if (files.length > MAX_FILES) {
    return { problems: [whole(folder, `holds ${files.length} files`, `keep at most ${MAX_FILES} organizations`)] };
  }

  const declared: Declared[] = [];
  for (const name of files) {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) {
      problems.push(whole(path, 'cannot be read', 'make it a file that this process may read'));
      continue;
    }
    const reading = readDocument<OrganizationFile>(text, path, ORGANIZATION_SCHEMA);
    if ('problems' in reading) problems.push(...reading.problems);
    else declared.push({ file: reading.value, place: reading.place, baseName: name.slice(0, -'.yaml'.length) });
  }

  // The base names stand for the files that could not be read: they will be organizations, too.
  const organizationNames = new Set(files.map((name) => name.slice(0, -'.yaml'.length)));
  const together = findProblemsTogether(declared, organizationNames);
  for (const [index, { file, place, baseName }] of declared.entries()) {
    const findings = [
      ...findNameProblems(file.name, baseName, reservedNames),
      ...findOrganizationProblems(file),
      ...(together[index] ?? []),
    ];
    problems.push(...inOrder(findings.map(place)));
  }
  if (problems.length > 0) return { problems };

  const organizations = new Map(declared.map(({ file }) => [file.name, completeOrganization(file)]));
  return { organizations, hash: hashOf([...organizations.values()]) };
};

interface Declared {
  readonly file: OrganizationFile;
  readonly place: Place;
  readonly baseName: string;
}

const whole = (file: string, problem: string, suggestion: string): Problem => ({
  file,
  line: 0,
  column: 0,
  path: '',
  problem,
  suggestion,
});

const findNameProblems = (name: string, baseName: string, reserved: ReadonlySet<string>): readonly Finding[] => {
  if (name !== baseName) {
    const suggestion = `write "${baseName}", or rename the file to ${name}.yaml`;
    return [{ at: ['name'], problem: `is "${name}", and the file is ${baseName}.yaml`, suggestion }];
  }
  if (!reserved.has(name)) return [];
  const problem = `is "${name}", which the settings list as an audience, so its tokens could be had by others`;
  return [{ at: ['name'], problem, suggestion: 'take it off the list of audiences, or choose another name' }];
};

/** What is wrong only because of another file: per file, in their order. */
const findProblemsTogether = (
  declared: readonly Declared[],
  organizationNames: ReadonlySet<string>,
): readonly (readonly Finding[])[] => {
  const clients = new Map<string, string>();
  const idOfUser = new Map<string, string>();
  const holderOfId = new Map<string, string>();
  return declared.map(({ file }) => {
    const findings: Finding[] = [];
    /** An id belongs to one thing for ever; a user is one thing in all organizations. */
    const claim = (id: string | undefined, holder: string, at: Finding['at']): void => {
      if (id === undefined) return;
      const other = holderOfId.get(id);
      if (other !== undefined && other !== holder) {
        findings.push({ at, problem: `is the id of ${other}, too`, suggestion: 'give each an id of its own' });
      }
      holderOfId.set(id, other ?? holder);
    };
    claim(file.id, `organization ${file.name}`, ['id']);
    for (const [index, team] of (file.teams ?? []).entries()) {
      claim(team.id, `team ${file.name}/${team.name}`, ['teams', index, 'id']);
    }
    for (const [index, issuer] of (file.trustedIssuers ?? []).entries()) {
      claim(issuer.id, `trusted issuer ${file.name}/${issuer.name}`, ['trustedIssuers', index, 'id']);
    }
    for (const [index, user] of (file.users ?? []).entries()) {
      claim(user.id, `user ${user.login}`, ['users', index, 'id']);
      const known = idOfUser.get(user.login);
      if (user.id !== undefined && known !== undefined && known !== user.id) {
        const problem = `is not the id that user ${user.login} has in another organization`;
        findings.push({ at: ['users', index, 'id'], problem, suggestion: `write ${known}: it is the same person` });
      }
      if (user.id !== undefined) idOfUser.set(user.login, known ?? user.id);
      if (organizationNames.has(user.login.toLowerCase())) {
        const problem = `is "${user.login}", which is the name of an organization`;
        findings.push({ at: ['users', index, 'login'], problem, suggestion: 'write another login' });
      }
    }
    for (const [index, client] of (file.clients ?? []).entries()) {
      const other = clients.get(client.id);
      if (other !== undefined) {
        const problem = `is "${client.id}", which a client of organization ${other} has already`;
        findings.push({ at: ['clients', index, 'id'], problem, suggestion: 'write another id' });
      }
      clients.set(client.id, other ?? file.name);
    }
    return findings;
  });
};

/** Over the content, not the text: comments, order of keys and file names do not count. */
const hashOf = (organizations: readonly Organization[]): string => {
  const sorted = organizations.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return createHash('sha256').update(canonical(sorted)).digest('hex');
};

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
