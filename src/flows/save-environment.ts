import type { EnvironmentTarget } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { mustFit } from '../environments/definition-size.ts';
import type { EnvironmentRecord } from '../environments/record.ts';
import { encryptSecrets } from '../environments/syntax/secrets.ts';
import type { Diagnostic } from '../environments/values.ts';
import { Refusal } from '../errors.ts';
import { fingerprint } from '../secret.ts';
import { checkDefinition, hasErrors } from './check-environment.ts';
import { authorOf, type EnvironmentParts } from './environment-parts.ts';
import { findChangeable, shownEnvironment } from './find-environment.ts';
import { actorOf, recordRefusals } from './trace.ts';

/** The revision that a new text was made of. Ids are never given twice, so it cannot mean another environment. */
export interface BaseRevision {
  readonly environmentId: string;
  readonly number: number;
}

export interface DefinitionChange {
  /** The definition as its author wrote it; its secrets may be in the clear. */
  readonly text: string;
  /** Absent: the text takes the place of whatever is there. */
  readonly base?: BaseRevision;
}

/** The new revision, or everything that forbids one. Warnings come with a revision. */
export interface SavedDefinition {
  readonly saved?: { readonly environment: EnvironmentRecord; readonly revision: number };
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A principal gives an environment a new definition: its next revision.
 *
 * Promises: no secret of it is stored in the clear, a definition with an error changes nothing, and of many changes
 * of one revision exactly one is made; the others are told `conflict`.
 */
export const saveEnvironment = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  { text, base }: DefinitionChange,
): Promise<SavedDefinition> => {
  const { audit, environments, secrets } = parts;
  const trace = {
    kind: 'environment.update' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { environment: shownEnvironment(target) },
  };

  const environment = await recordRefusals(audit, trace, async () => {
    // 1. Who asks, for which environment, and is it still the one that the text was made of?
    const found = await findChangeable(parts, principal, organization, target, { level: 'write', to: 'change' });
    if (base && (base.environmentId !== found.id || base.number !== found.latest)) throw new Refusal('conflict');
    return found;
  });

  // 2. Does the definition mean something? Asked of the text as it came: that is what the places speak of.
  const { diagnostics } = await checkDefinition(parts, principal, organization, target, text);
  if (hasErrors(diagnostics)) return { diagnostics };

  // 3. From here on its secrets are ciphertexts, which open in this environment and nowhere else.
  const cipher = await secrets.of(environment.organization.id);
  const encrypted = encryptSecrets(text, (plaintext) => cipher.encrypt(environment.id, plaintext));
  if (hasErrors(encrypted.diagnostics)) return { diagnostics: [...diagnostics, ...encrypted.diagnostics] };
  const yaml = encrypted.text;
  await recordRefusals(audit, trace, () => mustFit(yaml));

  // 4. The trace, then the revision, where nobody else was faster.
  await audit.record({
    ...trace,
    outcome: 'granted',
    // The fingerprint proves, beside a definition, that this is the one.
    detail: { ...trace.detail, id: environment.id, replaces: environment.latest, definition: fingerprint(yaml) },
  });
  const change = { yaml, author: authorOf(principal), ...(base && { base: base.number }) };
  const revision = await recordRefusals(audit, trace, async () => {
    const made = await environments.update(environment, change);
    if (made === 'conflict') throw new Refusal('conflict');
    if (made === 'absent') throw new Refusal('environment_not_found', trace.detail);
    return made;
  });
  return { saved: { environment, revision }, diagnostics };
};
