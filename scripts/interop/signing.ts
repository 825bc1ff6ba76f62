import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ISSUER, NOW, type Question } from '../../test/trust/recorded/questions.ts';

interface Algorithm {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly sign: (data: Buffer) => Buffer;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
const ed = generateKeyPairSync('ed25519');

const algorithms = new Map<string, Algorithm>();
for (const bits of ['256', '384', '512']) {
  const hash = `sha${bits}`;
  algorithms.set(`RS${bits}`, { ...rsa, sign: (data) => sign(hash, data, rsa.privateKey) });
  const pss = { key: rsa.privateKey, padding: 6, saltLength: Number(bits) / 8 };
  algorithms.set(`PS${bits}`, { ...rsa, sign: (data) => sign(hash, data, pss) });
}
for (const [name, namedCurve] of Object.entries(curves)) {
  const pair = generateKeyPairSync('ec', { namedCurve });
  const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  algorithms.set(name, { ...pair, sign: (data) => sign(`sha${name.slice(2)}`, data, key) });
}
algorithms.set('EdDSA', { ...ed, sign: (data) => sign(null, data, ed.privateKey) });

/** All our public keys, RSA's once. */
const publicKeys = [...new Set([...algorithms.values()].map(({ publicKey }) => publicKey))];

export const PEMS: readonly string[] = publicKeys.map((key) => String(key.export({ type: 'spki', format: 'pem' })));

const jwk = (key: KeyObject): object => ({ ...key.export({ format: 'jwk' }), kid: 'k1', use: 'sig' });

const [others, nobody] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));

/** Whose key signs: one of ours, what every other issuer publishes, or one that nobody publishes. */
type Signer = 'ours' | 'others' | 'nobody';

/** What the programs must know before they are asked: the time, and whose keys are where. */
export const WORLD = {
  now: NOW,
  issuers: [ISSUER],
  keys: { keys: publicKeys.map(jwk) },
  others: { keys: [others && jwk(others.publicKey)] },
};

const signed = new Map<string, string>();

/** The token of a question, with its claims byte for byte as they are written. */
export const tokenOf = ({ claims, alg }: Question, signer: Signer = 'ours'): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const data = `${part({ alg, kid: 'k1' })}.${part(claims)}`;
  const key = `${signer} ${data}`;
  const known = signed.get(key);
  if (known !== undefined) return known;
  const foreign = (signer === 'others' ? others : nobody)?.privateKey;
  const isOurs = signer === 'ours' || !foreign;
  const signature = isOurs ? signatureOf(alg, data) : sign('sha256', Buffer.from(data), foreign);
  const token = `${data}.${signature.toString('base64url')}`;
  signed.set(key, token);
  return token;
};

const signatureOf = (alg: string, data: string): Buffer => {
  if (alg.startsWith('HS')) return createHmac('sha256', 'secret').update(data).digest();
  return algorithms.get(alg)?.sign(Buffer.from(data)) ?? Buffer.alloc(0);
};
