import { matchesName } from './names.ts';
import {
  type EnvironmentPermission,
  OPERATIONS,
  type Operation,
  type Organization,
  type Permission,
} from './organization.ts';

/** Who is calling, after authentication: always inside one organization. */
export interface Principal {
  readonly kind: 'personal' | 'team' | 'organization' | 'client' | 'runner';
  readonly organization: string;
  /** Login of the user, name of the team, client or runner pool, or the organization's name. */
  readonly name: string;
  /** Name given to the access token when it was made; for lists and audit records. */
  readonly tokenName: string;
  /** May do everything in the organization. */
  readonly administrator: boolean;
  readonly permissions: readonly Permission[];
  readonly environments: readonly EnvironmentPermission[];
}

/** What a stored access token says of its holder; the rest is read from the organization at each use. */
export interface Holder {
  readonly kind: Principal['kind'];
  readonly organization: string;
  /** Login, team name, client id, runner pool; for an organization token the organization's name. */
  readonly name: string;
  readonly tokenName: string;
  /** Organization tokens only: what the token was made with. */
  readonly administrator?: boolean;
  readonly roles?: readonly string[];
  /** Set when the token came out of an exchange. */
  readonly origin?: Origin;
}

/** Where an exchanged access token came from: it is worth nothing once its trusted issuer, or its run, is gone. */
export interface Origin {
  /** Id of the trusted issuer. */
  readonly issuer: string;
  /** Id of the decision that granted it. */
  readonly decision: string;
  /** Set when the subject token was issued to a run of ours: its id. */
  readonly run?: string;
}

/**
 * Turns the holder of an access token into a principal with today's rights.
 *
 * Rights are never stored in a personal, team or client token: taking a role away in the organization's
 * file takes effect on tokens that exist. `undefined`: the user, team or client is gone, so the token is worth nothing.
 */
export const principalOf = (holder: Holder, organization: Organization): Principal | undefined => {
  const rights = rightsOf(holder, organization);
  if (!rights) return undefined;
  const roles = organization.roles.filter((role) => rights.roles.includes(role.name));
  return {
    kind: holder.kind,
    organization: organization.name,
    name: holder.name,
    tokenName: holder.tokenName,
    administrator: rights.administrator,
    permissions: roles.flatMap((role) => role.permissions),
    environments: [...roles.flatMap((role) => role.environments), ...defaultOf(holder, organization)],
  };
};

/** The organization's default counts for its people and teams, not for machines. */
const defaultOf = ({ kind }: Holder, organization: Organization): readonly EnvironmentPermission[] =>
  kind === 'personal' || kind === 'team'
    ? [{ project: '*', environment: '*', access: organization.defaultEnvironmentAccess }]
    : [];

interface Rights {
  readonly administrator: boolean;
  readonly roles: readonly string[];
}

const rightsOf = (holder: Holder, organization: Organization): Rights | undefined => {
  switch (holder.kind) {
    case 'personal': {
      const user = organization.users.find((candidate) => candidate.login === holder.name);
      const ofTeams = organization.teams
        .filter((team) => team.members.includes(holder.name))
        .flatMap((team) => team.roles);
      return user && { administrator: user.administrator, roles: [...user.roles, ...ofTeams] };
    }
    case 'team': {
      const team = organization.teams.find((candidate) => candidate.name === holder.name);
      return team && { administrator: false, roles: team.roles };
    }
    case 'client': {
      const client = organization.clients.find((candidate) => candidate.id === holder.name);
      return client && { administrator: client.administrator, roles: client.roles };
    }
    case 'runner':
      return { administrator: false, roles: [] };
    case 'organization':
      return { administrator: holder.administrator ?? false, roles: holder.roles ?? [] };
  }
};

/** May this principal run `operation` on this stack? Organization administrators may do everything. */
export const mayRun = (
  principal: Principal,
  target: { readonly project: string; readonly stack: string; readonly operation: Operation },
): boolean =>
  principal.administrator ||
  principal.permissions.some(
    (permission) =>
      permission.operations.includes(target.operation) &&
      matchesName(permission.project, target.project) &&
      matchesName(permission.stack, target.stack),
  );

/** What this principal may run on this stack: who may run anything sees its settings, who may run everything changes them. */
export const operationsOf = (
  principal: Principal,
  stack: { readonly project: string; readonly stack: string },
): readonly Operation[] => OPERATIONS.filter((operation) => mayRun(principal, { ...stack, operation }));

/** As whom a principal opens environments: machines go by the organization's name. Contract section 2.1. */
export const actingFor = (
  principal: Pick<Principal, 'kind' | 'name' | 'organization'>,
): {
  readonly user: string;
  readonly token: { readonly type: 'personal' | 'team' | 'organization'; readonly team: string };
} => ({
  user: principal.kind === 'personal' ? principal.name : principal.organization,
  token: {
    type: principal.kind === 'personal' || principal.kind === 'team' ? principal.kind : 'organization',
    team: principal.kind === 'team' ? principal.name : '',
  },
});
