import type { Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import type { EnvironmentRecords } from '../environments/records.ts';
import type { EnvironmentSecrets } from '../environments/secrets.ts';
import type { Directory } from '../runs/directory.ts';
import type { Clock } from '../system.ts';
import type { RememberedTrusts } from '../trust/remembered/remembered.ts';

/** What every story about environments needs. */
export interface EnvironmentParts {
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly directory: Directory;
  readonly environments: EnvironmentRecords;
  readonly secrets: EnvironmentSecrets;
  /** Who still trusts a name that goes. */
  readonly trustDocuments: Pick<RememberedTrusts, 'naming'>;
}

/** How lists and revisions name whoever made a change. */
export const authorOf = (
  principal: Pick<Principal, 'kind' | 'name'>,
): { readonly login: string; readonly name: string } => ({
  login: principal.name,
  name: principal.name,
});
