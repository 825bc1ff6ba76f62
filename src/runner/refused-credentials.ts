import { type CloudProblem, type HintWords, hintOf } from '../clouds/problem.ts';
import type { IdToken } from './id-token.ts';
import type { RunProblem } from './run-desk.ts';
import type { Advice, Failure } from './steps.ts';
import type { TargetName } from './targets.ts';

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

/** Knows what to look at where a cloud refuses a token. */
export type Advise = (target: TargetName, token: IdToken) => Advice;

/** What a cloud said, what it was shown, and what to do about it. */
export const failureAt = (target: TargetName, problem: CloudProblem, token: IdToken, advise?: Advise): Failure => {
  const hint = hintOf(problem, WORDS);
  const { iss, aud, sub } = token;
  return {
    about: target,
    message: problem.message,
    presented: { iss, aud, sub },
    ...(hint !== undefined && { hint }),
    ...(advise && problem.status !== undefined && { advice: advise(target, token) }),
  };
};

/** The server gave no token. */
export const failureOfMint = (about: string, problem: RunProblem): Failure => ({
  about,
  message: problem.code === undefined ? problem.message : `${problem.message} (${problem.code})`,
});
