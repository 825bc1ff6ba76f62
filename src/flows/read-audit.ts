import type { Principal } from '../access/principal.ts';
import { type AuditPage, type AuditQuery, listAudit } from '../audit/list.ts';
import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** An administrator reads what was granted and refused in the organization, newest first. */
export const readAudit = async (
  { store }: { readonly store: Store },
  principal: Principal,
  query: Omit<AuditQuery, 'organization'>,
): Promise<AuditPage> => {
  if (!principal.administrator) {
    throw new Refusal('not_permitted', { problem: 'audit records are for the administrators of the organization' });
  }
  return listAudit(store, { ...query, organization: principal.organization });
};
