import { factsOf } from './facts.ts';
import { EVALUATION_LIMITS, LimitReached } from './limits.ts';
import { type Run, reportLimit } from './run.ts';
import { membersOf, object, unknown, type Value } from './value.ts';

/**
 * The value, if its tree may be written down; else with its largest members unknown, and a problem with the largest.
 * Sharing makes trees cheap that nobody could write: thirty references can mean a billion values.
 */
export const limitOutput = (run: Run, value: Value): Value => {
  if (fits(value)) return value;
  const members = new Map(membersOf(value));
  const largestFirst = [...members].sort(([, left], [, right]) => factsOf(right).bytes - factsOf(left).bytes);
  const origin = (largestFirst[0]?.[1] ?? value).origin;
  const { outputNodes, outputBytes } = EVALUATION_LIMITS;
  const problem = `the environment has more than ${outputNodes} values or ${outputBytes / 1024 / 1024} MiB`;
  reportLimit(run, new LimitReached(problem), origin.source, origin.at);
  for (const [key, member] of largestFirst) {
    members.set(key, unknown(member.origin, true));
    // A map of its own for each try: what is known about a value is known by its content.
    const rest = object(value.origin, new Map(members));
    if (fits(rest)) return rest;
  }
  return unknown(value.origin, true);
};

const fits = (value: Value): boolean => {
  const { nodes, bytes } = factsOf(value);
  return nodes <= EVALUATION_LIMITS.outputNodes && bytes <= EVALUATION_LIMITS.outputBytes;
};
