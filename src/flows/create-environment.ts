import { type EnvironmentTarget, hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { checkNames } from '../environments/check-names.ts';
import type { EnvironmentRecord } from '../environments/record.ts';
import { Refusal } from '../errors.ts';
import { authorOf, type EnvironmentParts } from './environment-parts.ts';
import { shownEnvironment } from './find-environment.ts';
import { actorOf, recordRefusals } from './trace.ts';

export type CreateEnvironmentParts = Pick<EnvironmentParts, 'audit' | 'directory' | 'environments'>;

/** The revision that an environment is to be a copy of. */
export interface CloneSource {
  readonly environment: EnvironmentRecord;
  readonly revision: number;
}

/**
 * A principal makes an environment; its first revision is empty.
 *
 * `source` only stands in the audit record; copying is for the caller.
 */
export const createEnvironment = async (
  { audit, directory, environments }: CreateEnvironmentParts,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  source?: CloneSource,
): Promise<EnvironmentRecord> => {
  const environment = shownEnvironment(target);
  const trace = {
    kind: 'environment.create' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { environment, ...(source && describe(source)) },
  };

  const place = await recordRefusals(audit, trace, async () => {
    // 1. A name that can be, and that this principal may use. Asked first: whether it exists is not for everybody.
    checkNames(target);
    if (!hasAccess(principal, target, 'write')) {
      throw new Refusal('environment_not_permitted', { environment, access: 'create' });
    }

    // 2. Nobody has it yet.
    const owner = await directory.organization(organization.name, organization.id);
    const asked = { organization: owner, project: target.project, name: target.name };
    const existing = await environments.get(asked);
    if (existing?.declared) throw new Refusal('declared_in_file', { name: environment, organization: owner.name });
    if (existing) throw new Refusal('environment_exists', { environment });
    return asked;
  });

  // 3. The trace, then the environment, where nobody else was faster.
  await audit.record({ ...trace, outcome: 'granted' });
  return recordRefusals(audit, trace, async () => {
    const created = await environments.create(place, authorOf(principal));
    if (created === 'exists') throw new Refusal('environment_exists', { environment });
    if (created === 'too_many') throw new Refusal('limit_reached', { what: 'environments' });
    return created;
  });
};

const describe = ({ environment, revision }: CloneSource) => ({
  source: shownEnvironment(environment),
  sourceId: environment.id,
  sourceRevision: revision,
});
