import { decide } from '../../policy/decide.ts';
import { lint } from '../../policy/lint.ts';
import type { Definition, DefinitionTrace, PolicyQuestion } from '../../policy/policy.ts';
import { reasonsOf, type Weighing } from '../denials.ts';
import type { RelyingParty } from '../recognise.ts';
import { whichIssuer } from '../subject-patterns.ts';
import type { OurSide, Presented, TrustDocument, Warning } from '../verdict.ts';
import { pathText } from '../written.ts';
import { faultOf, looksLikeOwn, type OwnTrust, ownTrust } from './document.ts';
import type { OwnDenial } from './reasons.ts';

/** Runpass itself: what an organization lets tokens of a trusted issuer be exchanged for. */
export const OWN: RelyingParty = {
  name: 'runpass',
  documents: 'the policies of an issuer that Runpass trusts',
  recognises: looksLikeOwn,
  read: (written) => faultOf(written) ?? documentOf(written.value),
};

const documentOf = (value: unknown): TrustDocument => ({
  admits: (presented, like = presented) =>
    ownDenials({ issuer: like.issuer, ...ownTrust(value, like.issuer) }, presented).length === 0,
  evaluate: (presented, ours) => {
    const { issuer } = presented;
    const weighing: Weighing<OwnTrust> = {
      model: (document) => ownTrust(document, issuer),
      denials: (trust, who) => ownDenials({ issuer, ...trust }, who),
    };
    const trust = ownTrust(value, issuer);
    const reasons = reasonsOf(weighing, value, presented);
    return {
      allowed: reasons.length === 0,
      reasons,
      warnings: warningsOf(trust, presented, ours),
      assumptions: trust.issuer === undefined ? [`The policy is that of the trusted issuer ${issuer}.`] : [],
    };
  },
});

const ownDenials = (
  { at, issuer, policy }: OwnTrust & { readonly issuer: string },
  presented: Presented,
): readonly OwnDenial[] => {
  const denials: OwnDenial[] = [];
  if (issuer !== presented.issuer) {
    const place = [...at.slice(0, -1), 'issuer'];
    denials.push({
      code: 'runpass_issuer_mismatch',
      condition: pathText(place),
      wanted: issuer,
      presented: presented.issuer,
      edit: `Write issuer: ${presented.issuer}.`,
      changes: [{ at: place, value: presented.issuer }],
    });
  }
  if (policy.mode === 'audit') {
    const place = [...at, 'mode'];
    denials.push({
      code: 'runpass_audit_only',
      condition: pathText(place),
      wanted: 'enforce',
      presented: 'audit',
      edit: 'Write mode: enforce; audit decides and records, and grants nothing.',
      changes: [{ at: place, value: 'enforce' }],
    });
  }
  const answers = questionsOf(policy.policies).map((question) => decide(policy, question, presented.claims));
  if (answers.some(({ outcome }) => outcome === 'allowed')) return denials;
  const denied = answers.find(({ outcome }) => outcome === 'denied');
  const decisive = denied
    ? ofDeny(at, denied.decidedBy[0] ?? 0)
    : nearestAllow(
        at,
        policy.policies,
        answers.flatMap(({ trace }) => trace),
        presented,
      );
  return [...denials, decisive];
};

/** Everything that the allows of a document are about: each kind of access token, for each name. */
const questionsOf = (definitions: readonly Definition[]): readonly PolicyQuestion[] =>
  definitions
    .filter(({ decision }) => decision === 'allow')
    .map(({ tokenType, teamName, userLogin, runnerID }) => {
      const name = teamName ?? userLogin ?? runnerID;
      // Some team that the pattern names.
      return { tokenType, admin: false, ...(name !== undefined && { name: name.replace(/[*?]/g, 'x') }) };
    });

const ofDeny = (at: OwnTrust['at'], index: number): OwnDenial => ({
  code: 'runpass_denied',
  condition: pathText([...at, 'policies', index]),
  wanted: 'no deny that matches',
  presented: 'a deny that matches',
  edit: `Narrow the rules of ${pathText([...at, 'policies', index])}: any deny that matches wins.`,
});

const nearestAllow = (
  at: OwnTrust['at'],
  definitions: readonly Definition[],
  trace: readonly DefinitionTrace[],
  { claims }: Presented,
): OwnDenial => {
  const met = ({ index, failure }: DefinitionTrace): number =>
    Object.keys(definitions[index]?.rules ?? {}).indexOf(failure?.claim ?? '');
  const [nearest] = trace
    .filter(({ decision, failure }) => decision === 'allow' && failure)
    .toSorted((left, right) => met(right) - met(left));
  if (!nearest?.failure) {
    return {
      code: 'runpass_nothing_allowed',
      condition: pathText([...at, 'policies']),
      wanted: 'an allow',
      presented: 'none',
      edit: `Write an allow with the rule sub: ${JSON.stringify(claims['sub'])}.`,
    };
  }
  const { claim, expected, presented } = nearest.failure;
  const rules = [...at, 'policies', nearest.index, 'rules'];
  const common = { condition: pathText([...rules, claim]), wanted: expected };
  if (presented === undefined) {
    return {
      ...common,
      code: 'runpass_claim_missing',
      presented: '',
      edit: `Take the rule on ${claim} out, and write the rule sub: ${JSON.stringify(claims['sub'])}.`,
      changes: [{ at: [...rules, claim] }, { at: [...rules, 'sub'], value: claims['sub'] }],
    };
  }
  const value = asRule(presented);
  const edit = `Write the rule ${claim}: ${JSON.stringify(value ?? presented)}.`;
  const changes = value === undefined ? {} : { changes: [{ at: [...rules, claim], value }] };
  return { ...common, code: 'runpass_rule_mismatch', presented: value ?? presented, edit, ...changes };
};

/** The rule that a claim meets exactly; `undefined` for lists and mappings, which are cut where they are shown. */
const asRule = (presented: string): string | undefined => {
  try {
    const value: unknown = JSON.parse(presented);
    return typeof value === 'string' ? value : typeof value === 'object' ? undefined : presented;
  } catch {
    return undefined;
  }
};

const warningsOf = (trust: OwnTrust, { issuer }: Presented, ours: OurSide): readonly Warning[] => {
  const which = whichIssuer(trust.issuer ?? issuer, ours);
  const linted = { issuer: trust.issuer ?? issuer, replay: trust.replay, ...(which && { ours: which }) };
  return lint(trust.policy, linted)
    .filter(({ reason }) => reason === undefined)
    .map(({ code, index, claim, message, suggestion }) => {
      const place = [...trust.at, ...(index === undefined ? [] : ['policies', index])];
      const whole = claim === undefined ? place : [...place, 'rules', claim];
      const text = suggestion === undefined ? message : `${message} Write ${suggestion}.`;
      return { code: `runpass_${code}`, condition: pathText(whole), text };
    });
};
