import { applyChanges, type Change } from '../edits.ts';
import type { RelyingParty } from '../recognise.ts';
import { isSafe } from '../safe.ts';
import { isUnusable, type OurSide, type Presented, type Reason, type TrustDocument, type Verdict } from '../verdict.ts';
import { type AwsSource, type AwsTrust, isAwsDocument, readAwsDocument, readSource } from './document.ts';
import { evaluateAws } from './evaluate.ts';
import { AWS_REASONS, type Finding } from './finding.ts';
import { lintAws } from './lint.ts';

/** Amazon Web Services: the trust policy of an IAM role, and the identity provider where it is handed over, too. */
export const AWS: RelyingParty = {
  name: 'aws',
  documents: 'the trust policy of an AWS role',
  recognises: isAwsDocument,
  read: (written) => {
    const trust = readAwsDocument(written);
    return isUnusable(trust) ? trust : awsDocument(trust);
  },
};

const awsDocument = (trust: AwsTrust): TrustDocument => ({
  evaluate: (presented, ours) => verdictOf(trust, presented, ours),
  admits: (presented) => admits(trust, presented).allowed,
});

const verdictOf = (trust: AwsTrust, presented: Presented, ours: OurSide): Verdict => {
  const { findings, assumptions: assumed } = evaluateAws(trust, presented);
  const reasons = explain(trust, findings, presented);
  const named = new Set(reasons.map(({ code, condition }) => `${code} ${condition}`));
  return {
    allowed: findings.length === 0,
    reasons,
    warnings: lintAws(trust, presented, ours).filter(({ code, condition }) => !named.has(`${code} ${condition}`)),
    assumptions: [...assumptions(trust, presented), ...assumed],
  };
};

const MOST_REASONS = 10;
const MOST_ROUNDS = 4;

/**
 * The reasons, with the proof whether their edits are safe, taken together.
 *
 * One mistake can hide another: a condition key with a scheme in it hides that its value is wrong. So the edits are
 * made, and what is found then belongs to the reasons, too.
 */
const explain = (trust: AwsTrust, first: readonly Finding[], presented: Presented): readonly Reason[] => {
  const all: Finding[] = [...first];
  let edited: AwsTrust | undefined = trust;
  let findings = first;
  for (let round = 0; round < MOST_ROUNDS && edited && findings.length > 0; round++) {
    edited = withEdits(edited, findings);
    findings = edited ? evaluateAws(edited, presented).findings : [];
    all.push(
      ...findings.filter(({ code, condition }) => !all.some((one) => one.code === code && one.condition === condition)),
    );
  }
  const safe = edited !== undefined && isSafe(admits, edited, presented, trust);
  return all.slice(0, MOST_REASONS).map(({ changes, ...reason }) => ({
    ...reason,
    edit: `${reason.edit} AWS answers ${AWS_REASONS[reason.code]}.`,
    safe: safe && changes.length > 0,
  }));
};

const admits = (trust: AwsTrust, presented: Presented): Pick<Verdict, 'allowed'> => ({
  allowed: evaluateAws(trust, presented).findings.length === 0,
});

/** A whole list of statements is written before what stands in it, and none is taken out before the others are changed. */
const inOrder = (changes: readonly Change[]): readonly Change[] => {
  const isWhole = ({ at }: Change): boolean => at.length === 2;
  const isGone = ({ at, value }: Change): boolean => value === undefined && typeof at.at(-1) === 'number';
  const rank = (change: Change): number => (isWhole(change) ? 0 : isGone(change) ? 2 : 1);
  return changes.toSorted(
    (left, right) => rank(left) - rank(right) || (isGone(left) ? Number(right.at.at(-1)) - Number(left.at.at(-1)) : 0),
  );
};

/** The document with all edits; `undefined` where AWS would not store it. */
const withEdits = ({ source }: AwsTrust, findings: readonly Finding[]): AwsTrust | undefined => {
  const changes = inOrder(findings.flatMap((finding) => finding.changes));
  const edited = readSource(applyChanges(source, changes) as AwsSource);
  return 'fault' in edited ? undefined : edited;
};

const assumptions = (trust: AwsTrust, presented: Presented): readonly string[] => {
  const said: string[] = [];
  if (trust.provider === undefined) {
    said.push(`An identity provider for ${presented.issuer} exists in the role’s account.`);
  }
  if (trust.provider?.clientIds === undefined) {
    said.push(`Its client ID list holds ${JSON.stringify(presented.claims['aud'])}.`);
  }
  if (presented.request?.durationSeconds !== undefined && trust.maxSessionSeconds === undefined) {
    said.push(`The role’s longest session is at least ${presented.request.durationSeconds} seconds.`);
  }
  return said;
};
