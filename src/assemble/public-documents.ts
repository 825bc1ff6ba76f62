import { createHash } from 'node:crypto';
import type { KeyKeeper } from '../flows/keep-keys.ts';
import type { PublicDocument, PublicDocuments } from '../http/public-documents.ts';
import { type DiscoveryBase, renderDiscovery } from '../provider/discovery.ts';
import type { IssuerName, Settings } from '../settings/settings.ts';
import { claimsSupported } from '../tokens/claims.ts';

/** Who keeps the keys of each issuer. */
export type Keepers = Readonly<Record<IssuerName, KeyKeeper>>;

/** Discovery and key set of both issuers, at the paths where anybody looks for them. */
export const publicDocuments = (settings: Settings, keepers: Keepers, base: DiscoveryBase): PublicDocuments => {
  const documents = new Map<string, () => PublicDocument | undefined>();
  for (const { name, url } of Object.values(settings.issuers)) {
    const path = new URL(url).pathname;
    const discovery = discoveryOf(settings, keepers[name], name, base);
    documents.set(`${path}/.well-known/jwks`, () => keepers[name].jwks());
    documents.set(`${path}/.well-known/openid-configuration`, discovery);
    // RFC 8414, section 3: between host and path.
    documents.set(`/.well-known/oauth-authorization-server${path}`, discovery);
  }
  return documents;
};

/** The discovery document of an issuer: rendered anew only when the algorithms of its published keys change. */
const discoveryOf = (settings: Settings, keeper: KeyKeeper, name: IssuerName, base: DiscoveryBase) => {
  let rendered: (PublicDocument & { readonly algs: string }) | undefined;
  return (): PublicDocument | undefined => {
    const keys = keeper.jwks();
    if (!keys) return undefined;
    const algs = keys.algs.join();
    if (rendered?.algs === algs) return rendered;
    const claims = claimsSupported(name, settings.claimNamespace);
    const bytes = renderDiscovery({ issuer: settings.issuers[name].url, algs: keys.algs, claims, base });
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    rendered = { bytes, etag, maxAge: keys.maxAge, algs };
    return rendered;
  };
};
