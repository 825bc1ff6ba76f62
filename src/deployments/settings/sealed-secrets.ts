import type { SecretCipher } from '../../environments/secrets.ts';
import type { FieldProblem } from './cloud-settings.ts';
import { isObject } from './fields.ts';
import type { JsonObject } from './merge-patch.ts';

/** Encrypts what stands in the settings of one stack: a ciphertext opens there and nowhere else. */
export interface StackCipher {
  encrypt(text: string): string;
  /** `undefined` for what was made for another stack, or by anybody else, or was changed. */
  decrypt(ciphertext: string): string | undefined;
}

/** The organization's cipher, for the settings of one of its stacks. */
export const stackCipher = (cipher: SecretCipher, stackId: string): StackCipher => ({
  encrypt: (text) => Buffer.from(cipher.encrypt(`stack ${stackId}`, text)).toString('base64'),
  decrypt: (ciphertext) => cipher.decrypt(`stack ${stackId}`, Buffer.from(ciphertext, 'base64')),
});

/** A secret as it is stored; in requests it may be `{secret}`, too. */
interface Sealed {
  readonly ciphertext: string;
}

/** Members that hold a secret whatever form they are written in: a token of Git is never public. */
const ALWAYS_SECRET: ReadonlySet<string> = new Set(['accessToken', 'sshPrivateKey', 'password']);
const SECRET_MEMBERS: ReadonlySet<string> = new Set(['secret', 'ciphertext', 'plaintext']);

/**
 * The same settings with every `{secret}` sealed, so that they may be stored; or what is wrong with those.
 *
 * Every place of the contract that takes a secret value is looked at: `environmentVariables`, and what stands in
 * `gitAuth` and `credentials`. What is sealed already must have been sealed for this stack.
 */
export const sealSecrets = (
  json: JsonObject,
  cipher: StackCipher,
): { readonly sealed: JsonObject } | { readonly problems: readonly FieldProblem[] } => {
  const problems: FieldProblem[] = [];
  const seal = (value: JsonObject, path: string): unknown => {
    const { secret, ciphertext, plaintext } = value;
    if (typeof secret === 'string' && secret !== '') return { ciphertext: cipher.encrypt(secret) };
    // The published schema makes a list of what is one text.
    const given: unknown = Array.isArray(ciphertext) && ciphertext.length === 1 ? ciphertext[0] : ciphertext;
    if (typeof given === 'string' && cipher.decrypt(given) !== undefined) return { ciphertext: given };
    if (typeof plaintext === 'string' && given === undefined) return plaintext;
    const problem =
      given === undefined
        ? 'send the value as "secret", or a "ciphertext" of this stack'
        : 'this ciphertext was not made for this stack';
    problems.push({ path, kind: 'invalid', problem });
    return value;
  };
  const sealed = mapSecrets(json, '', (value, path, always) => {
    if (typeof value === 'string') return always && value !== '' ? { ciphertext: cipher.encrypt(value) } : value;
    return seal(value, path);
  }) as JsonObject;
  return problems.length > 0 ? { problems } : { sealed };
};

/** Settings as they are answered: never a secret, and a ciphertext only for those who could have written it. */
export const showSecrets = (json: JsonObject, withCiphertexts: boolean): JsonObject =>
  mapSecrets(json, '', (value) => {
    if (typeof value === 'string') return value;
    // Clients of the contract take what has a member "secret" for one.
    return withCiphertexts ? { secret: '', ciphertext: value.ciphertext } : { secret: '' };
  }) as JsonObject;

/** A stored value in the clear, for whoever runs with it; `undefined` where it cannot be opened. */
export const openSecret = (value: string | Sealed, cipher: StackCipher): string | undefined =>
  typeof value === 'string' ? value : cipher.decrypt(value.ciphertext);

/** Maps every value that may be a secret: `always` where also a plain text is one. */
const mapSecrets = (
  value: unknown,
  path: string,
  map: (value: string | (JsonObject & Partial<Sealed>), path: string, always: boolean) => unknown,
): unknown => {
  if (Array.isArray(value)) return value.map((item, at) => mapSecrets(item, `${path}.${at}`, map));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const at = path === '' ? name : `${path}.${name}`;
      if (name === 'environmentVariables' && isObject(member)) return [name, mapVariables(member, at, map)];
      if (isSecretValue(member)) return [name, map(member, at, true)];
      if (ALWAYS_SECRET.has(name) && typeof member === 'string') return [name, map(member, at, true)];
      return [name, mapSecrets(member, at, map)];
    }),
  );
};

/** Names are the author's here: one may well be called `secret`. */
const mapVariables = (variables: JsonObject, path: string, map: Parameters<typeof mapSecrets>[2]): JsonObject =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      const maybeSecret = typeof value === 'string' || isObject(value);
      return [name, maybeSecret ? map(value, `${path}.${name.slice(0, 60)}`, false) : value];
    }),
  );

const isSecretValue = (value: unknown): value is JsonObject => {
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => SECRET_MEMBERS.has(name));
};
