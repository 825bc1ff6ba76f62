import type { Cases } from './generate/cases.ts';
import type { Context } from './generate/contexts.ts';
import { mutations } from './mutations.ts';
import type { OurSide, Presented, TrustDocument, Warning } from './verdict.ts';

/** Something that a document does and should not. */
export interface ProofFinding {
  /** `not_admitted`, `admits_other_<field>`, or the code of a warning. */
  readonly rule: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly text: string;
  /** Where in the document, where that is known. */
  readonly condition?: string;
}

export interface Proof {
  /** No finding is an error. */
  readonly proved: boolean;
  /** Contexts that are admitted, by their names. */
  readonly admitted: readonly string[];
  /** How many contexts beyond them were seen to be refused. */
  readonly refused: number;
  readonly findings: readonly ProofFinding[];
}

/** How much of a token the relying party can see. AWS and Entra see the subject, the audience and the issuer. */
export type Sees = 'subject' | 'claims';

/** From so many contexts, audiences and issuers are changed. */
const MOST_CHANGED = 12;

/**
 * Is a document right for a scope: does it admit everybody in it, and nobody beyond?
 *
 * Who has the same token as somebody in scope, as far as the relying party sees it, cannot be kept out by any
 * document: that is a warning, and the organization's subject rules are to blame.
 */
export const proveDocument = (document: TrustDocument, cases: Cases, ours: OurSide, sees: Sees): Proof => {
  const { within, beyond } = cases;
  const refusedWithin = within.filter(({ presented }) => !document.admits(presented));
  const findings: ProofFinding[] = [];
  for (const { name, presented } of refusedWithin.slice(0, MOST_OF_A_RULE)) {
    const [cause] = document.evaluate(presented, ours).reasons;
    const text = `It refuses ${name}: ${cause?.code ?? ''}. ${cause?.edit ?? ''}`;
    findings.push({ rule: 'not_admitted', level: 'error', text, ...(cause && { condition: cause.condition }) });
  }
  const like = within[0]?.presented;
  const seen = new Set(within.map(({ presented }) => visible(presented)));
  const wrong = beyond.filter(({ presented }) => document.admits(presented, like));
  for (const { field, name, presented } of wrong) {
    const isSame = sees === 'subject' && seen.has(visible(presented));
    findings.push({
      rule: `admits_other_${field.replaceAll(' ', '_')}`,
      level: isSame ? 'warning' : 'error',
      text: isSame
        ? `${name} gets in, too: its subject is the same, as the organization's rules leave the ${field} out of it (docs/organizations.md).`
        : `It admits ${name}, which is beyond the scope: another ${field}.`,
    });
  }
  const elsewhere = within.slice(0, MOST_CHANGED).flatMap(ofOthers);
  const leaking = elsewhere.filter(({ presented }) => document.admits(presented, like));
  for (const { field, presented } of leaking) {
    const value = String(presented.claims[field === 'issuer' ? 'iss' : 'aud']);
    findings.push({
      rule: `admits_other_${field}`,
      level: 'error',
      text: `It admits tokens of the ${field} ${value}.`,
    });
  }
  if (like) findings.push(...asFindings(document.evaluate(like, ours).warnings));
  const few = onePerRule(findings);
  return {
    proved: findings.every(({ level }) => level !== 'error'),
    admitted: within.filter((each) => !refusedWithin.includes(each)).map(({ name }) => name),
    refused: beyond.length + elsewhere.length - wrong.length - leaking.length,
    findings: few,
  };
};

/** What AWS and Entra see of a token. */
const visible = ({ claims: { iss, sub, aud } }: Presented): string => JSON.stringify([iss, sub, aud]);

const ofOthers = ({ presented }: Context) =>
  mutations(presented).filter(({ field }) => field === 'audience' || field === 'issuer');

const asFindings = (warnings: readonly Warning[]): readonly ProofFinding[] =>
  warnings.map(({ code, condition, text }) => ({ rule: code, level: 'warning', text, condition }));

const MOST_OF_A_RULE = 3;

/** A document that is wide open is wrong in a hundred ways: the first of each kind say enough. */
const onePerRule = (findings: readonly ProofFinding[]): readonly ProofFinding[] =>
  findings.filter(
    ({ rule, level }, at) =>
      findings.slice(0, at).filter((other) => other.rule === rule && other.level === level).length < MOST_OF_A_RULE,
  );
