import { hash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A value that must never be printed: tokens, keys, passwords.
 *
 * Every way of turning it into text gives `[secret]`; the text itself comes out
 * only through `reveal`, which is easy to search for.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** SHA-256 of a secret, base64url: what the store keeps instead of the secret. */
export const fingerprint = (secret: string): string => hash('sha256', secret, 'base64url');

/** Compares two texts in a time that does not depend on where they differ. That they differ in length is no secret. */
export const equalInConstantTime = (left: string, right: string): boolean => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
};
