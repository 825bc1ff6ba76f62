import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import { Refusal } from '../errors.ts';
import type { Directory } from '../runs/directory.ts';
import { describeTrust, type RememberedTrust, type RememberedTrusts } from '../trust/remembered/remembered.ts';
import { administratorsOnly } from './administrators-only.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface RememberedTrustParts {
  readonly audit: AuditLog;
  readonly directory: Pick<Directory, 'organization'>;
  readonly trustDocuments: Pick<RememberedTrusts, 'list' | 'forget'>;
}

/** Administrators see which trust documents were generated for their organization, the newest first. */
export const listRememberedTrust = async (
  { directory, trustDocuments }: RememberedTrustParts,
  principal: Principal,
  organization: Organization,
): Promise<readonly RememberedTrust[]> => {
  administratorsOnly(principal, 'see the trust documents');
  const owner = await directory.organization(organization.name, organization.id);
  return trustDocuments.list(owner.id);
};

/** An administrator has taken a document out of its cloud: from here on nobody is told of it any more. */
export const forgetTrust = async (
  { audit, directory, trustDocuments }: RememberedTrustParts,
  principal: Principal,
  organization: Organization,
  id: string,
): Promise<void> => {
  const shown = id.replace(/[^\w-]/g, '?').slice(0, 64);
  const actor = actorOf(principal);
  const trace = {
    kind: 'trust-document.forget' as const,
    organization: organization.name,
    actor,
    detail: { document: shown },
  };
  const [owner, known] = await recordRefusals(audit, trace, async () => {
    administratorsOnly(principal, 'forget a trust document');
    const who = await directory.organization(organization.name, organization.id);
    const found = (await trustDocuments.list(who.id)).find((one) => one.id === id);
    if (!found) throw new Refusal('not_found', { what: 'generated trust document of that id' });
    return [who, found] as const;
  });
  await audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, about: describeTrust(known) } });
  await trustDocuments.forget(owner.id, id);
};
