import { Refusal } from '../errors.ts';

/** Most bytes of a definition, as it is stored. */
export const MAX_DEFINITION_BYTES = 1024 * 1024;

/** Refuses a definition that is too large as it is stored: larger than it came, since each secret is a ciphertext. */
export const mustFit = (yaml: string): void => {
  const bytes = Buffer.byteLength(yaml);
  if (bytes <= MAX_DEFINITION_BYTES) return;
  const problem = `The definition has ${bytes} bytes with its secrets encrypted, and ${MAX_DEFINITION_BYTES} is the most; move parts of it to an environment that it imports.`;
  throw new Refusal('invalid_request', { problem });
};
