import { createPublicKey } from 'node:crypto';
import { isJsonObject } from '../strict-json.ts';
import { IssuerProblem, type VerificationKey } from './issuer-keys.ts';
import { keyProblem, type PublicJwk, readPublicKey } from './public-key.ts';
import { isSignature } from './signature.ts';
import type { SubjectTokenAlgorithm } from './verified-token.ts';

const MAX_KEYS = 100;

/**
 * Reads and imports the key set of an issuer: all of it, or nothing. RFC 7517, section 5.
 *
 * One key that is malformed, weak, private or symmetric, or a `kid` that two keys share, says that whoever made the
 * set did not know what they did: then no key of it counts. Keys for encryption, and those of kinds that nobody here
 * knows, are left out; a set without any other is refused, too. Throws `IssuerProblem`, naming key and member.
 */
export const importKeySet = async (jwks: unknown): Promise<readonly VerificationKey[]> => {
  if (!isJsonObject(jwks)) throw new IssuerProblem('The key set must be a JSON object.');
  const { keys } = jwks;
  if (!Array.isArray(keys)) throw new IssuerProblem('The key set has no list "keys".');
  if (keys.length > MAX_KEYS) throw new IssuerProblem(`The key set has more than ${MAX_KEYS} keys.`);

  const kids = new Map<string, number>();
  const usable: VerificationKey[] = [];
  for (const [index, jwk] of keys.entries()) {
    const read = readPublicKey(jwk, index);
    const { kid } = read;
    const other = kid === undefined ? undefined : kids.get(kid);
    if (other !== undefined) throw keyProblem(index, kid, 'kid', `is that of keys[${other}], too`);
    if (kid !== undefined) kids.set(kid, index);
    if (read.usable) usable.push(importKey(read.usable, kid, index));
  }
  if (usable.length === 0) throw new IssuerProblem('The key set has no key that can verify a signature.');
  return usable;
};

/** Node's own reader takes no EC point that is not on its curve. */
const importKey = (
  { algs, jwk }: { readonly algs: readonly SubjectTokenAlgorithm[]; readonly jwk: PublicJwk },
  kid: string | undefined,
  index: number,
): VerificationKey => {
  const key = (() => {
    try {
      return createPublicKey({ key: { ...jwk }, format: 'jwk' });
    } catch {
      throw keyProblem(index, kid, '', 'cannot be imported: it is no point of its curve, or no key at all');
    }
  })();
  return {
    ...(kid !== undefined && { kid }),
    algs,
    verify(alg, signed, signature) {
      if (!algs.includes(alg)) throw new Error(`this key is not for ${alg}`);
      return isSignature(alg, key, signed, signature);
    },
  };
};
