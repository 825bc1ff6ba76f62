import type { Organization } from '../access/organization.ts';
import type { AuditLog } from '../audit/record.ts';
import type { DeclaredEnvironments } from '../environments/record.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../system.ts';

/** What reading the files gave: organizations and environments that they declare, or one text with everything that is wrong. */
export type OrganizationFiles =
  | {
      readonly organizations: ReadonlyMap<string, Organization>;
      /** By organization, then by `project/name`. */
      readonly environments: ReadonlyMap<string, DeclaredEnvironments>;
      readonly hash: string;
    }
  | { readonly problems: string };

export interface OrganizationsParts {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly log: Log;
  readonly replica: string;
  read(): Promise<OrganizationFiles>;
}

/** The organizations in force on this replica. */
export interface OrganizationsInForce {
  current(): ReadonlyMap<string, Organization>;
  /** What files declare of an organization's environments. */
  environments(organization: string): DeclaredEnvironments;
  /** Reads the files again; files with a mistake change nothing. */
  reload(): Promise<void>;
  /** Tells the other replicas which files are in force here, and says so in the log where theirs differ. */
  compare(): Promise<void>;
}

const NONE: DeclaredEnvironments = new Map();

const DOCUMENT = 'organizations-in-force';

/** Keeps the organizations that the files declare: read at start, and again when an operator asks for it. */
export const keepOrganizations = (
  parts: OrganizationsParts,
  first: Extract<OrganizationFiles, { hash: string }>,
): OrganizationsInForce => {
  let inForce = first;
  let announced = '';
  const compare = async (): Promise<void> => {
    try {
      const stored = await parts.store.get(DOCUMENT);
      const theirs = stored && (JSON.parse(stored.value) as { hash: string; replica: string });
      if (theirs && theirs.hash !== inForce.hash && announced === inForce.hash) {
        parts.log.warn('another replica has other organization files in force', { replica: theirs.replica });
        return;
      }
      if (theirs?.hash !== inForce.hash) {
        await parts.store.put(DOCUMENT, JSON.stringify({ hash: inForce.hash, replica: parts.replica }));
      }
      announced = inForce.hash;
    } catch (cause) {
      parts.log.warn('organization files could not be compared with the other replicas', {}, cause);
    }
  };
  return {
    current: () => inForce.organizations,
    environments: (organization) => inForce.environments.get(organization) ?? NONE,
    compare,
    async reload() {
      const read = await parts.read();
      if ('problems' in read) {
        parts.log.error('organization files are not valid; what was in force stays', { problems: read.problems });
        return;
      }
      if (read.hash === inForce.hash) return;
      inForce = read;
      parts.log.info('organization files were read again', { organizations: read.organizations.size });
      const detail = { hash: read.hash, organizations: read.organizations.size };
      const actor = `server:${parts.replica}`;
      await parts.audit
        .record({ kind: 'organizations.change', actor, outcome: 'granted', detail })
        .catch((cause: unknown) => parts.log.error('a change of organizations could not be recorded', {}, cause));
      await compare();
    },
  };
};
