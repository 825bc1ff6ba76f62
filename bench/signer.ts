/** Bare RS256 signatures by jose in a process of its own: the measure of what a token costs at the very least. */
import { generateKeyPairSync } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { answerQuestions, given } from './questions.ts';
import { inFlight } from './run-client.ts';

export interface SignerGiven {
  readonly header: JWTHeaderParameters;
  readonly payload: JWTPayload;
}

const { header, payload } = given<SignerGiven>();
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

answerQuestions({
  sign: (count: number) =>
    inFlight(16, count, () => new SignJWT({ ...payload }).setProtectedHeader({ ...header }).sign(privateKey)),
});
