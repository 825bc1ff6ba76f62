import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { PublicJwk, SigningAlgorithm } from './ring.ts';

/** A key pair that has just been made and has signed and verified a probe. */
export interface KeyPair {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly jwk: PublicJwk;
  readonly privateKey: KeyObject;
}

const generate = (alg: SigningAlgorithm): Promise<KeyObject> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject) =>
      error ? reject(error) : resolve(privateKey);
    if (alg === 'RS256') generateKeyPair('rsa', { modulusLength: 2048 }, done);
    else generateKeyPair('ec', { namedCurve: 'P-256' }, done);
  });

/**
 * Makes a key pair on another thread: RSA with 2048 bits for RS256, P-256 for ES256. RFC 7518, section 3.1.
 *
 * Rejects rather than give out a pair that cannot verify its own signature.
 */
export const generateKeys = async (alg: SigningAlgorithm): Promise<KeyPair> => {
  const privateKey = await generate(alg);
  const jwk = publicJwk(privateKey, alg);
  // One in 64; an operator who types such a name in an emergency would be told that it is no flag.
  if (jwk.kid.startsWith('-')) return generateKeys(alg);
  assertSigns(privateKey, jwk);
  return { kid: jwk.kid, alg, jwk, privateKey };
};

/** The public half of a key with exactly the members that every verifier accepts. */
const publicJwk = (key: KeyObject, alg: SigningAlgorithm): PublicJwk => {
  const { kty, n, e, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  if (alg === 'RS256' && kty === 'RSA' && n && e) {
    return { kty, use: 'sig', alg, kid: thumbprint({ e, kty, n }), n, e };
  }
  if (alg === 'ES256' && kty === 'EC' && crv === 'P-256' && x && y) {
    return { kty, use: 'sig', alg, kid: thumbprint({ crv, kty, x, y }), crv, x, y };
  }
  throw new Error(`this key cannot be used for ${alg}`);
};

/** SHA-256 thumbprint of a public key, base64url. RFC 7638, section 3. */
export const thumbprintOf = (jwk: PublicJwk): string =>
  jwk.kty === 'RSA'
    ? thumbprint({ e: jwk.e, kty: jwk.kty, n: jwk.n })
    : thumbprint({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });

/** Members in lexicographic order, no white space: RFC 7638, section 3.3. */
const thumbprint = (members: Readonly<Record<string, string>>): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('base64url');

/** The private half as text, to be sealed and nothing else. */
export const exportPrivate = (key: KeyObject): string => JSON.stringify(key.export({ format: 'jwk' }));

/** Reads a private half back; throws when it does not belong to `jwk` or does not sign. */
export const importPrivate = (text: string, jwk: PublicJwk): KeyObject => {
  const key = createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' });
  assertSigns(key, jwk);
  return key;
};

const PROBE = Buffer.from('runpass: does this key sign for its public half?');

const assertSigns = (privateKey: KeyObject, jwk: PublicJwk): void => {
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  if (!verify('sha256', PROBE, publicKey, sign('sha256', PROBE, privateKey))) {
    throw new Error(`the private half does not belong to key ${jwk.kid}`);
  }
};
