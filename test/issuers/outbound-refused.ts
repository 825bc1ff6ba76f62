import assert from 'node:assert/strict';
import { IssuerProblem } from '../../src/issuers/issuer-keys.ts';

/** Asserts that a fetch ends with a problem whose sentence an administrator can use, and gives that. */
export const assertProblem = async (fetched: Promise<unknown>, sentence: RegExp): Promise<string> => {
  const error: unknown = await fetched.then(
    () => assert.fail(`taken, but should say ${sentence}`),
    (problem: unknown) => problem,
  );
  assert.ok(error instanceof IssuerProblem, String(error));
  assert.match(error.message, sentence);
  return error.message;
};
