import { constants, type KeyObject, verify } from 'node:crypto';
import type { SubjectTokenAlgorithm } from './verified-token.ts';

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants;

/** What differs within a family is the hash alone. RFC 7518, sections 3.3 to 3.5: salts are as long as their hash. */
const FAMILIES = {
  RS: { padding: RSA_PKCS1_PADDING },
  PS: { padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST },
  ES: { dsaEncoding: 'ieee-p1363' },
} as const;

/**
 * Is this the signature of these bytes? The algorithm is the key's own, settled before anybody asks here.
 *
 * Node's own cryptography: see docs/decisions/0004. Ed25519 hashes by itself (RFC 8032); all else names its hash.
 */
export const isSignature = (
  alg: SubjectTokenAlgorithm,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean => {
  if (alg === 'EdDSA' || alg === 'Ed25519') return verify(null, signed, key, signature);
  const family = FAMILIES[alg.slice(0, 2) as keyof typeof FAMILIES];
  return verify(`sha${alg.slice(2)}`, signed, { key, ...family }, signature);
};
