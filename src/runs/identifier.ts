import type { Clock, Random } from '../system.ts';

/**
 * An id for a run: a UUID whose text sorts by the time at which it was made. RFC 9562, section 5.7.
 *
 * Lists are ordered by second, then by id, so runs of one second stand in the order in which they started.
 */
export const newRunId = (clock: Clock, random: Random): string => {
  const bytes = Buffer.alloc(16);
  bytes.set(random.bytes(16));
  bytes.writeUIntBE(clock.nowMs(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** Could this be the id of a run? Whatever else a caller sends is no key of the store. */
export const looksLikeRunId = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** The secret that a run presents to ask for its tokens: 32 unpredictable bytes behind a telling prefix. */
export const newRequestToken = (random: Random): string =>
  REQUEST_TOKEN_PREFIX + Buffer.from(random.bytes(32)).toString('base64url');

const REQUEST_TOKEN_PREFIX = 'rpr_';

export const looksLikeRequestToken = (text: string): boolean => text.startsWith(REQUEST_TOKEN_PREFIX);
