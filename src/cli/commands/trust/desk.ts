import type { DefinitionInFile } from '../../../policy/file.ts';
import type { Dialect, LintFinding, PolicyMode } from '../../../policy/policy.ts';
import type { Client } from '../../client.ts';
import { CommandFailure, failed } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';

/** A trusted issuer as the API shows it. Contract section 3.1, and what we add to it. */
export interface ShownIssuer {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly issuer: string;
  readonly thumbprints?: readonly string[];
  readonly jwks?: unknown;
  readonly maxExpiration?: number;
  readonly replay?: string;
  readonly capToSubjectToken?: boolean;
  readonly maxTokenAge?: number;
  readonly created?: string;
  readonly modified?: string;
  readonly lastUsed?: string;
  readonly readOnly?: boolean;
}

/** A policy document as the API shows it. */
export interface ShownPolicy {
  readonly id: string;
  readonly version: number;
  readonly created?: string;
  readonly modified?: string;
  readonly dialect: Dialect;
  readonly mode: PolicyMode;
  readonly policies: readonly DefinitionInFile[];
  readonly findings: readonly LintFinding[];
}

/** One organization's trust, as an administrator's command works on it. */
export interface TrustDesk {
  readonly client: Client;
  readonly org: string;
  /** `given`: an id, or a name that no two have. Throws when there is none. */
  findIssuer(given: string): Promise<ShownIssuer>;
  listIssuers(): Promise<readonly ShownIssuer[]>;
  policyOf(issuer: Pick<ShownIssuer, 'id'>): Promise<ShownPolicy>;
}

export const openTrustDesk = async (around: Surroundings, given: string | undefined): Promise<TrustDesk> => {
  const { apiPath, openClient } = await import('../../client.ts');
  const client = await openClient(around);
  const org = await client.organization(given);
  const listIssuers = async () => {
    const answer = await client.get<{ oidcIssuers: readonly ShownIssuer[] }>(apiPath`/api/orgs/${org}/oidc/issuers`);
    return answer.oidcIssuers;
  };
  return {
    client,
    org,
    listIssuers,
    findIssuer: async (wanted) => choose(org, wanted, await listIssuers()),
    policyOf: ({ id }) => client.get<ShownPolicy>(apiPath`/api/orgs/${org}/auth/policies/oidcissuers/${id}`),
  };
};

const choose = (org: string, wanted: string, issuers: readonly ShownIssuer[]): ShownIssuer => {
  const byId = issuers.find(({ id }) => id === wanted);
  if (byId) return byId;
  const [found, ...others] = issuers.filter(({ name }) => name === wanted);
  if (found && others.length === 0) return found;
  if (found) throw failed(`${others.length + 1} trusted issuers are named "${wanted}".`, 'name the one by its id');
  throw new CommandFailure(1, `Organization ${org} has no trusted issuer "${wanted}".`, {
    code: 'trusted_issuer_not_found',
    hint: 'list them: runpass trust issuer list',
  });
};
