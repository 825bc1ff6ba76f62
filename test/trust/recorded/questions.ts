import type { Presented } from '../../../src/trust/verdict.ts';
import { presentedBy } from '../presented.ts';
import type { Members } from './edited.ts';

/** A document of a relying party, and the token that it is shown. */
export interface Question {
  /** As somebody wrote it, in JSON or YAML. */
  readonly document: string;
  readonly claims: Members;
  readonly alg: string;
}

const { issuer, claims } = presentedBy();

export const ISSUER = issuer;
export const SUBJECT = String(claims['sub']);
export const CLAIMS: Members = claims;

/** When it is shown: `CLAIMS` were minted ten seconds before. */
export const NOW = 1_800_000_010;

export const presentedOf = ({ claims: given, alg }: Question): Presented => ({
  issuer: typeof given['iss'] === 'string' ? given['iss'] : '',
  claims: given,
  header: { alg, kid: 'k1' },
});

/** Begins the description of a difference that docs/relying-parties names. */
export const ON_PURPOSE = 'on purpose: ';
