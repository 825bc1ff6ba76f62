import { type CloudProblem, type HintWords, hintOf } from '../clouds/problem.ts';
import type { Presented } from './id-token.ts';
import type { RunProblem } from './run-desk.ts';
import type { Failure } from './steps.ts';

/** Some of the credentials were not to be had, and so the command was not started. */
export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused';
  readonly failures: readonly Failure[];

  constructor(failures: readonly Failure[]) {
    super(failures.map(({ about, message }) => `${about}: ${message}`).join('\n'));
    this.failures = failures;
  }
}

/** Credentials that exist, and cannot be handed to the command as it was asked. */
export class NotPublishable extends Error {
  override readonly name = 'NotPublishable';
}

const WORDS: HintWords = {
  claims: 'the claims shown here',
  project: '"projectId" (the project\'s number)',
  shorten: 'let an administrator shorten the subjects of this stack (docs/organizations.md)',
};

/** What a cloud said, what it was shown, and what to do about it. */
export const failureAt = (about: string, problem: CloudProblem, { iss, aud, sub }: Presented): Failure => {
  const hint = hintOf(problem, WORDS);
  return { about, message: problem.message, presented: { iss, aud, sub }, ...(hint !== undefined && { hint }) };
};

/** The server gave no token. */
export const failureOfMint = (about: string, problem: RunProblem): Failure => ({
  about,
  message: problem.code === undefined ? problem.message : `${problem.message} (${problem.code})`,
});
