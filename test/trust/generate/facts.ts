import type { Inputs } from '../../../src/trust/generate/inputs.ts';
import type { OrganizationFacts, StackFact } from '../../../src/trust/generate/scope.ts';
import { OURS } from '../presented.ts';

const id = (number: number): string => `11111111-1111-4111-8111-${String(number).padStart(12, '0')}`;

const PROJECTS = ['core', 'web', 'data.lake'];
const STACKS = ['dev', 'prod', 'prod-eu', 'prod-us', 'x'];

const stacks: readonly StackFact[] = PROJECTS.flatMap((project, at) =>
  STACKS.map((name, inside) => ({ project: { id: id(at), name: project }, id: id(100 + 10 * at + inside), name })),
);

/** An organization with three projects of five stacks each, whose tokens say everything. */
export const FACTS: OrganizationFacts = {
  ...OURS,
  known: {
    projects: PROJECTS,
    stacks: stacks.map(({ project, name }) => `${project.name}/${name}`),
    environments: ['core/aws', 'default/plain'],
  },
  organizationId: id(9000),
  claimNamespace: 'https://pulumi.com/',
  subjects: [],
  algorithms: { v1: 'RS256', v2: 'RS256' },
  stacks,
  environments: [
    { id: id(500), project: 'core', name: 'aws' },
    { id: id(501), project: 'default', name: 'plain' },
  ],
};

/** What every generator asks of the account. */
export const INPUTS: Inputs = {
  awsAccount: '123456789012',
  azureApp: '22222222-2222-4222-8222-222222222222',
  azureIdentity: 'deployer',
  azureGroup: 'platform',
  googleProject: 'contoso-infra',
  googleProjectNumber: '123456789',
  googleServiceAccount: 'deployer@contoso-infra.iam.gserviceaccount.com',
  vaultPolicies: 'deploy',
};
