import type { EpochSeconds } from '../system.ts';
import { canonical, type Link } from './chain.ts';
import { type AuditKey, isSigned, type PublicAuditKey } from './key.ts';
import { isDay, parseChainName } from './places.ts';

/**
 * How far one day of a chain had come when it was last signed.
 *
 * It vouches for the day's first record, by what stands before it, and for the newest, by its hash: so that
 * nobody who holds the store, but not the sealing key, can cut a chain or write it anew.
 */
export interface HeadClaims {
  /** See `chainName`. */
  readonly chain: string;
  readonly day: string;
  /** Number of the day's first record, and the hash of the record before that one. */
  readonly first: number;
  readonly prev: string;
  /** Number and hash of the newest record. */
  readonly seq: number;
  readonly hash: string;
  readonly keptUntil: EpochSeconds;
  readonly signedAt: EpochSeconds;
}

/** Signed: a flat object, so that the line in the log is the head itself. Ed25519 over the canonical JSON of the rest. */
export interface Head extends HeadClaims {
  readonly kid: string;
  readonly signature: string;
}

export const signHead = (claims: HeadClaims, key: AuditKey): Head => {
  const signed = { ...claims, kid: key.kid };
  return { ...signed, signature: key.sign(canonical(signed)) };
};

/** Reads a head from the store, an export or a line of the log, which has other fields too. `undefined`: it is none. */
export const readHead = (value: unknown): Head | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { chain, day, first, prev, seq, hash, keptUntil, signedAt, kid, signature } = value as Head;
  const texts = [chain, day, prev, hash, kid, signature];
  const numbers = [first, seq, keptUntil, signedAt];
  if (!texts.every((text) => typeof text === 'string') || !numbers.every(Number.isSafeInteger)) return undefined;
  if (!isDay(day)) return undefined;
  return { chain, day, first, prev, seq, hash, keptUntil, signedAt, kid, signature };
};

export const parseHead = (text: string): Head | undefined => {
  try {
    return readHead(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** Is this the head of a chain of `scope`, of a day from `since` to `until` (both included)? */
export const isWithin = ({ chain, day }: HeadClaims, scope: string, since: string, until: string): boolean =>
  parseChainName(chain)?.scope === scope && day >= since && day <= until;

/** Is the head signed by one of these keys? */
export const isGenuine = ({ signature, ...signed }: Head, keys: readonly PublicAuditKey[]): boolean =>
  keys.some((key) => isSigned(canonical(signed), signature, key));

/** What the head vouches for: the record before the day's first, and the newest. */
export const vouched = (head: Head): { readonly before: Link; readonly newest: Link } => ({
  before: { seq: head.first - 1, hash: head.prev },
  newest: { seq: head.seq, hash: head.hash },
});
