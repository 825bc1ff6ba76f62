/** Bare RS256 verifications by jose in a process of its own: half of what an exchange costs at the very least. */
import { importJWK, type JWK, jwtVerify } from 'jose';
import { answerQuestions, given } from './questions.ts';
import { inFlight } from './run-client.ts';

export interface VerifierGiven {
  readonly jwk: JWK;
  readonly tokens: readonly string[];
}

const { jwk, tokens } = given<VerifierGiven>();
const key = await importJWK(jwk, 'RS256');

answerQuestions({
  verify: (count: number) => inFlight(16, count, (index) => jwtVerify(tokens[index % tokens.length] as string, key)),
});
