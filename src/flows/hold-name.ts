import type { Directory } from '../runs/directory.ts';
import type { HeldName } from '../runs/held-names.ts';
import type { Identified } from '../runs/run.ts';
import type { EpochSeconds } from '../system.ts';
import { describeTrust, type RememberedTrust, type RememberedTrusts } from '../trust/remembered/remembered.ts';

export interface HoldNameParts {
  readonly directory: Pick<Directory, 'held'>;
  readonly trustDocuments: Pick<RememberedTrusts, 'naming'>;
}

/** What is left behind where something is deleted: who still trusts its name, and how long nobody gets it. */
export interface LeftBehind {
  readonly documents: readonly RememberedTrust[];
  readonly heldUntil?: EpochSeconds;
}

/** The trust documents that still admit a name that goes. */
export const documentsNaming = (
  { trustDocuments }: HoldNameParts,
  organization: Identified,
  name: HeldName,
): Promise<readonly RememberedTrust[]> => trustDocuments.naming(organization.id, name);

/** What an audit record says of them; nothing where there are none. */
export const documentsDetail = (documents: readonly RememberedTrust[]): { readonly trustDocuments?: string } =>
  documents.length === 0 ? {} : { trustDocuments: documents.map(describeTrust).join('; ').slice(0, 1000) };

/** Holds a name before what has it is deleted, so that at no moment somebody else can take it. */
export const holdName = async (
  { directory }: HoldNameParts,
  organization: Identified,
  name: HeldName,
  documents: readonly RememberedTrust[],
): Promise<LeftBehind> => {
  const hold = await directory.held.hold(organization, name, documents.map(describeTrust));
  return { documents, ...(hold && { heldUntil: hold.until }) };
};
