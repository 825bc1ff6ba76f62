import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import type { Directory } from '../runs/directory.ts';
import type { HeldName, Hold } from '../runs/held-names.ts';
import { administratorsOnly } from './administrators-only.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface ReleaseNameParts {
  readonly audit: AuditLog;
  readonly directory: Pick<Directory, 'organization' | 'held'>;
}

/**
 * The name of something deleted may be given again before its quarantine is over: an administrator says why.
 *
 * A name that is not held stays as it is, and leaves no trace; false then.
 */
export const releaseName = async (
  { audit, directory }: ReleaseNameParts,
  principal: Principal,
  organization: Organization,
  name: HeldName,
  reason: string,
): Promise<boolean> => {
  const { kind, project } = name;
  const trace = {
    kind: 'name.release' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { what: kind, name: `${project}/${name.name}`, reason },
  };
  await recordRefusals(audit, trace, () => administratorsOnly(principal, 'override the quarantine of a name'));
  const owner = await directory.organization(organization.name, organization.id);
  const hold = await directory.held.find(owner, name);
  if (!hold) return false;
  await audit.record({
    ...trace,
    outcome: 'granted',
    detail: { ...trace.detail, documents: hold.documents.join('; ') },
  });
  return directory.held.release(owner, name);
};

/** Administrators see which names are held, and until when. */
export const listHeldNames = async (
  { directory }: Pick<ReleaseNameParts, 'directory'>,
  principal: Principal,
  organization: Organization,
): Promise<readonly (HeldName & Hold)[]> => {
  administratorsOnly(principal, 'see the names that are held');
  return directory.held.list(await directory.organization(organization.name, organization.id));
};
