import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import type { Random } from '../system.ts';

/** A key that seals secrets at rest. Its bytes leave this room only derived. */
export interface SealingKey {
  /** First 12 characters of a hash of the key: safe to print, log and store. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** The first one seals, all of them open. Never empty. */
export type SealingKeys = readonly [SealingKey, ...SealingKey[]];

/** Why a sealed text stays closed, or a sealing key is no good. */
export class SealingError extends Error {
  override readonly name = 'SealingError';
  readonly kind: 'unusable_key' | 'unknown_key' | 'tampered' | 'wrong_purpose';

  constructor(kind: SealingError['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** With `dir` the key is shared already. RFC 7518, section 4.5. */
const NO_ENCRYPTED_KEY = '';

/** The key that the documentation shows. Anybody knows it, so it seals nothing. */
export const EXAMPLE_SEALING_KEY = 'ZXhhbXBsZS1zZWFsaW5nLWtleS1kby1ub3QtdXNlISE';

/**
 * Reads a sealing key file: one base64url key of 32 bytes per line, the newest first; `#` starts a comment.
 *
 * Throws a `SealingError` that names the line, never the key.
 */
export const parseSealingKeys = (text: string): SealingKeys => {
  const keys: SealingKey[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const problem = problemWithKey(line);
    if (problem) throw new SealingError('unusable_key', `line ${index + 1} of the sealing key file ${problem}`);
    const key = sealingKey(Buffer.from(line, 'base64url'));
    if (!keys.some(({ id }) => id === key.id)) keys.push(key);
  }
  const [first, ...rest] = keys;
  if (!first)
    throw new SealingError('unusable_key', 'the sealing key file holds no key; "runpass keys init" makes one');
  return [first, ...rest];
};

const problemWithKey = (line: string): string | undefined => {
  const bytes = Buffer.from(line, 'base64url');
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(line) || bytes.length !== KEY_BYTES) {
    return `is not a key: expected ${KEY_BYTES} random bytes in base64url (43 characters)`;
  }
  if (line.startsWith(EXAMPLE_SEALING_KEY))
    return 'is the example of the documentation; "runpass keys init" makes a real one';
  if (new Set(bytes).size < 8) return 'is not random: it repeats a few bytes; "runpass keys init" makes a real one';
  return undefined;
};

const sealingKey = (bytes: Uint8Array): SealingKey => ({
  id: createHash('sha256').update('runpass sealing key id').update(bytes).digest('base64url').slice(0, 12),
  bytes,
});

/** A new sealing key as a line of the file. */
export const newSealingKey = (random: Random): string => Buffer.from(random.bytes(KEY_BYTES)).toString('base64url');

/** What signing keys are sealed for: a text moved to another ring or key does not open. */
export const signingKeyPurpose = (ring: string, kid: string): string => `signing-key ${ring} ${kid}`;

/**
 * Seals a text for one purpose with the first key: JWE compact, `dir` and A256GCM. RFC 7516, RFC 7518 section 5.3.
 *
 * The purpose and the sealing key's id stand in the protected header, so neither can be changed unnoticed. Node's own
 * cipher seals, jose opens: the way through WebCrypto costs ten times as much for a text of some size. The nonce is not
 * handed in like other randomness: one that comes twice gives everything away.
 */
export const seal = async (keys: SealingKeys, purpose: string, text: string): Promise<string> => {
  const [{ id: kid, bytes }] = keys;
  const header = base64url(Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid, purpose })));
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(header));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [header, NO_ENCRYPTED_KEY, base64url(nonce), base64url(body), base64url(cipher.getAuthTag())].join('.');
};

const base64url = (bytes: Buffer): string => bytes.toString('base64url');

/** Opens what was sealed for exactly this purpose; otherwise throws a `SealingError` without any part of the text. */
export const open = async (keys: SealingKeys, purpose: string, sealed: string): Promise<string> => {
  const { id, purpose: bound } = headerOf(sealed);
  const key = keys.find((candidate) => candidate.id === id);
  if (!key) {
    const ours = keys.map((candidate) => candidate.id).join(', ');
    throw new SealingError('unknown_key', `it is sealed with key ${id}, but the sealing key file holds ${ours}`);
  }
  if (bound !== purpose) throw new SealingError('wrong_purpose', 'it was sealed for another purpose');
  try {
    const { plaintext } = await compactDecrypt(sealed, key.bytes, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
  } catch (cause) {
    throw new SealingError('tampered', 'its seal is broken', { cause });
  }
};

/** Seals a text anew with the first key; gives the same text back where that has been done. */
export const rewrap = async (keys: SealingKeys, purpose: string, sealed: string): Promise<string> =>
  sealedWith(sealed) === keys[0].id ? sealed : seal(keys, purpose, await open(keys, purpose, sealed));

/** Id of the key that a text is sealed with. */
export const sealedWith = (sealed: string): string => headerOf(sealed).id;

const headerOf = (sealed: string): { readonly id: string; readonly purpose: unknown } => {
  try {
    const { kid, purpose } = decodeProtectedHeader(sealed);
    if (typeof kid === 'string') return { id: kid, purpose };
  } catch (cause) {
    throw new SealingError('tampered', 'it is not a sealed text', { cause });
  }
  throw new SealingError('tampered', 'it does not say which key seals it');
};

/** A key of its own for one purpose, derived from a sealing key. RFC 5869. */
export const deriveKey = (key: SealingKey, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', key.bytes, new Uint8Array(), `runpass ${purpose}`, KEY_BYTES));
