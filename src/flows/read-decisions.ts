import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import type { Decision, DecisionFilter, Decisions } from '../exchange/decision.ts';
import { administratorsOnly } from './administrators-only.ts';

export interface ReadDecisionsParts {
  readonly decisions: Pick<Decisions, 'get' | 'list'>;
}

export interface DecisionPage {
  readonly decisions: readonly Decision[];
  /** Leads to the next page; absent on the last one. */
  readonly next?: string;
}

/** One decision, with everything that explains it: what the caller of the exchange was not told. */
export const getDecision = async (
  { decisions }: ReadDecisionsParts,
  principal: Principal,
  organization: string,
  id: string,
): Promise<Decision> => {
  administratorsOnly(principal, 'read decisions');
  const found = await decisions.get(organization, id);
  if (!found) throw new Refusal('decision_not_found', { decision: id });
  return found;
};

/** The decisions of an organization, newest first. For administrators only: who knows what policies ask for knows what to forge. */
export const listDecisions = async (
  { decisions }: ReadDecisionsParts,
  principal: Principal,
  organization: string,
  filter: DecisionFilter,
  page: { readonly after?: string; readonly count: number },
): Promise<DecisionPage> => {
  administratorsOnly(principal, 'read decisions');
  return decisions.list(organization, filter, page);
};
