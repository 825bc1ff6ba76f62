import { type EpochSeconds, type Random, readTime, writeTime } from '../system.ts';

/** What the id of a decision says: when it was recorded, and 64 random bits in hexadecimal. */
export interface DecisionMark {
  readonly at: EpochSeconds;
  readonly bits: string;
}

const RANDOM_BYTES = 8;
const FORM = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-([0-9a-f]{16})$/;

export const newMark = (at: EpochSeconds, random: Pick<Random, 'bytes'>): DecisionMark => ({
  at,
  bits: Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex'),
});

/**
 * `20261121093045-0123456789abcdef`: always as long, safe in a path and on a command line.
 *
 * It says nothing that the caller does not know. In particular it counts nothing: whether an organization exists, and
 * how much goes on there, is not to be read from the ids of refusals.
 */
export const decisionId = ({ at, bits }: DecisionMark): string => `${writeTime(at).replace(/\D/g, '')}-${bits}`;

/** Reads `decisionId` back; `undefined` for any other text. */
export const readDecisionId = (id: string): DecisionMark | undefined => {
  const [, year, month, day, hours, minutes, seconds, bits] = FORM.exec(id) ?? [];
  const at = readTime(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  return at === undefined || bits === undefined ? undefined : { at, bits };
};
