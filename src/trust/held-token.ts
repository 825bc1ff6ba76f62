import { isJsonObject } from '../strict-json.ts';
import { readOwnSubject } from './subjects.ts';
import type { OurSide, Presented } from './verdict.ts';

/** What a token says, where nobody verified it. */
export interface HeldToken {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly header?: { readonly alg?: string; readonly kid?: string };
}

/** Claims and header of a JWS in compact form, RFC 7515 section 7.1; `undefined`: the text is none. Nothing is verified. */
export const readHeldToken = (text: string): HeldToken | undefined => {
  const parts = text.trim().split('.');
  const [header, claims] = parts.slice(0, 2).map(decode);
  if (parts.length !== 3 || !isJsonObject(header) || !isJsonObject(claims)) return undefined;
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

/** What such a token presents. */
export const presentHeld = ({ claims, header = {} }: HeldToken): Presented => ({
  issuer: typeof claims['iss'] === 'string' ? claims['iss'] : '',
  claims,
  header: { alg: header.alg ?? 'RS256', kid: header.kid ?? '' },
});

/** Our side, as far as a token of ours tells of it: no name is known to exist or not. */
export const sideOfHeld = ({ issuer, claims }: Presented): OurSide => {
  const v1 = issuer.replace(/\/v2$/, '');
  const sub = String(claims['sub'] ?? '');
  const subject = readOwnSubject(sub);
  return {
    issuers: { v1, v2: `${v1}/v2` },
    subjectPrefix: subject ? sub.slice(0, sub.indexOf(':')) : 'pulumi',
    organization: subject && 'org' in subject ? subject.org : String(claims['org'] ?? ''),
    known: {},
  };
};
