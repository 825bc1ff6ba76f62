import { deepFreeze } from '../documents.ts';
import { completeDeclaredIssuer } from '../issuers/complete.ts';
import type { ClientInFile, OrganizationFile } from './file.ts';
import { type Client, OPERATIONS, type Organization } from './organization.ts';

/** Turns a file that was found right into the organization that it declares: complete and frozen. */
export const completeOrganization = (file: OrganizationFile): Organization =>
  deepFreeze({
    name: file.name,
    ...(file.id !== undefined && { id: file.id }),
    users: (file.users ?? []).map(({ role, roles = [], ...user }) => ({
      ...user,
      administrator: role === 'administrator',
      roles,
    })),
    teams: (file.teams ?? []).map(({ members = [], roles = [], ...team }) => ({ ...team, members, roles })),
    roles: (file.roles ?? []).map(({ name, allow = [], environments = [] }) => ({
      name,
      permissions: allow.map(({ project, stack, operations }) => ({
        project,
        stack,
        operations: operations === 'all' ? OPERATIONS : operations,
      })),
      environments,
    })),
    defaultEnvironmentAccess: file.environments?.defaultAccess ?? 'none',
    clients: (file.clients ?? []).map(client),
    trustedIssuers: (file.trustedIssuers ?? []).map(completeDeclaredIssuer),
    subjects: (file.subjects ?? []).map(({ project = '*', stack = '*', components }) => ({
      project,
      stack,
      components,
    })),
  });

const client = ({ id, role, roles = [], secretHash, jwks }: ClientInFile): Client => ({
  id,
  administrator: role === 'administrator',
  roles,
  authentication:
    secretHash === undefined
      ? { method: 'private_key_jwt', jwks: jwks ?? { keys: [] } }
      : { method: 'secret', secretHash },
});
