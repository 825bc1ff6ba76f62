import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, sign, verify } from 'node:crypto';
import type { Store } from '../store/store.ts';
import { canonical, hashOf } from './chain.ts';
import { damaged } from './places.ts';

/**
 * What seals the private half of the audit key at rest.
 *
 * The purpose is bound to what is sealed: it opens under the same purpose only.
 */
export interface Sealer {
  seal(purpose: string, plaintext: string): Promise<string>;
  open(purpose: string, sealed: string): Promise<string>;
}

/** The public half, as it stands in exported files: an Ed25519 JWK (RFC 8037), named by its thumbprint (RFC 7638). */
export interface PublicAuditKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
}

/** The installation's key for signing heads. It is in no key ring: whoever can mint tokens cannot rewrite their trace. */
export interface AuditKey extends PublicAuditKey {
  sign(text: string): string;
}

interface StoredKey extends PublicAuditKey {
  readonly sealed: string;
}

const KEY = 'audit-key';
const PURPOSE = 'audit-key';

/** Gives the installation's audit key; the first replica that asks makes it. */
export const openAuditKey = async (store: Store, sealer: Sealer): Promise<AuditKey> => {
  const stored = (await readKey(store))?.key ?? (await makeKey(store, sealer));
  const jwk = JSON.parse(await sealer.open(PURPOSE, stored.sealed)) as JsonWebKey;
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  if (publicHalf(createPublicKey(key).export({ format: 'jwk' })).kid !== stored.kid) throw damaged('audit key');
  const { kty, crv, x, kid } = stored;
  return { kty, crv, x, kid, sign: (text) => sign(null, Buffer.from(text), key).toString('base64url') };
};

/** The public half, for those who verify; `undefined` before the first head was signed. */
export const readAuditKey = async (store: Store): Promise<PublicAuditKey | undefined> => {
  const found = await readKey(store);
  if (!found) return undefined;
  const { kty, crv, x, kid } = found.key;
  return { kty, crv, x, kid };
};

/** Seals the private half again, under the sealing key that is now the first. False: there is no audit key yet. */
export const rewrapAuditKey = async (store: Store, sealer: Sealer): Promise<boolean> => {
  const found = await readKey(store);
  if (!found) return false;
  const sealed = await sealer.seal(PURPOSE, await sealer.open(PURPOSE, found.key.sealed));
  // Nothing but this function writes the key again: whoever was faster did the same.
  await store.replace(KEY, found.version, JSON.stringify({ ...found.key, sealed }));
  return true;
};

/** Did the owner of `key` sign `text`? False also for a key that does not bear its own name. */
export const isSigned = (text: string, signature: string, key: PublicAuditKey): boolean => {
  try {
    const jwk = { kty: key.kty, crv: key.crv, x: key.x };
    if (publicHalf(jwk).kid !== key.kid) return false;
    return verify(
      null,
      Buffer.from(text),
      createPublicKey({ key: jwk, format: 'jwk' }),
      Buffer.from(signature, 'base64url'),
    );
  } catch {
    return false;
  }
};

const makeKey = async (store: Store, sealer: Sealer): Promise<StoredKey> => {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const made: StoredKey = { ...publicHalf(jwk), sealed: await sealer.seal(PURPOSE, JSON.stringify(jwk)) };
  if (await store.create(KEY, JSON.stringify(made))) return made;
  const winner = await readKey(store);
  if (!winner) throw damaged('audit key');
  return winner.key;
};

const readKey = async (store: Store): Promise<{ readonly key: StoredKey; readonly version: number } | undefined> => {
  const stored = await store.get(KEY);
  if (!stored) return undefined;
  try {
    return { key: JSON.parse(stored.value) as StoredKey, version: stored.version };
  } catch (cause) {
    throw damaged('audit key', cause);
  }
};

const publicHalf = (jwk: JsonWebKey): PublicAuditKey => {
  const members = { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '' } as const;
  return { ...members, kid: hashOf(canonical(members)) };
};
