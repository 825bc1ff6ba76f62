import { isNumberText } from '../values.ts';
import { EVALUATION_LIMITS } from './limits.ts';
import { type Facts, type List, membersOf, type ObjectValue, unknownBelow, type Value } from './value.ts';

const NOTHING: ReadonlySet<string> = new Set();
/** Far beyond every limit: sums stop here, so that they stay exact below it. */
const PLENTY = 16 * EVALUATION_LIMITS.outputBytes;

/** Takes time in proportion to the distinct values: a value that is shared a million times is looked at once. */
export const factsOf = (value: Value): Facts => {
  if (value.kind === 'unknown') {
    return { hasUnknowns: true, hasSecrets: value.secret, awaits: value.awaits, nodes: 1, bytes: 11 };
  }
  if (value.kind === 'scalar') {
    const bytes = sizeOf(value.content);
    return { hasUnknowns: false, hasSecrets: value.secret, awaits: NOTHING, nodes: 1, bytes };
  }
  value.found.facts ??= findFacts(value);
  const { facts } = value.found;
  return value.secret && !facts.hasSecrets ? { ...facts, hasSecrets: true } : facts;
};

const findFacts = (value: List | ObjectValue): Facts => {
  let hasUnknowns = false;
  let hasSecrets = false;
  let [nodes, bytes] = [1, 2];
  let awaits = NOTHING;
  const take = (member: Value, more: number): void => {
    const facts = factsOf(member);
    hasUnknowns ||= facts.hasUnknowns;
    hasSecrets ||= facts.hasSecrets;
    nodes = Math.min(PLENTY, nodes + facts.nodes);
    bytes = Math.min(PLENTY, bytes + facts.bytes + more);
    awaits = union(awaits, facts.awaits);
  };
  if (value.kind === 'list') for (const item of value.content) take(item, 1);
  else {
    for (const [key, member] of membersOf(value)) take(member, key.length + 4);
    // Members that a call will bring are waited for. Of what stays unknown nobody will ever know the members.
    const pending = unknownBelow(value)?.awaits ?? NOTHING;
    hasUnknowns ||= pending.size > 0;
    awaits = union(awaits, pending);
  }
  return { hasUnknowns, hasSecrets, awaits, nodes, bytes };
};

const sizeOf = (content: unknown): number => {
  if (typeof content === 'string') return content.length + 2;
  return isNumberText(content) ? content.number.length : 5;
};

const union = (left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> => {
  if (right.size === 0 || left === right) return left;
  return left.size === 0 ? right : left.union(right);
};

/** The calls that any of the values waits for. */
export const awaitsOf = (values: readonly Value[]): ReadonlySet<string> => {
  let awaits = NOTHING;
  for (const value of values) awaits = union(awaits, factsOf(value).awaits);
  return awaits;
};
