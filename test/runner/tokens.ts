import { type IdToken, readIdToken } from '../../src/runner/id-token.ts';
import { Secret } from '../../src/secret.ts';

let issued = 0;

/** An ID token as the server would sign it, but for the signature. */
const makeJwt = (claims: Readonly<Record<string, unknown>>): string =>
  [
    { alg: 'RS256', typ: 'JWT', kid: 'k' },
    { iss: 'https://id.test/oidc', sub: 'pulumi:x', aud: 'acme', jti: String(issued++), ...claims },
    'signature-of-nobody',
  ]
    .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
    .join('.');

export const makeToken = (
  askedMs: number,
  lifetime: number,
  claims: Readonly<Record<string, unknown>> = {},
): IdToken => {
  const iat = Math.floor(askedMs / 1000);
  const token = readIdToken(new Secret(makeJwt({ iat, exp: iat + lifetime, ...claims })), askedMs);
  if (!token) throw new Error('the test made no token');
  return token;
};

/** `exp` of a token that somebody read. */
export const expOf = (jwt: string): number =>
  (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }).exp;
