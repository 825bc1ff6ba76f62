import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Attack } from './attacks-header.ts';
import { type Court, claimsAt, encode, headerText, NOW } from './tokens.ts';

const claimsText = ({ issuer }: Court, changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ iss: issuer, ...claimsAt(NOW, changes) });

const malformed = (row: number, name: string, text: string): Attack => ({ row, name, text, code: 'malformed_token' });

/** Right content, right signature, written in another way than the canonical one. */
export const writtenOtherwise = (court: Court): readonly Attack[] => {
  const good = court.signRaw(headerText(court), claimsText(court));
  const parts = good.split('.');
  const inPart = (name: string, change: (part: string) => string): readonly Attack[] =>
    parts.map((_, at) =>
      malformed(18, `${name} in part ${at}`, parts.map((one, index) => (index === at ? change(one) : one)).join('.')),
    );
  const middle = (text: string) => (part: string) => `${part.slice(0, 20)}${text}${part.slice(20)}`;
  return [
    ...[
      ' ',
      '\n',
      '\r\n',
      '\t',
      '\u0000',
      '\u00a0',
      '\u200b',
      '\ufeff',
      '=',
      '+',
      '/',
      '-?',
      '%20',
      '#',
      '😀',
      '\ud800',
    ].flatMap((text) => [
      ...inPart(`${JSON.stringify(text)} before`, (part) => text + part),
      ...inPart(`${JSON.stringify(text)} within`, middle(text)),
      ...inPart(`${JSON.stringify(text)} after`, (part) => part + text),
    ]),
    ...['==', '===', 'AA==', '.'].flatMap((text) => inPart(`"${text}" appended`, (part) => part + text)),
    malformed(18, 'in quotes', `"${good}"`),
    malformed(18, 'with its scheme', `Bearer ${good}`),
    malformed(18, 'percent-encoded dots', good.replaceAll('.', '%2E')),
    malformed(18, 'wide dots', good.replaceAll('.', '。')),
    malformed(18, 'base64 of all', encode(good)),
  ];
};

/** Too few parts, too many, none; other serializations; tokens in tokens. */
export const builtOtherwise = (court: Court): readonly Attack[] => {
  const good = court.signRaw(headerText(court), claimsText(court));
  const [header = '', payload = '', signature = ''] = good.split('.');
  const flattened = { protected: header, payload, signature };
  const nested = court.signRaw(headerText(court), good);
  return [
    malformed(8, 'nothing', ''),
    malformed(8, 'no part', header),
    malformed(8, 'only dots', '..'),
    malformed(8, 'two parts', `${header}.${payload}`),
    malformed(3, 'no signature', `${header}.${payload}.`),
    malformed(8, 'no header', `.${payload}.${signature}`),
    malformed(8, 'an empty fourth part', `${good}.`),
    malformed(8, 'an empty first part', `.${good}`),
    malformed(8, 'four parts', `${good}.AAAA`),
    malformed(8, 'a JWE in five parts', `${encode('{"alg":"dir","enc":"A256GCM"}')}..AAAA.AAAA.AAAA`),
    malformed(9, 'a compressed JWE', `${encode('{"alg":"dir","enc":"A256GCM","zip":"DEF"}')}..AAAA.AAAA.AAAA`),
    malformed(
      9,
      'a JWE with many iterations',
      `${encode('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":9999999999}')}.A.A.A.A`,
    ),
    malformed(8, 'sixteen thousand dots', '.'.repeat(16_000)),
    malformed(8, 'flattened JSON', JSON.stringify(flattened)),
    malformed(8, 'general JSON', JSON.stringify({ payload, signatures: [{ protected: header, signature }] })),
    malformed(8, 'general JSON without signatures', JSON.stringify({ payload, signatures: [] })),
    malformed(8, 'JSON that holds a compact token', `{" ${good}":1}`),
    malformed(8, 'a token in a token', nested),
    malformed(8, 'a detached payload', court.signRaw(headerText(court), '')),
    malformed(7, 'more than 16 KiB', court.signRaw(headerText(court), claimsText(court, { x: 'x'.repeat(13_000) }))),
    malformed(7, 'a megabyte', court.signRaw(headerText(court), claimsText(court, { x: 'x'.repeat(1_000_000) }))),
    malformed(
      7,
      'a header of more than 4 KiB',
      court.signRaw(`${headerText(court)}${' '.repeat(4100)}`, claimsText(court)),
    ),
  ];
};

/** JSON that two programs read differently, that is none, or that is too much of it. */
export const withOtherJson = (court: Court): readonly Attack[] => {
  const [header, claims] = [headerText(court), claimsText(court)];
  const put = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`;
  const first = (text: string, member: string): string => `{${member},${text.slice(1)}`;
  const payloads: Readonly<Record<string, string | Uint8Array>> = {
    'iss twice': put(claims, '"iss":"https://attacker.example"'),
    'iss twice, the right one last': first(claims, '"iss":"https://attacker.example"'),
    'sub twice': put(claims, '"sub":"admin"'),
    'sub twice, alike': put(claims, '"x":1,"x":1'),
    'exp twice': put(claims, '"exp":9999999999'),
    'sub twice, escaped': put(claims, '"\\u0073ub":"admin"'),
    'twice, within': put(claims, '"a":{"b":[{"c":1,"c":2}]}'),
    '__proto__ twice': put(claims, '"__proto__":{},"__proto__":{}'),
    'exp 1e308': claims.replace(/"exp":\d+/, '"exp":1e308'),
    'exp 1e400': claims.replace(/"exp":\d+/, '"exp":1e400'),
    'exp 2^53 + 1': claims.replace(/"exp":\d+/, '"exp":9007199254740993'),
    'exp NaN': claims.replace(/"exp":\d+/, '"exp":NaN'),
    'exp Infinity': claims.replace(/"exp":\d+/, '"exp":Infinity'),
    'exp in hexadecimal': claims.replace(/"exp":\d+/, '"exp":0x7fffffff'),
    'exp with a zero before it': claims.replace(/"exp":/, '"exp":0'),
    'exp with a sign': claims.replace(/"exp":/, '"exp":+'),
    'a number of 300 digits': put(claims, `"x":${'9'.repeat(300)}`),
    'a trailing comma': `${claims.slice(0, -1)},}`,
    'single quotes': claims.replaceAll('"', "'"),
    'a comment': `${claims}//`,
    'two values': `${claims}${claims}`,
    'nothing after the brace': '{',
    'a list': `[${claims}]`,
    'a text': JSON.stringify(claims),
    null: 'null',
    'a number': '1',
    nothing: ' ',
    'a zero byte after it': `${claims}\u0000`,
    'a raw line feed in a text': claims.replace('repo:', 'repo:\n'),
    'a lone surrogate': put(claims, '"x":"\\ud800"'),
    'depth 17': put(claims, `"x":${'['.repeat(16)}${']'.repeat(16)}`),
    'depth 6000': put(claims, `"x":${'['.repeat(5000)}${']'.repeat(5000)}`),
    'depth without end': put(claims, `"x":${'{"a":'.repeat(2000)}`),
    'too many members': put(claims, `"x":[${'0,'.repeat(1000)}0]`),
    'a byte order mark': `\ufeff${claims}`,
    'UTF-16': Buffer.from(claims, 'utf16le'),
    'UTF-8 that is overlong': Buffer.concat([
      Buffer.from(claims.slice(0, -1)),
      Buffer.from([0x2c, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
    ]),
    'UTF-8 that is cut': Buffer.concat([Buffer.from(claims.slice(0, -2)), Buffer.from([0xe2, 0x82, 0x22, 0x7d])]),
    'a byte that is no UTF-8': Buffer.concat([Buffer.from(claims.slice(0, -2)), Buffer.from([0xff, 0x22, 0x7d])]),
    'a surrogate in UTF-8': Buffer.concat([
      Buffer.from(claims.slice(0, -2)),
      Buffer.from([0xed, 0xa0, 0x80, 0x22, 0x7d]),
    ]),
  };
  const headers: Readonly<Record<string, string | Uint8Array>> = {
    'alg twice': put(header, `"alg":"none"`),
    'alg twice, the right one last': first(header, `"alg":"none"`),
    'alg twice, alike': put(header, `"alg":"${court.alg}"`),
    'kid twice': put(header, '"kid":"other"'),
    'alg twice, escaped': put(header, '"\\u0061lg":"none"'),
    'a byte order mark': `\ufeff${header}`,
    'a list': `[${header}]`,
    null: 'null',
    'a text': JSON.stringify(header),
    'UTF-16': Buffer.from(header, 'utf16le'),
    'a byte that is no UTF-8': Buffer.concat([Buffer.from(header.slice(0, -2)), Buffer.from([0xff, 0x22, 0x7d])]),
    'depth 9': put(header, `"x":${'['.repeat(9)}${']'.repeat(9)}`),
    'depth 2000': put(header, `"x":${'['.repeat(1000)}${']'.repeat(1000)}`),
    'too many members': put(header, `"x":[${'0,'.repeat(64)}0]`),
    'a trailing comma': `${header.slice(0, -1)},}`,
  };
  return [
    ...Object.entries(payloads).map(([name, text]) => malformed(7, `payload: ${name}`, court.signRaw(header, text))),
    ...Object.entries(headers).map(([name, text]) => malformed(7, `header: ${name}`, court.signRaw(text, claims))),
  ];
};

const ORDERS: Readonly<Record<string, readonly [bigint, number]>> = {
  ES256: [0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n, 32],
  ES384: [0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n, 48],
};

/** Signatures that are none: blank, psychic, out of range, of another length, of another key, of another text. */
export const withOtherSignatures = (court: Court): readonly Attack[] => {
  const good = court.signRaw(headerText(court), claimsText(court));
  const text = good.slice(0, good.lastIndexOf('.'));
  const right = Buffer.from(good.slice(text.length + 1), 'base64url');
  const bad = (row: number, name: string, signature: Uint8Array): Attack => ({
    row,
    name,
    text: `${text}.${encode(signature)}`,
    code: 'bad_signature',
  });
  const other = court.signRaw(headerText(court), claimsText(court, { sub: 'admin' })).split('.')[2] ?? '';
  const plain = [0x00, 0x01, 0x7f, 0x80, 0xff].map((byte) =>
    bad(3, `filled with ${byte}`, Buffer.alloc(right.length, byte)),
  );
  const resized = [1, 2, 16, 32, 63, 65, 128, 255, 257, 1024].filter((length) => length !== right.length);
  const forged = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return [
    ...plain,
    ...resized.map((length) => bad(3, `${length} blank bytes`, Buffer.alloc(length))),
    ...[1, 2, 8].flatMap((count) => [
      bad(18, `${count} zero bytes appended`, Buffer.concat([right, Buffer.alloc(count)])),
      bad(18, `${count} zero bytes before`, Buffer.concat([Buffer.alloc(count), right])),
      bad(18, `${count} bytes cut off`, right.subarray(0, -count)),
      bad(18, `${count} bytes cut off the front`, right.subarray(count)),
    ]),
    bad(18, 'twice', Buffer.concat([right, right])),
    bad(18, 'reversed', Buffer.from(right).reverse()),
    bad(3, 'the hash of the text', createHash('sha512').update(text).digest()),
    bad(18, 'of another payload', Buffer.from(other, 'base64url')),
    bad(4, 'of another key', sign('sha256', Buffer.from(text), { key: forged, dsaEncoding: 'ieee-p1363' })),
    ...(court.alg.startsWith('ES') ? curveAttacks(court, text, bad) : []),
  ];
};

const curveAttacks = (
  court: Court,
  text: string,
  bad: (row: number, name: string, signature: Uint8Array) => Attack,
): readonly Attack[] => {
  const [order, size] = ORDERS[court.alg] ?? [0n, 0];
  const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
  const edges = {
    0: 0n,
    1: 1n,
    'n - 1': order - 1n,
    n: order,
    'n + 1': order + 1n,
    'all ones': (1n << BigInt(size * 8)) - 1n,
  };
  const der = sign(`sha${court.alg.slice(2)}`, Buffer.from(text), { key: court.privateKey, dsaEncoding: 'der' });
  return [
    ...Object.entries(edges).flatMap(([r, left]) =>
      Object.entries(edges).map(([s, right]) =>
        bad(11, `r = ${r}, s = ${s}`, Buffer.concat([bytes(left), bytes(right)])),
      ),
    ),
    bad(11, 'in ASN.1', der),
    bad(11, 'in ASN.1, filled up', Buffer.concat([der, Buffer.alloc(size * 2)]).subarray(0, size * 2)),
  ];
};
