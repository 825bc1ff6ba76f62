import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { TokenProblemCode } from '../../src/issuers/problems.ts';
import { ALGORITHMS, type Court, claimsAt, encode, headerText, NOW, signText } from './tokens.ts';

/** A token that must be refused with exactly this code. `row` is the line of the attack table that it stands for. */
export interface Attack {
  readonly row: number;
  readonly name: string;
  readonly text: string;
  readonly code: TokenProblemCode;
}

const payload = ({ issuer }: Court): string => JSON.stringify({ iss: issuer, ...claimsAt(NOW) });

/** `none` in every mix of cases, without a signature and with the right one. */
export const withoutAlgorithm = (court: Court): readonly Attack[] =>
  Array.from({ length: 16 }, (_, bits) =>
    [...'none'].map((letter, at) => (bits & (1 << at) ? letter.toUpperCase() : letter)).join(''),
  ).flatMap((alg) => {
    const signed = court.signRaw(headerText(court, { alg }), payload(court));
    const bare = signed.slice(0, signed.lastIndexOf('.') + 1);
    return [
      { row: 1, name: `${alg}, signed`, text: signed, code: 'unsupported_algorithm' as const },
      { row: 1, name: `${alg}, with a blank byte`, text: `${bare}AA`, code: 'unsupported_algorithm' as const },
      { row: 3, name: `${alg}, unsigned`, text: bare, code: 'malformed_token' as const },
    ];
  });

const OTHER_ALGORITHMS = [
  'HS256 HS384 HS512 RS1 RS224 ES224 ES256K ES521 Ed448 ML-DSA-44 ML-DSA-65 ML-DSA-87 RSA1_5 RSA-OAEP RSA-OAEP-256',
  'A128KW A256KW A256GCMKW dir ECDH-ES ECDH-ES+A128KW PBES2-HS256+A128KW PBES2-HS512+A256KW rs256 es256 Es256 eddsa EDDSA',
  'RSA256 SHA256 null true RS256,ES256 __proto__ constructor toString hasOwnProperty 0 ES256K-R',
].flatMap((line) => line.split(' '));

/** Algorithms that nobody may use, and things that are no algorithm. */
export const withOtherAlgorithms = (court: Court): readonly Attack[] => {
  const texts = [...OTHER_ALGORITHMS, '', ' ES256', 'ES256 ', 'ES256\u0000', 'ЕS256', '\u202eES256'];
  const named = texts.map((alg) => ({ alg, code: 'unsupported_algorithm' as const }));
  const typed = [null, 1, true, [], ['ES256'], {}].map((alg) => ({ alg, code: 'unsupported_header' as const }));
  return [...named, ...typed, { alg: undefined, code: 'unsupported_algorithm' as const }].map(({ alg, code }) => ({
    row: 1,
    name: `alg ${JSON.stringify(alg)}`,
    text: court.signRaw(headerText(court, { alg }), payload(court)),
    code,
  }));
};

/** The public key as the secret of an HMAC, in every encoding that somebody has tried. */
export const withPublicKeyAsSecret = (court: Court): readonly Attack[] => {
  const key = createPublicKey(court.privateKey);
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const rsa = court.jwk.kty === 'RSA';
  const secrets: Readonly<Record<string, string | Buffer>> = {
    pem,
    'pem without its last line feed': pem.trimEnd(),
    'pem with carriage returns': pem.replaceAll('\n', '\r\n'),
    der: key.export({ type: 'spki', format: 'der' }),
    jwk: JSON.stringify(court.jwk),
    'bare jwk': JSON.stringify(key.export({ format: 'jwk' })),
    number: Buffer.from(court.jwk.n ?? court.jwk.x ?? '', 'base64url'),
    nothing: '',
    ...(rsa && { pkcs1: key.export({ type: 'pkcs1', format: 'pem' }).toString() }),
    ...(rsa && { 'pkcs1 der': key.export({ type: 'pkcs1', format: 'der' }) }),
  };
  return Object.entries(secrets).flatMap(([name, secret]) =>
    [256, 384, 512].flatMap((bits) => {
      const mac = (alg: string): string => {
        const text = `${encode(headerText(court, { alg }))}.${encode(payload(court))}`;
        return `${text}.${createHmac(`sha${bits}`, secret).update(text).digest('base64url')}`;
      };
      return [
        { row: 2, name: `HS${bits}: ${name}`, text: mac(`HS${bits}`), code: 'unsupported_algorithm' as const },
        { row: 2, name: `HS${bits} as ${court.alg}: ${name}`, text: mac(court.alg), code: 'bad_signature' as const },
      ];
    }),
  );
};

/** A key that is for one algorithm, and a token that says another: also where the mathematics would fit. */
export const withAnotherAlgorithm = (court: Court): readonly Attack[] =>
  ALGORITHMS.filter((alg) => alg !== court.alg).flatMap((alg) => {
    const text = `${encode(headerText(court, { alg }))}.${encode(payload(court))}`;
    const honest =
      /^[RP]S/.test(alg) === /^[RP]S/.test(court.alg) && alg.startsWith('Ed') === court.alg.startsWith('Ed');
    return [honest ? signText(alg, court.privateKey, text) : signText(court.alg, court.privateKey, text)].map(
      (signed) => ({
        row: 10,
        name: `a key for ${court.alg}, a token of ${alg}`,
        text: signed,
        code: 'unsupported_algorithm' as const,
      }),
    );
  });

/** Headers that bring a key, tell where one is, or change how the token is to be read. */
export const withOtherMembers = (court: Court): readonly Attack[] => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: court.kid, alg: 'ES256', use: 'sig' };
  const url = 'https://attacker.example/keys';
  const members: readonly (readonly [number, Readonly<Record<string, unknown>>])[] = [
    [4, { jwk }],
    [4, { jwk: court.jwk }],
    [4, { jwk: null }],
    [4, { jku: url }],
    [4, { jku: 'http://169.254.169.254/latest/meta-data/' }],
    [4, { x5u: url }],
    [4, { x5c: ['MIIB'] }],
    [4, { x5c: [] }],
    [4, { jwk, jku: url, x5u: url, x5c: ['MIIB'] }],
    [4, { key: jwk }],
    [4, { iss: 'https://attacker.example' }],
    [6, { crit: ['b64'], b64: false }],
    [6, { crit: ['b64'], b64: true }],
    [6, { b64: false }],
    [6, { b64: true }],
    [6, { crit: [] }],
    [6, { crit: ['exp'], exp: NOW + 60 }],
    [6, { crit: ['alg'] }],
    [6, { crit: ['http://example.com/UNDEFINED'], 'http://example.com/UNDEFINED': true }],
    [6, { crit: 'b64' }],
    [8, { cty: 'JWT' }],
    [9, { zip: 'DEF' }],
    [9, { enc: 'A256GCM' }],
    [9, { p2c: 2_000_000_000, p2s: 'AAAA' }],
    [9, { epk: jwk, apu: 'a', apv: 'b' }],
    [6, { ALG: 'none' }],
    [6, { Alg: 'HS256' }],
    [6, { nonce: 'x' }],
    [6, { url }],
    [6, { ['__proto__']: { alg: 'none' } }],
    [6, { constructor: 'x' }],
    [6, { '': '' }],
    [6, { x5t: 1 }],
    [6, { 'x5t#S256': 'x'.repeat(257) }],
  ];
  return members.flatMap(([row, member]) => {
    const header = JSON.stringify({ alg: 'ES256', kid: court.kid, typ: 'JWT', ...member });
    const own = JSON.stringify({ alg: court.alg, kid: court.kid, typ: 'JWT', ...member });
    const name = Object.keys(member).join();
    const forged = signText('ES256', privateKey, `${encode(header)}.${encode(payload(court))}`);
    return [
      { row, name: `${name}, signed by the attacker`, text: forged, code: 'unsupported_header' as const },
      {
        row,
        name: `${name}, signed by the issuer`,
        text: court.signRaw(own, payload(court)),
        code: 'unsupported_header' as const,
      },
    ];
  });
};

const KIDS = [
  '../../../../../../dev/null',
  '/dev/null',
  '/proc/self/environ',
  'file:///etc/passwd',
  '..\\..\\windows\\win.ini',
  'keys/../key',
  "' OR '1'='1",
  "x' UNION SELECT 'secret'--",
  '1; DROP TABLE keys',
  '"; ls',
  '$(id)',
  '`id`',
  '| id',
  '%00',
  '%2e%2e%2f',
  '#{7*7}',
  '{{7*7}}',
  'https://attacker.example/key',
  'http://127.0.0.1/',
  'ldap://x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'length',
  '0',
  '-1',
  'null',
  'undefined',
  'true',
  'NaN',
  '[object Object]',
  '*',
  '.*',
  '%',
  '_',
  '?',
  '',
  ' ',
  '\u0000',
  '\n',
  '\r\nX: y',
  '\ufeff',
  '\u202e',
  'ⅸ',
  'é',
  'e\u0301',
  '😀',
  'ﬀ',
  'İ',
  'K',
  'a'.repeat(256),
  '😀'.repeat(128),
] as const;

/** Names of keys that are no names of keys. The map is asked for exactly what stands there, and nothing else happens. */
export const withOtherKids = (court: Court): readonly Attack[] => {
  const near = [
    court.kid.toUpperCase(),
    court.kid.toLowerCase(),
    `${court.kid} `,
    ` ${court.kid}`,
    `${court.kid}\u0000`,
    court.kid.slice(0, -1),
    `${court.kid}x`,
    `./${court.kid}`,
    encodeURIComponent(`${court.kid}/`),
    court.kid.replaceAll('-', '\u2010'),
    [...court.kid].reverse().join(''),
  ].filter((kid) => kid !== court.kid);
  const sign = (kid: unknown): string => court.signRaw(headerText(court, { kid }), payload(court));
  const wrong = [
    null,
    0,
    1,
    true,
    [],
    [court.kid],
    {},
    { kid: court.kid },
    'a'.repeat(257),
    'a'.repeat(2900),
    '😀'.repeat(129),
  ];
  return [
    ...[...KIDS, ...near].map((kid) => ({
      row: 5,
      name: JSON.stringify(kid),
      text: sign(kid),
      code: 'unknown_key' as const,
    })),
    ...wrong.map((kid) => ({
      row: 5,
      name: `no name: ${JSON.stringify(kid).slice(0, 40)}`,
      text: sign(kid),
      code: 'unsupported_header' as const,
    })),
  ];
};

const TYPES = [
  'at+jwt application/at+jwt dpop+jwt logout+jwt secevent+jwt token-introspection+jwt entity-statement+jwt JOSE JOSE+JSON oauth-authz-req+jwt',
  'kb+jwt vc+sd-jwt dc+sd-jwt passport wimse+jwt oauth-id-jag+jwt client-authentication+jwt application/jwt id_token access_token JWS JWE JWTT J',
].flatMap((line) => line.split(' '));

/** Other kinds of JWT that the same key may sign, and types that are none. */
export const withOtherTypes = (court: Court): readonly Attack[] =>
  [...TYPES, '', 'JWT ', ' JWT', 'JWT\u0000', 'JWT;charset=utf-8', null, 1, ['JWT'], {}].map((typ) => ({
    row: 14,
    name: JSON.stringify(typ),
    text: court.signRaw(headerText(court, { typ }), payload(court)),
    code: 'unsupported_header',
  }));
