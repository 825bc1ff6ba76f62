import assert from 'node:assert/strict';
import { CloudProblem, explain } from '../../src/clouds/problem.ts';

/** Asserts that a login ends with a problem whose sentence an author can use, and gives it. */
export const assertCloudProblem = async (login: Promise<unknown>, sentence: RegExp): Promise<CloudProblem> => {
  const error: unknown = await login.then(
    () => assert.fail(`granted, but should say ${sentence}`),
    (problem: unknown) => problem,
  );
  assert.ok(error instanceof CloudProblem, String(error));
  assert.match(explain(error, { claims: 'its claims', project: 'the number', shorten: 'shorten it' }), sentence);
  return error;
};

/** A token that no real one is, of their form. */
export const TOKEN = [
  Buffer.from('{"alg":"RS256","kid":"k1","typ":"JWT"}').toString('base64url'),
  Buffer.from('{"sub":"pulumi:environments:org:acme:env:core/dev","aud":"aws:acme"}').toString('base64url'),
  'c2lnbmF0dXJlLXRoYXQtbm8ta2V5LWhhcy1tYWRl',
].join('.');
