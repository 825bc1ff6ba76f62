import type { Organization } from '../../access/organization.ts';
import type { Principal } from '../../access/principal.ts';
import type { ApiDoor } from './api.ts';

/** `/api/user` and its neighbours: who the caller is, in the form that stock command lines read. Contract section 5.2. */
export const addUserRoutes = (door: ApiDoor): void => {
  door.get('/api/user', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    ctx.body = showUser(principal, organization);
  });
  door.get('/api/user/organizations/default', async (ctx) => {
    const { organization } = await door.caller(ctx);
    ctx.body = { GitHubLogin: organization.name, Messages: [] };
  });
  door.get('/api/capabilities', (ctx) => {
    ctx.body = { capabilities: [] };
  });
};

const showUser = (principal: Principal, organization: Organization) => {
  const user =
    principal.kind === 'personal' ? organization.users.find(({ login }) => login === principal.name) : undefined;
  const login = user?.login ?? organization.name;
  const role = principal.administrator ? 'admin' : 'member';
  return {
    id: user?.id ?? login,
    githubLogin: login,
    name: user?.name ?? login,
    email: user?.email ?? '',
    avatarUrl: '',
    organizations: [{ githubLogin: organization.name, name: organization.name, avatarUrl: '', role }],
    identities: [],
    hasMFA: false,
    isOrgManaged: false,
    isManagedByMultiOrg: false,
    ...(!user && {
      tokenInfo: {
        name: principal.tokenName,
        organization: organization.name,
        team: principal.kind === 'team' ? principal.name : '',
      },
    }),
  };
};
