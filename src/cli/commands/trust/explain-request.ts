import type { TrustExplanation } from '../../../flows/explain-trust.ts';
import type { Surroundings } from '../../surroundings.ts';

/** What is told of an explanation, by the server or by this program. */
export type ToldExplanation = Omit<TrustExplanation, 'presented'> & {
  readonly presented: { readonly iss?: unknown; readonly sub?: unknown; readonly aud?: unknown };
};

/** Lets the server hold a document against what it would mint. */
export const askServer = async (
  around: Surroundings,
  given: string | undefined,
  question: object,
): Promise<ToldExplanation> => {
  const { apiPath, openClient } = await import('../../client.ts');
  const client = await openClient(around);
  const org = await client.organization(given);
  return client.post<ToldExplanation>(apiPath`/api/orgs/${org}/trust/explain`, question);
};
