import { isJsonObject } from '../strict-json.ts';
import { isEd25519PublicKey } from './ed25519-point.ts';
import { IssuerProblem } from './issuer-keys.ts';
import { findRsaProblem } from './rsa-key.ts';
import { SUBJECT_TOKEN_ALGORITHMS, type SubjectTokenAlgorithm } from './verified-token.ts';

/** The public members of a key and nothing else, written canonically. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC' | 'OKP'; readonly crv: string; readonly x: string; readonly y?: string };

/** What one member of a key set says, when nothing is wrong with it. */
export interface ReadKey {
  readonly kid?: string;
  /** Absent: a key for something else, or of a kind that nobody here knows. RFC 7517, section 5, has such keys ignored. */
  readonly usable?: {
    readonly algs: readonly SubjectTokenAlgorithm[];
    readonly jwk: PublicJwk;
  };
}

/** Members of private and symmetric keys. RFC 7518, sections 6.2.2, 6.3.2 and 6.4; `priv` of AKP keys. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const MAX_KID_CHARACTERS = 256;
const MAX_SHOWN = 64;

const RSA: readonly SubjectTokenAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVES: Readonly<
  Record<
    'EC' | 'OKP',
    ReadonlyMap<unknown, { readonly algs: readonly SubjectTokenAlgorithm[]; readonly bytes: number }>
  >
> = {
  EC: new Map([
    ['P-256', { algs: ['ES256'], bytes: 32 }],
    ['P-384', { algs: ['ES384'], bytes: 48 }],
    ['P-521', { algs: ['ES512'], bytes: 66 }],
  ]),
  OKP: new Map([['Ed25519', { algs: ['EdDSA', 'Ed25519'], bytes: 32 }]]),
};

/**
 * Reads one JWK of somebody else. RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2.
 *
 * Throws `IssuerProblem` when the key is malformed, weak, private or symmetric: then the whole set is worth nothing.
 * That a point lies on its NIST curve is seen when the key is imported.
 */
export const readPublicKey = (jwk: unknown, index: number): ReadKey => {
  if (!isJsonObject(jwk)) throw keyProblem(index, undefined, '', 'must be an object');
  const { kty, use, key_ops: operations, alg, kid } = jwk;
  const refuse = (member: string, problem: string): never => {
    throw keyProblem(index, kid, member, problem);
  };

  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_CHARACTERS)) {
    refuse('kid', `must be a text of at most ${MAX_KID_CHARACTERS} characters`);
  }
  const secret = SECRET_MEMBERS.find((member) => jwk[member] !== undefined);
  if (secret !== undefined) refuse(secret, 'belongs to a private or symmetric key: publish public members only');
  if (kty === 'oct') refuse('kty', 'is that of a symmetric key: whoever verifies with it can sign, too');
  if (typeof kty !== 'string') refuse('kty', 'must be a text');
  for (const [member, value] of Object.entries({ use, alg })) {
    if (value !== undefined && typeof value !== 'string') refuse(member, 'must be a text');
  }
  if (operations !== undefined && !isListOfTexts(operations)) refuse('key_ops', 'must be a list of different texts');

  const named = typeof kid === 'string' ? { kid } : {};
  if ((use !== undefined && use !== 'sig') || (isListOfTexts(operations) && !operations.includes('verify')))
    return named;
  const suitable = suitableAlgorithms(jwk, refuse);
  if (!suitable) return named;
  if (alg === undefined) return { ...named, usable: { algs: suitable, jwk: readMembers(jwk, refuse) } };

  const own = SUBJECT_TOKEN_ALGORITHMS.find((known) => known === alg);
  if (own === undefined) return named;
  if (!suitable.includes(own)) refuse('alg', `is ${own}, which a key of this type and curve cannot be for`);
  return { ...named, usable: { algs: [own], jwk: readMembers(jwk, refuse) } };
};

/** The sentence that every refusal of a key is. */
export const keyProblem = (index: number, kid: unknown, member: string, problem: string): IssuerProblem => {
  const name = typeof kid === 'string' ? ` (kid ${JSON.stringify(kid.slice(0, MAX_SHOWN))})` : '';
  return new IssuerProblem(`keys[${index}]${member && `.${member}`}${name} ${problem}.`);
};

type Refuse = (member: string, problem: string) => never;
type Jwk = Readonly<Record<string, unknown>>;

const isListOfTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') && new Set(value).size === value.length;

/** What a key of this type and curve can verify; `undefined` when nobody here knows the type or the curve. */
const suitableAlgorithms = ({ kty, crv }: Jwk, refuse: Refuse): readonly SubjectTokenAlgorithm[] | undefined => {
  if (kty === 'RSA') return RSA;
  if (kty !== 'EC' && kty !== 'OKP') return undefined;
  if (typeof crv !== 'string') refuse('crv', 'must be a text');
  return CURVES[kty].get(crv)?.algs;
};

/** Only of a type and curve that are known. */
const readMembers = (jwk: Jwk, refuse: Refuse): PublicJwk => {
  if (jwk['kty'] === 'RSA') {
    const [n, e] = [readBytes(jwk, 'n', refuse), readBytes(jwk, 'e', refuse)];
    const wrong = findRsaProblem(n, e);
    if (wrong) refuse(wrong.member, wrong.problem);
    return { kty: 'RSA', n: encodeNumber(n), e: encodeNumber(e) };
  }
  const kty = jwk['kty'] === 'EC' ? 'EC' : 'OKP';
  const crv = String(jwk['crv']);
  const bytes = CURVES[kty].get(crv)?.bytes;
  const coordinate = (member: 'x' | 'y'): string => {
    const read = readBytes(jwk, member, refuse);
    if (read.length !== bytes) refuse(member, `has ${read.length} bytes; on ${crv} it has ${bytes}`);
    if (kty === 'OKP' && !isEd25519PublicKey(read)) refuse(member, 'is no point that a public key may be');
    return Buffer.from(read).toString('base64url');
  };
  return kty === 'EC' ? { kty, crv, x: coordinate('x'), y: coordinate('y') } : { kty, crv, x: coordinate('x') };
};

const readBytes = (jwk: Jwk, member: string, refuse: Refuse): Uint8Array => {
  const text = jwk[member];
  if (typeof text !== 'string') return refuse(member, 'must be a text');
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : refuse(member, 'must be base64url without padding');
};

/** Some libraries write numbers with a zero octet before them: RFC 7518, section 6.3.1.1, knows them. */
const encodeNumber = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(bytes.findIndex((byte) => byte !== 0))).toString('base64url');
