import { type EnvironmentTarget, hasAccess } from '../access/environments.ts';
import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import type { EnvironmentRecord } from '../environments/record.ts';
import { Refusal } from '../errors.ts';
import type { EnvironmentParts } from './environment-parts.ts';

/** What a story does with an environment: the least access that it takes, and the word for it in a refusal. */
export interface EnvironmentNeed {
  readonly level: 'read' | 'open' | 'write' | 'admin';
  /** As in "no role of yours lets you change the environment". */
  readonly to: string;
}

/** Longest name of an environment that there can be; nothing longer is shown or written down. */
const MAX_SHOWN = 201;

/** How refusals and audit records name an environment, also one that cannot exist. */
export const shownEnvironment = ({ project, name }: EnvironmentTarget): string =>
  `${project}/${name}`.slice(0, MAX_SHOWN);

/**
 * The environment that a principal asks for.
 *
 * Refuses one that is not there, and one that the principal may not even read: the two answers are the same. With
 * some access, but too little, it says so.
 */
export const findEnvironment = async (
  { directory, environments }: Pick<EnvironmentParts, 'directory' | 'environments'>,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  { level, to }: EnvironmentNeed,
): Promise<EnvironmentRecord> => {
  const environment = shownEnvironment(target);
  if (!hasAccess(principal, target, 'read')) throw new Refusal('environment_not_found', { environment });
  const owner = await directory.organization(organization.name, organization.id);
  const found = await environments.get({ organization: owner, project: target.project, name: target.name });
  if (!found) throw new Refusal('environment_not_found', { environment });
  if (!hasAccess(principal, target, level)) {
    throw new Refusal('environment_not_permitted', { environment, access: to });
  }
  return found;
};

/** The same for a change: refuses an environment that a file declares, too. */
export const findChangeable = async (
  parts: Pick<EnvironmentParts, 'directory' | 'environments'>,
  principal: Principal,
  organization: Organization,
  target: EnvironmentTarget,
  need: EnvironmentNeed,
): Promise<EnvironmentRecord> => {
  const environment = await findEnvironment(parts, principal, organization, target, need);
  if (environment.declared) {
    throw new Refusal('declared_in_file', { name: shownEnvironment(target), organization: organization.name });
  }
  return environment;
};
