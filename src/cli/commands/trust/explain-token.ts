import { presentClaims, verdictOn } from '../../../flows/explain-trust.ts';
import { isJsonObject } from '../../../strict-json.ts';
import { recognise } from '../../../trust/recognise.ts';
import { readOwnSubject } from '../../../trust/subjects.ts';
import { isUnusable, type OurSide, type Presented } from '../../../trust/verdict.ts';
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
  const token = readToken(await readInput(around, file), file);
  try {
    return await askServer(around, org, { document, ...token });
  } catch (reason) {
    if (!(reason instanceof CommandFailure)) throw reason;
    printLine(around.stderr, 'note: no server was asked, so names that no longer exist are not told of');
    return explainHere(document, presentClaims(token));
  }
};

const explainHere = (text: string, presented: Presented): ToldExplanation => {
  const read = recognise(text);
  if (isUnusable(read)) throw unusable(`The document ${read.problem}.`);
  const { iss, sub, aud } = presented.claims;
  return {
    party: read.party,
    presented: { iss, sub, aud },
    ...verdictOn(read.document, presented, sideOf(presented), true),
  };
};

/** Our side as far as a token of ours tells. */
const sideOf = ({ issuer, claims }: Presented): OurSide => {
  const v1 = issuer.replace(/\/v2$/, '');
  const sub = String(claims['sub'] ?? '');
  const subject = readOwnSubject(sub);
  return {
    issuers: { v1, v2: `${v1}/v2` },
    subjectPrefix: subject ? sub.slice(0, sub.indexOf(':')) : 'pulumi',
    organization: subject && 'org' in subject ? String(subject.org) : String(claims['org'] ?? ''),
    known: {},
  };
};

type Decoded = Parameters<typeof presentClaims>[0];

/** The claims and header of a JWS in compact form, RFC 7515 section 7.1. Nothing is verified, and the text is not kept. */
const readToken = (text: string, file: string): Decoded => {
  const parts = text.trim().split('.');
  const [header, claims] = parts.slice(0, 2).map(decode);
  if (parts.length !== 3 || !isJsonObject(header) || !isJsonObject(claims)) {
    throw unusable(`${file} holds no token.`, 'a token is three words of base64url with a dot between them');
  }
  const textOf = (name: string) => (typeof header[name] === 'string' ? { [name]: header[name] } : {});
  return { claims, header: { ...textOf('alg'), ...textOf('kid') } };
};

const decode = (part: string): unknown => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
};
