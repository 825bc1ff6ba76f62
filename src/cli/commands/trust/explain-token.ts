import { verdictOn } from '../../../flows/explain-trust.ts';
import { presentHeld, readHeldToken, sideOfHeld } from '../../../trust/held-token.ts';
import { recognise } from '../../../trust/recognise.ts';
import { isUnusable, type Presented } from '../../../trust/verdict.ts';
import { CommandFailure, unusable } from '../../failure.ts';
import { printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { askServer, type ToldExplanation } from './explain-request.ts';
import { readInput } from './input.ts';

/**
 * What a document makes of a token in a file.
 *
 * The token never leaves this machine: the server is told its claims, and where none answers, everything is decided
 * here; then nothing is known of the names that exist.
 */
export const explainToken = async (
  around: Surroundings,
  document: string,
  file: string,
  org: string | undefined,
): Promise<ToldExplanation> => {
  const token = readHeldToken(await readInput(around, file));
  if (!token) {
    throw unusable(`${file} holds no token.`, 'a token is three words of base64url with a dot between them');
  }
  try {
    return await askServer(around, org, { document, ...token });
  } catch (reason) {
    if (!(reason instanceof CommandFailure)) throw reason;
    printLine(around.stderr, 'note: no server was asked, so names that no longer exist are not told of');
    return explainHere(document, presentHeld(token));
  }
};

const explainHere = (text: string, presented: Presented): ToldExplanation => {
  const read = recognise(text);
  if (isUnusable(read)) throw unusable(`The document ${read.problem}.`);
  const { iss, sub, aud } = presented.claims;
  return {
    party: read.party,
    presented: { iss, sub, aud },
    ...verdictOn(read.document, presented, sideOfHeld(presented), true),
  };
};
