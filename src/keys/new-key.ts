import type { NewKey } from './change.ts';
import { exportPrivate, generateKeys } from './jwk.ts';
import type { SigningAlgorithm } from './ring.ts';
import { type SealingKeys, seal, signingKeyPurpose } from './seal.ts';

/** Makes a key pair for a ring and seals its private half; nothing is written, so an unused one just vanishes. */
export const makeKey = async (ring: string, alg: SigningAlgorithm, sealingKeys: SealingKeys): Promise<NewKey> => {
  const { kid, jwk, privateKey } = await generateKeys(alg);
  const sealed = await seal(sealingKeys, signingKeyPurpose(ring, kid), exportPrivate(privateKey));
  return { kid, alg, jwk, sealed };
};
