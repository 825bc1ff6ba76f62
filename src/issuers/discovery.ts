import { isJsonObject, parseStrictJson, StrictJsonError } from '../strict-json.ts';
import type { FetchedDocument, FetchPermissions, Outbound } from './fetching.ts';
import { type DiscoveredIssuer, IssuerProblem } from './issuer-keys.ts';
import { importKeySet } from './key-set.ts';

/** Enough for a hundred keys with their certificates, and for the longest discovery documents there are. */
const JSON_LIMITS = { maxDepth: 16, maxMembers: 5000 };

/** An issuer as it was just fetched. `maxAge`: seconds that its keys may be kept, as far as it says so. */
export interface FetchedIssuerKeys extends DiscoveredIssuer {
  readonly maxAge?: number;
}

/**
 * Fetches what an issuer publishes: its discovery document, then its keys. OpenID Connect Discovery, section 4.
 *
 * The document must name the issuer that stands in its URL (but for one slash at the end, which some leave out in
 * `iss`), or anybody's document could say whose tokens these are. The keys may lie on another host, which gets no
 * permission beyond those of this registration. Throws `IssuerProblem`.
 */
export const discoverIssuer = async (
  outbound: Outbound,
  url: string,
  permissions: FetchPermissions,
): Promise<FetchedIssuerKeys> => {
  if (/[?#]/.test(url)) throw new IssuerProblem('The URL of an issuer has neither a query nor a fragment.');
  const base = url.replace(/\/$/, '');

  // 1. Who it says that it is.
  const document = await outbound.getJson(`${base}/.well-known/openid-configuration`, permissions);
  const { issuer, jwks_uri: jwksUri } = readObject(document, 'discovery document');
  if (typeof issuer !== 'string') throw new IssuerProblem('The discovery document has no text "issuer".');
  if (issuer !== base && issuer !== `${base}/`) {
    const named = JSON.stringify(issuer.slice(0, 100));
    throw new IssuerProblem(`The discovery document is that of the issuer ${named}; register that URL.`);
  }
  if (typeof jwksUri !== 'string') throw new IssuerProblem('The discovery document has no text "jwks_uri".');

  // 2. Its keys. A certificate that was taken unseen is from now on the only one that is.
  const { hosts, thumbprints, anyCertificate } = permissions;
  const seen = anyCertificate ? [...thumbprints, document.thumbprint] : thumbprints;
  const keySet = await outbound.getJson(jwksUri, { hosts, thumbprints: seen });
  const keys = await importKeySet(readObject(keySet, 'key set'));
  const { maxAge } = keySet;
  return {
    issuer,
    jwksUri,
    algs: [...new Set(keys.flatMap(({ algs }) => algs))],
    keys,
    thumbprint: document.thumbprint,
    ...(maxAge !== undefined && { maxAge }),
  };
};

const readObject = ({ bytes }: FetchedDocument, what: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), JSON_LIMITS);
  } catch (cause) {
    const why = cause instanceof StrictJsonError ? cause.message : 'it is not UTF-8';
    throw new IssuerProblem(`The ${what} cannot be read: ${why}.`, { cause });
  }
  if (!isJsonObject(value)) throw new IssuerProblem(`The ${what} is not a JSON object.`);
  return value;
};
