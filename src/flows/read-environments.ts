import { type EnvironmentTarget, hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { EnvironmentRecord, ListedRevision, Revision } from '../environments/record.ts';
import type { EnvironmentPage } from '../environments/records.ts';
import { decryptSecrets, encryptSecrets, type Rewritten } from '../environments/syntax/secrets.ts';
import type { Diagnostic } from '../environments/values.ts';
import { Refusal } from '../errors.ts';
import { buildSubject } from '../tokens/subject.ts';
import { hasErrors } from './check-environment.ts';
import type { EnvironmentParts } from './environment-parts.ts';
import { findEnvironment, shownEnvironment } from './find-environment.ts';
import { actorOf, recordRefusals } from './trace.ts';

/** Longest version that there can be. */
const MAX_SHOWN_VERSION = 100;

/** A definition, or why it can be shown to nobody. */
export interface ReadDefinition {
  readonly environment: EnvironmentRecord;
  readonly revision: number;
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The environments of an organization that a principal may read. */
export const listEnvironments = async (
  { directory, environments }: Pick<EnvironmentParts, 'directory' | 'environments'>,
  principal: Principal,
  organization: Organization,
  part: { readonly count: number; readonly after?: string },
): Promise<EnvironmentPage> => {
  const owner = await directory.organization(organization.name, organization.id);
  return environments.list(owner, { ...part, shows: (environment) => hasAccess(principal, environment, 'read') });
};

/**
 * A definition as it is stored: its secrets are ciphertexts. Those of a file, where an operator may write them in
 * the clear, are encrypted before anybody sees them.
 */
export const readDefinition = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  version?: string,
): Promise<ReadDefinition> => {
  const found = await findEnvironment(parts, principal, organization, target, { level: 'read', to: 'read' });
  const { environment, revision } = await findRevision(parts, found, version);
  if (!environment.declared) return definitionOf(environment, revision, { text: revision.yaml, diagnostics: [] });
  const cipher = await parts.secrets.of(environment.organization.id);
  const encrypted = encryptSecrets(revision.yaml, (plaintext) => cipher.encrypt(environment.id, plaintext));
  return definitionOf(environment, revision, encrypted);
};

/** A definition with its secrets in the clear. Nobody sees them before the audit record is written. */
export const decryptDefinition = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  version?: string,
): Promise<ReadDefinition> => {
  const { audit, secrets } = parts;
  const trace = {
    kind: 'environment.decrypt' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { environment: shownEnvironment(target) },
  };

  // 1. Who asks, and for which revision?
  const { environment, revision } = await recordRefusals(audit, trace, async () => {
    const found = await findEnvironment(parts, principal, organization, target, { level: 'open', to: 'decrypt' });
    return findRevision(parts, found, version);
  });

  // 2. Its secrets, as far as they are secrets of this environment.
  const cipher = await secrets.of(environment.organization.id);
  const decrypted = decryptSecrets(revision.yaml, (ciphertext) => cipher.decrypt(environment.id, ciphertext));

  // 3. The trace, then the text.
  const { id } = environment;
  await audit.record({ ...trace, outcome: 'granted', detail: { ...trace.detail, id, revision: revision.number } });
  return definitionOf(environment, revision, decrypted);
};

/** Revisions below `before`, the newest first. */
export const listRevisions = async (
  parts: Pick<EnvironmentParts, 'directory' | 'environments'>,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  part: { readonly count: number; readonly before?: number },
): Promise<readonly ListedRevision[]> => {
  const need = { level: 'read', to: 'read' } as const;
  const environment = await findEnvironment(parts, principal, organization, target, need);
  return parts.environments.revisions(environment, part);
};

/** What trust policies need to know of an environment. */
export interface EnvironmentMetadata {
  readonly environment: EnvironmentRecord;
  /** `sub` of its tokens on the v2 issuer. Contract section 2.7. */
  readonly subjectOnV2: string;
}

export const readMetadata = async (
  parts: Pick<EnvironmentParts, 'directory' | 'environments'> & {
    readonly environmentIssuers: { readonly v2: { readonly subjectPrefix: string } };
  },
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
): Promise<EnvironmentMetadata> => {
  const need = { level: 'read', to: 'read' } as const;
  const environment = await findEnvironment(parts, principal, organization, target, need);
  const subjectOnV2 = buildSubject(parts.environmentIssuers.v2.subjectPrefix, {
    form: 'environment-ids',
    orgId: environment.organization.id,
    environmentId: environment.id,
  });
  return { environment, subjectOnV2 };
};

const findRevision = async (
  { environments }: Pick<EnvironmentParts, 'environments'>,
  found: EnvironmentRecord,
  version: string | undefined,
): Promise<{ readonly environment: EnvironmentRecord; readonly revision: Revision }> => {
  const read = await environments.read(found, version);
  if (read) return read;
  const shown = (version ?? 'latest').slice(0, MAX_SHOWN_VERSION);
  throw new Refusal('revision_not_found', { environment: shownEnvironment(found), version: shown });
};

/** What could not be rewritten whole is shown to nobody. */
const definitionOf = (
  environment: EnvironmentRecord,
  { number }: Revision,
  { text, diagnostics }: Rewritten,
): ReadDefinition => ({ environment, revision: number, text: hasErrors(diagnostics) ? '' : text, diagnostics });
