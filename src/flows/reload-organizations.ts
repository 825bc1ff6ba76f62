import type { Organization } from '../access/organization.ts';
import type { AuditLog } from '../audit/record.ts';
import type { DeclaredEnvironments } from '../environments/record.ts';
import type { Directory } from '../runs/directory.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../system.ts';
import { describeTrust, type RememberedTrusts } from '../trust/remembered/remembered.ts';

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
  readonly directory: Pick<Directory, 'findOrganization'>;
  readonly trustDocuments: Pick<RememberedTrusts, 'list'>;
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
/** Characters of a list of documents in a log line and an audit record. */
const MOST_SHOWN = 1000;

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
  /** What is gone still has trust in clouds: nobody but the operator, who took the file away, can be told. */
  const leave = async (organization: Organization): Promise<void> => {
    const { name, id: declaredId } = organization;
    const owner = await parts.directory.findOrganization(name, declaredId);
    const documents = owner ? (await parts.trustDocuments.list(owner.id)).map(describeTrust) : [];
    const naming = documents.join('; ').slice(0, MOST_SHOWN);
    const detail = { organization: name, documents: documents.length, ...(naming !== '' && { naming }) };
    parts.log.warn('an organization is gone; whatever trusts its tokens in clouds should go, too', detail);
    const actor = `server:${parts.replica}`;
    const trustDocuments = naming === '' ? {} : { trustDocuments: naming };
    await parts.audit.record({
      kind: 'organization.gone',
      organization: name,
      actor,
      outcome: 'granted',
      detail: trustDocuments,
    });
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
      const gone = [...inForce.organizations.values()].filter(({ name }) => !read.organizations.has(name));
      inForce = read;
      parts.log.info('organization files were read again', { organizations: read.organizations.size });
      const detail = { hash: read.hash, organizations: read.organizations.size };
      const actor = `server:${parts.replica}`;
      await parts.audit
        .record({ kind: 'organizations.change', actor, outcome: 'granted', detail })
        .catch((cause: unknown) => parts.log.error('a change of organizations could not be recorded', {}, cause));
      for (const organization of gone) {
        await leave(organization).catch((cause: unknown) =>
          parts.log.error('what trusts an organization that is gone could not be told', {}, cause),
        );
      }
      await compare();
    },
  };
};
