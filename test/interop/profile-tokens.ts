import { createPublicKey, verify } from 'node:crypto';
import { type Json, keysOf, type Row, readToken, repeatedMembers, type Surface, type Token, when } from './profile.ts';

const REGISTERED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];
const TIMES = ['iat', 'nbf', 'exp'] as const;

/** A rule that every token keeps by itself. */
const ofTokens = (
  rule: string,
  forcedBy: string,
  check: (token: Token, surface: Surface) => readonly string[],
): Row => ({
  rule,
  forcedBy,
  problems: (surface) => surface.tokens.flatMap((jwt) => check(readToken(jwt), surface)),
});

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
const keyOf = ({ header }: Token, surface: Surface): Json | undefined =>
  keysOf(surface).find(({ kid }) => kid === header.kid);

/** Section 0.2: what the token itself must be. */
export const TOKEN_ROWS: readonly Row[] = [
  ofTokens(
    'it is signed by the one algorithm of its issuer, by an RSA key of 2048 bits or more',
    'Entra, PyPI, go-oidc v2',
    (token, surface) => {
      const jwk = keyOf(token, surface);
      const bits = Buffer.from(text(jwk?.n), 'base64url').length * 8;
      return [
        ...when(token.header.alg !== surface.alg, `alg is ${token.header.alg}`),
        ...when(surface.alg === 'RS256' && bits < 2048, `the RSA key has ${bits} bits`),
        ...when(surface.alg === 'ES256' && jwk?.crv !== 'P-256', 'the key of ES256 is not on P-256'),
      ];
    },
  ),
  ofTokens('the signature verifies with the published key of its kid', 'everybody', (token, surface) => {
    const jwk = keyOf(token, surface);
    if (!jwk) return ['no published key has the kid'];
    const [header, claims, signature = ''] = token.jwt.split('.');
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
    const good = verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'));
    return when(!good, 'the signature does not verify');
  }),
  ofTokens(
    'the header is exactly alg, kid and typ "JWT"',
    'SPIFFE-style validators, strict ID-token consumers',
    ({ header }) => [
      ...when(Object.keys(header).sort().join() !== 'alg,kid,typ', `the header has ${Object.keys(header).join()}`),
      ...when(header.typ !== 'JWT', `typ is ${header.typ}`),
    ],
  ),
  ofTokens(
    'kid is always there, and one of the published keys',
    'Google Cloud, Entra (AADSTS7000272), PyPI, OpenAI',
    (token, surface) => when(!text(token.header.kid) || !keyOf(token, surface), 'the kid is not published'),
  ),
  ofTokens('iss, sub, aud, iat, nbf, exp and jti are all there', 'AWS, Google Cloud, PyPI', ({ claims }) =>
    REGISTERED.filter((name) => !Object.hasOwn(claims, name)).map((name) => `${name} is missing`),
  ),
  ofTokens('times are JSON integers', 'AWS: a fraction fails', ({ claims, texts }) =>
    TIMES.flatMap((name) =>
      when(
        !Number.isSafeInteger(claims[name]) || !new RegExp(`"${name}":\\d+[,}]`).test(texts[1]),
        `${name} is no integer`,
      ),
    ),
  ),
  ofTokens('aud is one string, not an array', 'PyPI (strict_aud), AWS, SPIFFE', ({ claims }) =>
    when(typeof claims.aud !== 'string', 'aud is not a string'),
  ),
  ofTokens('there is no azp', 'AWS, where azp would be the audience; MinIO', ({ claims }) =>
    when(Object.hasOwn(claims, 'azp'), 'azp is there'),
  ),
  ofTokens(
    'aud has 1 to 255 characters, without space, control, quote or bracket',
    'AWS, Google Cloud, Octo-STS',
    ({ claims }) => when(!/^[^\s\p{Cc}"'`\\<>()[\]{}]{1,255}$/u.test(text(claims.aud)), `aud is ${claims.aud}`),
  ),
  ofTokens(
    'sub has at most 127 bytes, in ASCII',
    'Google Cloud (google.subject), OpenID Connect Core',
    ({ claims }) => [
      ...when(Buffer.byteLength(text(claims.sub)) > 127, `sub has ${Buffer.byteLength(text(claims.sub))} bytes`),
      ...when(!/^[\x21-\x7e]+$/.test(text(claims.sub)), 'sub is not printable ASCII'),
    ],
  ),
  ofTokens(
    'sub has no white space, quote, bracket, shell or wildcard character',
    'Octo-STS; IAM StringLike, Vault globs, Tailscale patterns',
    ({ claims }) => when(/[\s\p{Cc}"'`\\<>;&$(){}[\]*?]/u.test(text(claims.sub)), `sub is ${claims.sub}`),
  ),
  ofTokens('custom claims are flat strings', 'Vault bound_claims, Kubernetes user names, HCP Terraform', ({ claims }) =>
    Object.keys(claims)
      .filter((name) => !REGISTERED.includes(name) && typeof claims[name] !== 'string')
      .map((name) => `${name} is no string`),
  ),
  ofTokens('no claim is a registered one in other letters', 'hashicorp/cap', ({ claims }) =>
    Object.keys(claims)
      .filter((name) => REGISTERED.includes(name.toLowerCase()) && !REGISTERED.includes(name))
      .map((name) => `${name} is there`),
  ),
  ofTokens('every JSON member stands once', 'AWS takes the last, others the first; RFC 7519 section 4', ({ texts }) =>
    texts.flatMap(repeatedMembers).map((name) => `${name} stands twice`),
  ),
  ofTokens('the whole token stays below 2,048 characters', 'MinIO; AWS 20,000; HTTP header limits', ({ jwt }) =>
    when(jwt.length >= 2048, `it has ${jwt.length} characters`),
  ),
  ofTokens(
    'it lives at most a day, and a cloud token for an hour by default',
    'Google Cloud, Alibaba',
    ({ claims }) => {
      const life = number(claims.exp) - number(claims.iat);
      return when(!(life > 0 && life <= 3600), `it lives ${life} s`);
    },
  ),
  ofTokens(
    'nbf is 0 to 30 s before iat, and neither lies in the future',
    'Google Cloud, PyPI, Kubernetes',
    ({ claims }) => {
      const back = number(claims.iat) - number(claims.nbf);
      return [
        ...when(!(back >= 0 && back <= 30), `nbf is ${back} s before iat`),
        ...when(!(number(claims.iat) <= Date.now() / 1000), 'iat lies in the future'),
      ];
    },
  ),
  {
    rule: 'every token is one of its own: no jti twice',
    forcedBy: 'PyPI (replay cache), RFC 8725 section 3.9',
    problems: ({ tokens }) => {
      const ids = tokens.map((jwt) => readToken(jwt).claims.jti);
      return when(new Set(ids).size !== ids.length, 'a jti comes twice');
    },
  },
];
