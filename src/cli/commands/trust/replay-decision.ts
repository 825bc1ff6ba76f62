import { readClaimPath } from '../../../policy/claim-path.ts';
import { decide } from '../../../policy/decide.ts';
import type { Claims, Definition, PolicyDocument, Verdict } from '../../../policy/policy.ts';
import type { ShownDecision } from './print-decision.ts';

export type PolicyOutcome = Verdict['outcome'];

/** What a candidate document makes of a recorded decision. */
export type Replayed =
  /** The same as before; `reason`: refused by the policies before and after, but denied the one time, unmatched the other. */
  | { readonly kind: 'unchanged' | 'reason' }
  | {
      readonly kind: 'flip' | 'rights';
      readonly before: PolicyOutcome;
      readonly after: PolicyOutcome;
      /** Positions of the definitions that decided: in the document of then, and in the candidate. */
      readonly decidedBefore: readonly number[];
      readonly decidedAfter: readonly number[];
      readonly verdict: Verdict;
    }
  /** `not_weighed`: no policy was asked, because the token was not believed. `claim_omitted`: it hangs on a claim that was not kept. */
  | { readonly kind: 'untold'; readonly why: 'not_weighed' | 'claim_omitted' };

/**
 * Decides a recorded exchange again, under a candidate document.
 *
 * Compared is what the policies say, and nothing else: an exchange that they allowed and that was refused later for
 * another reason (`replayed`, `identity_changed`, `unknown_user`, `policy_audit`, …) was allowed. A flip is from
 * allowed to not allowed, or back; `rights`: granted both times, with other rights of an organization token.
 * Nothing is guessed: where claims that were not kept could make a difference, the answer is `untold`.
 */
export const replayDecision = (candidate: PolicyDocument, decision: ShownDecision): Replayed => {
  const { claims, policy, question, grant } = decision;
  if (!policy || !claims) return { kind: 'untold', why: 'not_weighed' };
  const before = outcomeBefore(decision);

  // 1. Every verdict that the claims which were not kept could lead to lies between these two.
  const omitted = new Set(decision.omitted);
  const [most, least] = (['allow', 'deny'] as const).map((favoured) =>
    decide(assume(candidate, omitted, favoured), question, claims as Claims),
  ) as [Verdict, Verdict];
  if (isAllowed(most.outcome) !== isAllowed(least.outcome)) return { kind: 'untold', why: 'claim_omitted' };

  // 2. What became of it? Of the two verdicts, the one that rests only on what is known.
  const verdict = isAllowed(least.outcome) ? least : most;
  if (isAllowed(before) !== isAllowed(verdict.outcome)) return { kind: 'flip', ...change(decision, before, verdict) };
  if (!isAllowed(before)) {
    return { kind: most.outcome === least.outcome && before !== verdict.outcome ? 'reason' : 'unchanged' };
  }
  if (!grant) return { kind: 'unchanged' };
  if (rightsKey(most) !== rightsKey(least)) return { kind: 'untold', why: 'claim_omitted' };
  if (rightsKey(grant) === rightsKey(verdict)) return { kind: 'unchanged' };
  return { kind: 'rights', ...change(decision, before, verdict) };
};

const isAllowed = (outcome: PolicyOutcome): boolean => outcome === 'allowed';

/** What the policies said then: whatever was looked at after them, they had allowed. */
const outcomeBefore = ({ code }: ShownDecision): PolicyOutcome => {
  if (code === 'policy_denied') return 'denied';
  return code === 'policy_unmatched' ? 'unmatched' : 'allowed';
};

const change = ({ policy }: ShownDecision, before: PolicyOutcome, verdict: Verdict) => ({
  before,
  after: verdict.outcome,
  decidedBefore: (policy?.definitions ?? [])
    .filter(({ result, decision }) => result === 'matched' && (decision === 'allow') === isAllowed(before))
    .map(({ index }) => index),
  decidedAfter: verdict.decidedBy,
  verdict,
});

/**
 * The document in which rules about omitted claims count as met where that favours `favoured`, and as failed where
 * not: a rule that is left out is met, a rule about a claim that is not there fails.
 */
const assume = (candidate: PolicyDocument, omitted: ReadonlySet<string>, favoured: Definition['decision']) =>
  omitted.size === 0
    ? candidate
    : {
        ...candidate,
        policies: candidate.policies.map((definition) =>
          definition.decision === favoured
            ? { ...definition, rules: Object.fromEntries(Object.entries(definition.rules).filter(isKept(omitted))) }
            : definition,
        ),
      };

const isKept =
  (omitted: ReadonlySet<string>) =>
  ([path]: readonly [string, string]): boolean => {
    const keys = readClaimPath(path);
    return 'problem' in keys || !omitted.has(keys[0] ?? '');
  };

const rightsKey = ({ administrator, roles }: Pick<Verdict, 'administrator' | 'roles'>): string =>
  JSON.stringify([administrator, [...new Set(roles)].sort()]);
