import type { CheckedBy, TrustRequest } from './generated.ts';
import type { InputName } from './inputs.ts';
import type { OrganizationFacts } from './scope.ts';

/** Names of logins, which stand before the organization in the audience of environments on v1. Contract section 2.2. */
export const LOGINS: Readonly<Record<CheckedBy, string>> = {
  aws: 'aws',
  azure: 'azure',
  google: 'gcp',
  vault: 'vault',
  kubernetes: '',
};

/** The audience that tokens for this relying party have where nobody asks for another one. */
export const defaultAudience = (
  party: CheckedBy,
  { issuer, scope }: Pick<TrustRequest, 'issuer' | 'scope'>,
  { organization }: OrganizationFacts,
  input: (name: InputName) => string,
): string => {
  if (issuer === 'v1') {
    const login = scope.kind === 'environment' ? LOGINS[party] : '';
    return login === '' ? organization : `${login}:${organization}`;
  }
  switch (party) {
    case 'aws':
      return 'sts.amazonaws.com';
    case 'azure':
      return 'api://AzureADTokenExchange';
    case 'google':
      return `https://iam.googleapis.com/projects/${input('googleProjectNumber')}/locations/global/workloadIdentityPools/${input('googlePool')}/providers/${input('googleProvider')}`;
    case 'vault':
    case 'kubernetes':
      return `${party}:${organization}`;
  }
};
