import { createHash } from 'node:crypto';
import { type Json, keysOf, type Row, readToken, repeatedMembers, type Surface, when } from './profile.ts';

const MEMBERS: Readonly<Record<string, string>> = { RSA: 'alg,e,kid,kty,n,use', EC: 'alg,crv,kid,kty,use,x,y' };

const ofKeys = (rule: string, forcedBy: string, check: (jwk: Json, surface: Surface) => readonly string[]): Row => ({
  rule,
  forcedBy,
  problems: (surface) => keysOf(surface).flatMap((jwk) => check(jwk, surface)),
});

/** RFC 7638, section 3. */
const thumbprint = (jwk: Json): string => {
  const names = jwk.kty === 'RSA' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y'];
  const members = Object.fromEntries(names.map((name) => [name, jwk[name]]));
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
};

/** Section 0.3: what the key set must be. */
export const KEY_ROWS: readonly Row[] = [
  ofKeys(
    'a key has the members that everybody takes and no other: no key_ops, no x5c',
    'Google Cloud (uploaded JWKS), AWS (key_ops)',
    (jwk) => {
      const members = Object.keys(jwk).sort().join();
      return when(members !== MEMBERS[String(jwk.kty)], `the key has ${members}`);
    },
  ),
  ofKeys('use is "sig"', 'AWS, go-oidc', (jwk) => when(jwk.use !== 'sig', `use is ${jwk.use}`)),
  ofKeys('kid is the RFC 7638 thumbprint', 'Entra, which caches by kid', (jwk) =>
    when(jwk.kid !== thumbprint(jwk), `${jwk.kid} is not the thumbprint`),
  ),
  ofKeys(
    'numbers are base64url without padding, at full width, a modulus without leading zero',
    'MinIO, RFC 7518 section 6',
    (jwk) =>
      ['n', 'e', 'x', 'y'].flatMap((name) => {
        const value = jwk[name];
        if (value === undefined) return [];
        const bytes = Buffer.from(String(value), 'base64url');
        return [
          ...when(bytes.toString('base64url') !== value, `${name} is not plain base64url`),
          ...when(jwk.kty === 'RSA' && bytes[0] === 0, `${name} has a leading zero`),
          ...when(jwk.kty === 'EC' && bytes.length !== 32, `${name} has ${bytes.length} bytes`),
        ];
      }),
  ),
  ofKeys(
    'every key is of the type that the issuer signs with',
    'MinIO drops the whole set, RGW reads one key',
    (jwk, { alg }) => [
      ...when(jwk.kty !== (alg === 'RS256' ? 'RSA' : 'EC'), `a key is of type ${jwk.kty}`),
      ...when(jwk.alg !== alg, `a key is for ${jwk.alg}`),
    ],
  ),
  {
    rule: 'there are 1 to 10 keys, no kid twice',
    forcedBy: 'Oracle API Gateway 10, Entra and AWS 100; conformance suite',
    problems: (surface) => {
      const kids = keysOf(surface).map(({ kid }) => kid);
      return [
        ...when(kids.length < 1 || kids.length > 10, `there are ${kids.length} keys`),
        ...when(new Set(kids).size !== kids.length, 'a kid stands twice'),
      ];
    },
  },
  {
    rule: 'the key that signs now stands first',
    forcedBy: 'Ceph RGW and other single-key tools',
    problems: (surface) => {
      const newest = surface.tokens.at(-1);
      const first = keysOf(surface)[0]?.kid;
      return when(newest !== undefined && readToken(newest).header.kid !== first, 'another key signs');
    },
  },
  {
    rule: 'it is application/json',
    forcedBy: 'the conformance suite and strict clients',
    problems: ({ keys }) =>
      when(!/^application\/json\b/.test(keys.headers['content-type'] ?? ''), 'it is something else'),
  },
  {
    rule: 'no key has a private or symmetric member, and every JSON member stands once',
    forcedBy: 'RFC 7517 section 9.3; conformance suite',
    problems: (surface) => [
      ...keysOf(surface).flatMap((jwk) =>
        ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
          .filter((name) => name in jwk)
          .map((name) => `${name} is published`),
      ),
      ...repeatedMembers(surface.keys.text).map((name) => `${name} stands twice`),
    ],
  },
];
