import { crc32 } from 'node:zlib';
import { fingerprint, type Secret } from '../secret.ts';
import type { EpochSeconds, Random } from '../system.ts';
import type { Holder } from './principal.ts';

/** An access token as lists show it: never the token itself. */
export interface AccessTokenEntry {
  /** Names the token for `revoke`: the first 16 characters of its fingerprint. */
  readonly id: string;
  readonly holder: Holder;
  readonly created: EpochSeconds;
  readonly expires: EpochSeconds;
}

/** The access tokens that our own API accepts: opaque, expiring, revocable, stored only as hashes. */
export interface AccessTokens {
  /** Makes a token (`rpa_` and 40 base62 characters, the last six a checksum). */
  issue(holder: Holder, lifetime: number): Promise<{ readonly token: Secret; readonly entry: AccessTokenEntry }>;
  /** Who holds this token; `undefined` when it is unknown, malformed, revoked or expired. */
  holderOf(token: string): Promise<Holder | undefined>;
  list(organization: string): Promise<readonly AccessTokenEntry[]>;
  /** False when there is no such token. */
  revoke(organization: string, id: string): Promise<boolean>;
}

const PREFIX = 'rpa_';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORM = /^rpa_[0-9A-Za-z]{40}$/;
const RANDOM_CHARACTERS = 34;
const CHECKSUM_CHARACTERS = 6;
/** The largest multiple of 62 that a byte can reach: bytes from here on would favour the first characters. */
const UNBIASED = 248;

/**
 * A new access token: `rpa_`, 34 random characters (202 bits), then the CRC-32 of all that as six base62 digits.
 *
 * The checksum is no secret and proves nothing. It lets a scanner tell our tokens from other text, and lets a
 * mistyped or invented token be refused before the store is asked.
 */
export const newAccessToken = (random: Pick<Random, 'bytes'>): string => {
  let text = PREFIX;
  while (text.length < PREFIX.length + RANDOM_CHARACTERS) {
    for (const byte of random.bytes(RANDOM_CHARACTERS)) {
      if (byte < UNBIASED && text.length < PREFIX.length + RANDOM_CHARACTERS) text += BASE62[byte % BASE62.length];
    }
  }
  const token = text + checksum(text);
  // The token's id in lists is the beginning of its fingerprint; one that looks like a flag is hard to revoke.
  return fingerprint(token).startsWith('-') ? newAccessToken(random) : token;
};

/** Could this be one of our tokens? Says nothing about whether it is one. */
export const isAccessToken = (text: string): boolean =>
  FORM.test(text) && text.endsWith(checksum(text.slice(0, -CHECKSUM_CHARACTERS)));

const checksum = (text: string): string => {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECKSUM_CHARACTERS; place++) {
    digits = BASE62[rest % BASE62.length] + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
};
