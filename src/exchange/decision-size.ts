import type { DefinitionTrace } from '../policy/policy.ts';
import type { Decision } from './decision.ts';

/** Bytes that one stored decision takes at most, and those of them that the account of the policy may take. */
const MAX_BYTES = 32 * 1024;
const MAX_DEFINITION_BYTES = 12 * 1024;

type Recorded = Omit<Decision, 'id'>;

/**
 * The JSON text of a decision, small enough to be stored, whatever a policy and a token held.
 *
 * Of the policy, those definitions go first that say least. Of the claims, the largest go, and are named in `omitted`
 * like the personal ones: a policy that is tried on this decision later must not take them for missing.
 */
export const writeDecision = (decision: Recorded): string => {
  const text = JSON.stringify(decision);
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;
  const { policy } = decision;
  return JSON.stringify(
    withoutLargestClaims({
      ...decision,
      ...(policy && { policy: { ...policy, definitions: mostTelling(policy.definitions) } }),
    }),
  );
};

const TELLING: readonly DefinitionTrace['result'][] = ['matched', 'unmatched', 'unselected'];

const mostTelling = (definitions: readonly DefinitionTrace[]): readonly DefinitionTrace[] => {
  let left = MAX_DEFINITION_BYTES;
  return TELLING.flatMap((result) => definitions.filter((definition) => definition.result === result))
    .filter((definition) => {
      left -= bytesOf(definition);
      return left >= 0;
    })
    .sort((one, other) => one.index - other.index);
};

const withoutLargestClaims = (decision: Recorded): Recorded => {
  const entries = Object.entries(decision.claims ?? {});
  const left = new Map(entries);
  let excess = bytesOf(decision) - MAX_BYTES + bytesOf({ omitted: [] });
  for (const [name, value] of entries.toSorted(([, one], [, other]) => bytesOf(other) - bytesOf(one))) {
    if (excess <= 0) break;
    left.delete(name);
    // The name stays, in the list.
    excess -= bytesOf(value);
  }
  if (left.size === entries.length) return decision;
  const cut = entries.map(([name]) => name).filter((name) => !left.has(name));
  return { ...decision, claims: Object.fromEntries(left), omitted: [...(decision.omitted ?? []), ...cut] };
};

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
