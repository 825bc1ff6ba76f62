import type { EnvironmentTarget } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { encryptSecrets } from '../environments/syntax/secrets.ts';
import type { Diagnostic } from '../environments/values.ts';
import { Refusal } from '../errors.ts';
import { hasErrors } from './check-environment.ts';
import { createEnvironment } from './create-environment.ts';
import { authorOf, type EnvironmentParts } from './environment-parts.ts';
import { decryptDefinition } from './read-environments.ts';

export interface CloneRequest extends EnvironmentTarget {
  /** Revision or tag; absent: the newest revision. */
  readonly version?: string;
  /** Copies the environment's tags, too. */
  readonly withTags: boolean;
}

/**
 * A principal copies an environment: the definition of one revision and, where asked, the environment's tags.
 *
 * The copy has an id of its own, so its secrets are encrypted anew: that takes `open` on what is copied, and `write`
 * on the name of the copy. With an error in what comes back nothing was copied: the definition cannot be read.
 */
export const cloneEnvironment = async (
  parts: EnvironmentParts,
  principal: Principal,
  organization: Organization,
  source: EnvironmentTarget,
  { project, name, version, withTags }: CloneRequest,
): Promise<readonly Diagnostic[]> => {
  const { environments, secrets } = parts;

  // 1. What is copied, with its secrets in the clear.
  const original = await decryptDefinition(parts, principal, organization, source, version);
  if (hasErrors(original.diagnostics)) return original.diagnostics;

  // 2. A new environment, whose record says of which one it is a copy.
  const { environment, revision } = original;
  const from = { environment, revision };
  const created = await createEnvironment(parts, principal, organization, { project, name }, from);

  // 3. The definition, with secrets that open in the copy. It is not checked: it was, and may have lost an import since.
  const cipher = await secrets.of(created.organization.id);
  const encrypted = encryptSecrets(original.text, (plaintext) => cipher.encrypt(created.id, plaintext));
  const author = authorOf(principal);
  const change = { yaml: encrypted.text, base: created.latest, author };
  const made = original.text === '' ? created.latest : await environments.update(created, change);
  if (typeof made === 'string') throw new Refusal('conflict');

  // 4. Its tags.
  for (const { name: tag, value } of withTags ? await environments.tags.list(environment) : []) {
    await environments.tags.create(created, { name: tag, value, editor: author });
  }
  return [];
};
