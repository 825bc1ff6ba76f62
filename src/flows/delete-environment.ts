import type { EnvironmentTarget } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import type { EnvironmentParts } from './environment-parts.ts';
import { findChangeable, shownEnvironment } from './find-environment.ts';
import { documentsDetail, documentsNaming, holdName, type LeftBehind } from './hold-name.ts';
import { actorOf, recordRefusals } from './trace.ts';

/**
 * An environment ends, with its revisions and tags. Its id is never given again, so an environment of the same name
 * that comes later is another one, and no trust in this one covers it:
 * those who trust its name are told, and the name is held for a while.
 */
export const deleteEnvironment = async (
  parts: Pick<EnvironmentParts, 'audit' | 'directory' | 'environments' | 'trustDocuments'>,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
): Promise<LeftBehind> => {
  const { audit, environments } = parts;
  const trace = {
    kind: 'environment.delete' as const,
    organization: organization.name,
    actor: actorOf(principal),
    detail: { environment: shownEnvironment(target) },
  };

  // 1. Who asks, and for which environment?
  const environment = await recordRefusals(audit, trace, () =>
    findChangeable(parts, principal, organization, target, { level: 'admin', to: 'delete' }),
  );

  // 2. The trace, then the end of this very environment.
  const { id, latest, organization: owner, project, name } = environment;
  const held = { kind: 'environment', project, name } as const;
  const documents = await documentsNaming(parts, owner, held);
  const detail = { ...trace.detail, id, revisions: latest, ...documentsDetail(documents) };
  await audit.record({ ...trace, outcome: 'granted', detail });
  return recordRefusals(audit, trace, async () => {
    const left = await holdName(parts, owner, held, documents);
    if (!(await environments.delete(environment))) throw new Refusal('environment_not_found', trace.detail);
    return left;
  });
};
