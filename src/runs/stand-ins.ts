import type { Directory } from './directory.ts';

/** Stands where the id of something will that is not there yet: a run that nobody started, a stack without a run. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';

/** The part of a directory by which names of stacks and environments become ids. */
export type Identifier = Pick<Directory, 'organization' | 'stack' | 'environment'>;

export interface StandIns {
  readonly directory: Identifier;
  /** What was asked for and is not there, as sentences name it. */
  readonly missing: ReadonlySet<string>;
}

/** A directory for those who only ask: it makes nothing, and what it does not find has `NO_ID`. */
export const withStandIns = (directory: Directory): StandIns => {
  const missing = new Set<string>();
  return {
    missing,
    directory: {
      organization: directory.organization,
      async stack(organization, project, name) {
        const found = await directory.findStack(organization, project, name);
        if (found) return found;
        missing.add(`stack ${project}/${name}`);
        const owner = await directory.findProject(organization, project);
        return { name, id: NO_ID, project: owner ?? { name: project, id: NO_ID }, runs: 0 };
      },
      async environment(organization, project, name) {
        const found = await directory.findEnvironment(organization, project, name);
        if (found) return found;
        missing.add(`environment ${project}/${name}`);
        return { name, id: NO_ID };
      },
    },
  };
};
