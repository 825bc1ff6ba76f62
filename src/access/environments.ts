import { matchesName } from './names.ts';
import { ENVIRONMENT_LEVELS, type EnvironmentAccess } from './organization.ts';
import type { Principal } from './principal.ts';

/** An environment by its name; whether it exists does not matter here. */
export interface EnvironmentTarget {
  readonly project: string;
  readonly name: string;
}

/**
 * The most that this principal may do with an environment: the highest level that a role of its, or the
 * organization's default, gives. Organization administrators may do everything.
 *
 * `read` is to get and check the definition and its revisions, `open` to get its values, `write` to create and
 * change it, `admin` to delete it.
 */
export const accessTo = (
  principal: Pick<Principal, 'administrator' | 'environments'>,
  target: EnvironmentTarget,
): EnvironmentAccess => {
  if (principal.administrator) return 'admin';
  const held = principal.environments
    .filter(({ project, environment }) => matchesName(project, target.project) && matchesName(environment, target.name))
    .map(({ access }) => access);
  return ENVIRONMENT_LEVELS.findLast((level) => held.includes(level)) ?? 'none';
};

/** May this principal do what `level` stands for with the environment? */
export const hasAccess = (
  principal: Pick<Principal, 'administrator' | 'environments'>,
  target: EnvironmentTarget,
  level: Exclude<EnvironmentAccess, 'none'>,
): boolean => ENVIRONMENT_LEVELS.indexOf(accessTo(principal, target)) >= ENVIRONMENT_LEVELS.indexOf(level);
