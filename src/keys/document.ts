import { thumbprintOf } from './jwk.ts';
import type { Ring, RingKey } from './ring.ts';

/** The store's ring is unusable: damaged, empty, or written by a version that we do not understand. Never served. */
export class RingError extends Error {
  override readonly name = 'RingError';
}

/** Key of an issuer's ring in the store. */
export const ringDocument = (name: string): string => `ring/${name}`;

export const ringText = (ring: Ring): string => JSON.stringify(ring);

const MEMBERS = { RSA: 'alg e kid kty n use', EC: 'alg crv kid kty use x y' } as const;
const ALGORITHM = { RSA: 'RS256', EC: 'ES256' } as const;
const TIMES = ['publishedAt', 'signFrom', 'signUntil', 'removeAt'] as const;

/**
 * Reads a ring, and refuses one that must not be served: no key, a key with any member too many (a private half
 * would be among them), a `kid` that is not the key's thumbprint, a key twice.
 *
 * Members that we do not know stay where they are, so that an older replica does not undo a newer one's work.
 */
export const parseRing = (text: string, name: string): Ring => {
  let ring: Ring;
  try {
    ring = JSON.parse(text) as Ring;
  } catch (cause) {
    throw new RingError(`the key ring ${name} is not JSON`, { cause });
  }
  const problem = problemWith(ring, name);
  if (problem) throw new RingError(`the key ring ${name} is unusable: ${problem}`);
  return ring;
};

const problemWith = (ring: Ring, name: string): string | undefined => {
  if (ring?.format !== 1) return `its format is ${String(ring?.format)}, and this version reads format 1`;
  if (ring.name !== name) return `it belongs to ${String(ring.name)}`;
  if (!Number.isSafeInteger(ring.gen) || ring.gen < 1) return 'its generation is not a number';
  if (ring.alg !== 'RS256' && ring.alg !== 'ES256') return 'its algorithm is unknown';
  if (!Array.isArray(ring.tombstones)) return 'its tombstones are missing';
  if (!Array.isArray(ring.keys) || ring.keys.length === 0) return 'it has no key';
  const kids = new Set<string>();
  for (const key of ring.keys as readonly RingKey[]) {
    const wrong = problemWithKey(key);
    if (wrong) return `key ${String(key?.kid)} ${wrong}`;
    if (kids.has(key.kid)) return `key ${key.kid} stands in it twice`;
    kids.add(key.kid);
  }
  return undefined;
};

const problemWithKey = (key: RingKey): string | undefined => {
  const jwk = key?.jwk;
  if (jwk?.kty !== 'RSA' && jwk?.kty !== 'EC') return 'is neither RSA nor EC';
  if (Object.keys(jwk).sort().join(' ') !== MEMBERS[jwk.kty]) return 'has other public members than it should';
  if (Object.values(jwk).some((value) => typeof value !== 'string')) return 'has a member that is not text';
  if (jwk.use !== 'sig' || jwk.alg !== ALGORITHM[jwk.kty] || key.alg !== jwk.alg) return 'is not for one algorithm';
  if (key.kid !== jwk.kid || key.kid !== thumbprintOf(jwk)) return 'is not named by its thumbprint';
  if (TIMES.some((time) => !Number.isSafeInteger(key[time]))) return 'has a time that is not whole seconds';
  if (key.sealed !== undefined && typeof key.sealed !== 'string') return 'has a private half that is not sealed';
  return undefined;
};
