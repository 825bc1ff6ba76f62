import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { Refusal } from '../errors.ts';
import { type HeldToken, presentHeld } from '../trust/held-token.ts';
import { type Recognised, recognise } from '../trust/recognise.ts';
import { isUnusable, type OurSide, type Presented, type Verdict } from '../trust/verdict.ts';
import type { RunIssuer } from './draft-for-run.ts';
import { type OurSideParts, ourSideOf } from './our-side.ts';
import { type Bearer, type PresentTokenParts, presentToken } from './present-token.ts';

export type ExplainTrustParts = PresentTokenParts & OurSideParts;

/** A document, and what its relying party would be shown. */
export type TrustQuestion = { readonly document: string } & (
  | (Bearer & {
      /** Absent: the issuer that the document names, else v1. */
      readonly issuer?: RunIssuer['name'];
      /** Absent: what the relying party is shown where nobody says otherwise. */
      readonly audience?: string;
    })
  /** A token that somebody holds: its claims and header, and never the token. */
  | HeldToken
);

export interface TrustExplanation extends Verdict {
  /** Whose document it is. */
  readonly party: Recognised['party'];
  readonly presented: Presented;
}

/**
 * Would this document admit that run, environment or token, and if not, why?
 *
 * Nothing is minted, recorded or asked of anybody: the document and what would be presented decide. Who may preview
 * the claims may ask; a token's claims are the caller's own.
 */
export const explainTrust = async (
  parts: ExplainTrustParts,
  principal: Principal,
  organization: Organization,
  question: TrustQuestion,
): Promise<TrustExplanation> => {
  // 1. Whose document is it?
  const { party, document } = readTrustDocument(question.document);

  // 2. What is presented, and by whose side is it held?
  const { presented, missing } =
    'claims' in question
      ? { presented: presentHeld(question), missing: NOTHING }
      : await presentToken(
          parts,
          parts.runIssuers[question.issuer ?? issuerNamedIn(question.document, parts.runIssuers)],
          principal,
          organization,
          party,
          question,
        );
  const ours = await ourSideOf(parts, principal, organization, question.document);

  // 3. What it says.
  const verdict = verdictOn(document, presented, ours, 'claims' in question);
  const assumptions = [...[...missing].map(assumeToCome), ...verdict.assumptions];
  return { party, presented, ...verdict, assumptions };
};

const NOTHING: ReadonlySet<string> = new Set();

const assumeToCome = (what: string): string =>
  `There is no ${what} yet: it is taken as if there were, with zeros where tokens of v2 will have its id.`;

const UNSIGNED = "The token's signature, its times and whether it was used before: it is taken at its word.";

/** The verdict; of a token that nobody verified it is said so. */
export const verdictOn = (
  document: Recognised['document'],
  presented: Presented,
  ours: OurSide,
  unverified: boolean,
): Verdict => {
  const { allowed, reasons, warnings, assumptions } = document.evaluate(presented, ours);
  return { allowed, reasons, warnings, assumptions: unverified ? [UNSIGNED, ...assumptions] : assumptions };
};

/** Reads a document, or refuses with the place that makes it unusable. */
export const readTrustDocument = (text: string): Recognised => {
  const read = recognise(text);
  if (!isUnusable(read)) return read;
  throw new Refusal('trust_document_unusable', { line: read.line, column: read.column, problem: read.problem });
};

/** The URL of v2 begins with that of v1, and documents write either with a scheme or without. */
const issuerNamedIn = (
  text: string,
  { v2 }: Readonly<Record<'v1' | 'v2', Pick<RunIssuer, 'url'>>>,
): RunIssuer['name'] => (text.includes(v2.url.replace(/^https?:\/\//, '')) ? 'v2' : 'v1');
