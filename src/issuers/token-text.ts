import { createHash } from 'node:crypto';
import { isJsonObject, type JsonLimits, parseStrictJson, StrictJsonError } from '../strict-json.ts';
import type { TokenProblem, TokenProblemCode } from './problems.ts';
import { type ReadToken, SUBJECT_TOKEN_ALGORITHMS, type SubjectTokenAlgorithm } from './verified-token.ts';

const MAX_TOKEN_CHARACTERS = 16 * 1024;
const MAX_HEADER_BYTES = 4 * 1024;
const MAX_NAME_CHARACTERS = 256;
const MAX_ISSUER_CHARACTERS = 2048;
const HEADER_LIMITS: JsonLimits = { maxDepth: 8, maxMembers: 64 };
const CLAIMS_LIMITS: JsonLimits = { maxDepth: 16, maxMembers: 1000 };

/**
 * All that a header may hold. Entra ID, Azure DevOps and GitHub send thumbprints of a certificate along: they are
 * ignored. Members that bring a key or the address of one, that change how the token is read, or that nobody here
 * knows, make a token that is not for us. RFC 8725, sections 3.9 and 3.10.
 */
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'x5t', 'x5t#S256']);

/** A signed text that was read, but not verified: nothing in it may be believed. RFC 7515, section 7.1. */
export interface ReadJws extends Pick<ReadToken, 'text' | 'header' | 'contentHash'> {
  readonly payload: Uint8Array;
}

/**
 * Reads a subject token as far as it can be read without a key: the strict pre-parser before the JOSE library.
 *
 * There is one text for one content and one signature: whatever the library would read leniently (white space,
 * padding, unused bits, members that stand twice) is refused here, before anything in the token is looked up.
 */
export const readToken = (text: string): ReadToken | TokenProblem => {
  const jws = readJws(text);
  if ('problem' in jws) return jws;
  const claims = readObject('payload', jws.payload, CLAIMS_LIMITS);
  if ('problem' in claims) return claims;

  const { iss } = claims.object;
  if (iss === undefined) return problem('missing_claim', 'it has no iss');
  if (typeof iss !== 'string' || iss.length < 1 || iss.length > MAX_ISSUER_CHARACTERS) {
    return problem('malformed_claim', `iss must be a text of 1 to ${MAX_ISSUER_CHARACTERS} characters`);
  }
  const { header, contentHash } = jws;
  return { text, header, claims: claims.object, iss, contentHash };
};

/** The same for anything that is signed: compact serialization only, and a header that we accept; any payload. */
export const readJws = (text: string): ReadJws | TokenProblem => {
  if (text.length > MAX_TOKEN_CHARACTERS) {
    return problem('malformed_token', `it has more than ${MAX_TOKEN_CHARACTERS} characters`);
  }
  const parts = text.split('.');
  if (parts.length !== 3)
    return problem('malformed_token', `it has ${parts.length} parts where a signed JWT has three`);

  const [headerBytes, payload, signature] = parts.map(decodeCanonical);
  if (!headerBytes || !payload || !signature) {
    return problem('malformed_token', 'a part is not base64url in its one canonical form');
  }
  if (signature.length === 0) return problem('malformed_token', 'it has no signature');
  if (headerBytes.length > MAX_HEADER_BYTES) {
    return problem('malformed_token', `its header has more than ${MAX_HEADER_BYTES} bytes`);
  }
  const read = readObject('header', headerBytes, HEADER_LIMITS);
  if ('problem' in read) return read;
  const header = checkHeader(read.object);
  if ('problem' in header) return header;
  return { text, header, payload, contentHash: hashContent(headerBytes, payload) };
};

/** Node's decoder takes nearly everything. What it encodes back to the same text was canonical. RFC 4648, section 3.5. */
const decodeCanonical = (part: string): Uint8Array | undefined => {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
};

const checkHeader = (header: Readonly<Record<string, unknown>>): ReadToken['header'] | TokenProblem => {
  const { alg, kid, typ } = header;
  for (const [name, value] of Object.entries(header)) {
    if (!HEADER_MEMBERS.has(name)) return problem('unsupported_header', `${shown(name)} is not accepted in a header`);
    if (typeof value !== 'string' || value.length > MAX_NAME_CHARACTERS) {
      return problem('unsupported_header', `${name} must be a text of at most ${MAX_NAME_CHARACTERS} characters`);
    }
  }
  if (!isAccepted(alg)) {
    return problem('unsupported_algorithm', alg === undefined ? 'it names none' : `alg is ${shown(alg)}`);
  }
  // An access token, a DPoP proof or a logout token of the same issuer is no ID token. RFC 8725, section 3.11.
  if (isText(typ) && typ.toUpperCase() !== 'JWT') {
    return problem('unsupported_header', `typ is ${shown(typ)}; that of an ID token is JWT`);
  }
  return { alg, ...(isText(kid) && { kid }), ...(isText(typ) && { typ }) };
};

const isText = (value: unknown): value is string => typeof value === 'string';

const isAccepted = (alg: unknown): alg is SubjectTokenAlgorithm =>
  SUBJECT_TOKEN_ALGORITHMS.some((accepted) => accepted === alg);

// A byte order mark stays in the text, where the JSON parser refuses it.
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const readObject = (
  part: 'header' | 'payload',
  bytes: Uint8Array,
  limits: JsonLimits,
): { readonly object: Readonly<Record<string, unknown>> } | TokenProblem => {
  let text: string;
  try {
    text = UTF_8.decode(bytes);
  } catch {
    return problem('malformed_token', `its ${part} is not UTF-8`);
  }
  try {
    const object = parseStrictJson(text, limits);
    return isJsonObject(object) ? { object } : problem('malformed_token', `its ${part} is not a JSON object`);
  } catch (reason) {
    if (!(reason instanceof StrictJsonError)) throw reason;
    return problem('malformed_token', `its ${part} is not taken as JSON: ${reason.message}`);
  }
};

/** Each with its length before it, so that no two pairs give the same bytes. */
const hashContent = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  }
  return hash.digest('base64url');
};

const problem = (code: TokenProblemCode, detail: string): TokenProblem => ({ problem: code, detail });

const MAX_SHOWN = 40;
const shown = (value: unknown): string => JSON.stringify(String(value).slice(0, MAX_SHOWN));
