import { constants, generateKeyPair, type KeyObject, randomUUID, sign as signBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { CompactSign, type JWK } from 'jose';
import type { VerificationKey } from '../../src/issuers/issuer-keys.ts';
import { importKeySet } from '../../src/issuers/key-set.ts';
import type { TokenProblem, TokenProblemCode } from '../../src/issuers/problems.ts';
import { readToken } from '../../src/issuers/token-text.ts';
import {
  SUBJECT_TOKEN_ALGORITHMS,
  type SubjectTokenAlgorithm,
  type VerifiedToken,
} from '../../src/issuers/verified-token.ts';
import { verifyToken } from '../../src/issuers/verify.ts';

/** Every algorithm that a subject token may have, for tables. */
export const ALGORITHMS = SUBJECT_TOKEN_ALGORITHMS;

/** An outside issuer of a test, with one key. */
export interface TestIssuer {
  readonly issuer: string;
  readonly alg: SubjectTokenAlgorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public key with `kid`, `alg` and `use`. */
  readonly jwk: JWK;
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Signs `{iss, ...claims}` under `{alg, kid, typ: 'JWT', ...header}`; a member that is `undefined` is left out. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Signs any two texts or bytes, as they are, with the key and algorithm of the issuer. */
  signRaw(header: string | Uint8Array, payload: string | Uint8Array): string;
}

const generate = promisify(generateKeyPair);
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

const generateFor = async (alg: SubjectTokenAlgorithm, modulusLength: number): Promise<KeyObject> => {
  const namedCurve = CURVES[alg];
  if (namedCurve) return (await generate('ec', { namedCurve })).privateKey;
  if (alg.startsWith('Ed')) return (await generate('ed25519', {})).privateKey;
  return (await generate('rsa', { modulusLength })).privateKey;
};

/** Makes an issuer with a key of its own. */
export const makeIssuer = async ({
  issuer = 'https://issuer.example',
  alg = 'ES256',
  kid = `${alg}-${randomUUID()}`,
  modulusLength = 2048,
}: {
  readonly issuer?: string;
  readonly alg?: SubjectTokenAlgorithm;
  readonly kid?: string;
  readonly modulusLength?: number;
} = {}): Promise<TestIssuer> => {
  const privateKey = await generateFor(alg, modulusLength);
  const { kty, crv, x, y, n, e } = privateKey.export({ format: 'jwk' });
  const jwk = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use: 'sig' })) as JWK;
  return {
    issuer,
    alg,
    kid,
    privateKey,
    jwk,
    jwks: { keys: [jwk] },
    sign: (claims, header) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify({ iss: issuer, ...claims })))
        .setProtectedHeader(JSON.parse(JSON.stringify({ alg, kid, typ: 'JWT', ...header })))
        .sign(privateKey),
    signRaw: (header, payload) => signText(alg, privateKey, `${encode(header)}.${encode(payload)}`),
  };
};

/** base64url of a text or of bytes. */
export const encode = (part: string | Uint8Array): string => Buffer.from(part).toString('base64url');

/** `<text>.<signature>`, with whatever stands in `text`. */
export const signText = (alg: SubjectTokenAlgorithm, privateKey: KeyObject, text: string): string => {
  const hash = alg.startsWith('Ed') ? null : `sha${alg.slice(2)}`;
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const signature = signBytes(hash, Buffer.from(text), {
    key: privateKey,
    ...(alg.startsWith('ES') && { dsaEncoding: 'ieee-p1363' as const }),
    ...(/^[RP]S/.test(alg) && { padding }),
    ...(alg.startsWith('PS') && { saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
  });
  return `${text}.${encode(signature)}`;
};

/** Claims of a token that everybody takes at `now`: issued then, for five minutes. `iss` comes with `sign`. */
export const claimsAt = (now: number, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  sub: 'repo:acme/infrastructure:ref:refs/heads/main',
  aud: 'urn:pulumi:org:acme',
  iat: now,
  nbf: now,
  exp: now + 300,
  jti: randomUUID(),
  ...changes,
});

/** The header of an issuer's tokens as text, to be changed by hand. */
export const headerText = ({ alg, kid }: TestIssuer, changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ alg, kid, typ: 'JWT', ...changes });

export type Verdict = 'accepted' | TokenProblemCode;
export type Judgement = VerifiedToken | (TokenProblem & { readonly genuine?: VerifiedToken });

/** The whole path of a token, as an exchange takes it: read, find the keys by `kid`, verify. */
const judge = async (
  text: string,
  keys: readonly VerificationKey[],
  issuer: { readonly issuer: string; readonly maxTokenAge: number },
  now: number,
): Promise<Judgement> => {
  const read = readToken(text);
  if ('problem' in read) return read;
  const { kid } = read.header;
  const candidates = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (candidates.length === 0) return { problem: 'unknown_key', detail: '' };
  return verifyToken(read, candidates, issuer, now);
};

export const verdictOf = (judgement: Judgement): Verdict => ('problem' in judgement ? judgement.problem : 'accepted');

/** An instant to stand at: 2026-01-01T00:00:00Z. */
export const NOW = 1_767_225_600;

/** An issuer with its keys imported, and a judge of its tokens at `NOW` unless the test stands elsewhere. */
export const makeCourt = async (options: Parameters<typeof makeIssuer>[0] = {}) => {
  const issuer = await makeIssuer(options);
  const keys = await importKeySet(issuer.jwks);
  const registered = { issuer: issuer.issuer, maxTokenAge: 90_000 };
  return {
    ...issuer,
    keys,
    registered,
    judge: (text: string, now = NOW, maxTokenAge = 90_000): Promise<Judgement> =>
      judge(text, keys, { ...registered, maxTokenAge }, now),
    verdict: async (text: string, now = NOW): Promise<Verdict> => verdictOf(await judge(text, keys, registered, now)),
  };
};
export type Court = Awaited<ReturnType<typeof makeCourt>>;
