import { exportKeys } from '../flows/rotate-keys.ts';
import type { Parts } from '../parts.ts';
import { readDiscoveryBase, renderDiscovery } from '../provider/discovery.ts';
import type { IssuerName } from '../settings/settings.ts';
import { claimsSupported } from '../tokens/claims.ts';

/** What relying parties fetch of an issuer, for a place that can be reached where the issuer cannot. */
export interface StaticDocuments {
  readonly issuer: string;
  /** By their paths on the issuer's host, without a slash at the beginning. */
  readonly files: readonly { readonly path: string; readonly bytes: Buffer }[];
  /** Seconds that they may be cached. */
  readonly maxAge: number;
}

/** Discovery and key set as they are now; `undefined`: there is no key ring yet. */
export const staticDocuments = async (
  { settings, store, sealingKeys, provider }: Parts,
  name: IssuerName,
): Promise<StaticDocuments | undefined> => {
  const { url, timing } = settings.issuers[name];
  const keys = await exportKeys({ name, timing, store, sealingKeys });
  if (!keys) return undefined;
  const base = await readDiscoveryBase(provider.provider);
  const claims = claimsSupported(name, settings.claimNamespace);
  const discovery = renderDiscovery({ issuer: url, algs: keys.algs, claims, base });
  const folder = `${new URL(url).pathname.slice(1)}/.well-known`;
  return {
    issuer: url,
    maxAge: keys.maxAge,
    files: [
      { path: `${folder}/openid-configuration`, bytes: discovery },
      { path: `${folder}/jwks`, bytes: keys.bytes },
    ],
  };
};
