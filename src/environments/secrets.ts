import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Sealer } from '../audit/key.ts';
import type { Store } from '../store/store.ts';
import type { Random } from '../system.ts';

/**
 * Encrypts the secrets that stand in the definitions of one organization's environments, and in the settings of its
 * stacks.
 *
 * `place` is the id of the environment, or `stack <id>`. A ciphertext opens in the place that it was made for and
 * nowhere else: copied into another definition it is worth nothing.
 */
export interface SecretCipher {
  encrypt(place: string, text: string): Uint8Array;
  /** `undefined` for what was made for another place, or by anybody else, or was changed. */
  decrypt(place: string, bytes: Uint8Array): string | undefined;
}

export interface EnvironmentSecrets {
  /** The organization's cipher. Whoever asks first makes its key; every replica gets the same one. */
  of(organizationId: string): Promise<SecretCipher>;
}

export interface EnvironmentSecretParts {
  readonly store: Store;
  readonly random: Random;
  readonly sealer: Sealer;
}

/** What a ciphertext begins with, so that another way to encrypt can be told from this one. */
const FORMAT = 1;
const KEY_BYTES = 32;
// NIST SP 800-38D, section 8.2.2: random nonces of 96 bits, for far less than 2^32 secrets under one key.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES;

/** The index of all organizations that have a key: no file knows those that are gone. */
export const ENVIRONMENT_KEYS = 'environment-keys';

/** Where the sealed key of an organization lies. */
export const environmentKeyKey = (organizationId: string): string => `environment-key/${organizationId}`;

/** What the key is sealed for. */
export const environmentKeyPurpose = (organizationId: string): string => `environment-key ${organizationId}`;

export const openEnvironmentSecrets = ({ store, random, sealer }: EnvironmentSecretParts): EnvironmentSecrets => {
  const makeKey = async (organizationId: string): Promise<void> => {
    const key = Buffer.from(random.bytes(KEY_BYTES)).toString('base64url');
    const sealed = await sealer.seal(environmentKeyPurpose(organizationId), key);
    // Listed first: a key that nobody can find could not be sealed anew.
    await store.add(ENVIRONMENT_KEYS, organizationId, 0);
    await store.create(environmentKeyKey(organizationId), sealed);
  };

  const of = async (organizationId: string): Promise<SecretCipher> => {
    const stored = await store.get(environmentKeyKey(organizationId));
    if (!stored) {
      await makeKey(organizationId);
      return of(organizationId);
    }
    const key = Buffer.from(await sealer.open(environmentKeyPurpose(organizationId), stored.value), 'base64url');
    return {
      encrypt: (place, text) => encrypt(key, random.bytes(NONCE_BYTES), place, text),
      decrypt: (place, bytes) => decrypt(key, place, bytes),
    };
  };
  return { of };
};

const encrypt = (key: Uint8Array, nonce: Uint8Array, place: string, text: string): Uint8Array => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(place));
  const body = [cipher.update(text, 'utf8'), cipher.final()];
  return Buffer.concat([Buffer.of(FORMAT), nonce, ...body, cipher.getAuthTag()]);
};

const decrypt = (key: Uint8Array, place: string, bytes: Uint8Array): string | undefined => {
  if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== FORMAT) return undefined;
  const nonce = bytes.subarray(1, HEAD_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(place));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const body = [decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()];
    return Buffer.concat(body).toString('utf8');
  } catch {
    return undefined;
  }
};

const boundTo = (place: string): Uint8Array => Buffer.from(`environment ${place}`);
