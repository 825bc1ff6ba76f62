import { type Client, errors, Provider } from 'oidc-provider';
import type { AccessTokens } from '../access/access-token.ts';
import type { Organization } from '../access/organization.ts';
import { type Holder, principalOf } from '../access/principal.ts';
import { equalInConstantTime, fingerprint } from '../secret.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../store/store.ts';
import { epochSeconds, type System } from '../system.ts';
import { accessTokens } from './access-tokens.ts';
import { storeAdapter } from './adapter.ts';
import { clientFinder } from './clients.ts';
import { type Policies, providerConfiguration } from './configuration.ts';
import { answerFailures } from './failures.ts';
import { shapeTokenModels } from './token-models.ts';
import { tokenRecords } from './token-records.ts';

export interface ProviderParts {
  readonly settings: Pick<Settings, 'issuers' | 'accessTokens'>;
  readonly store: Store;
  readonly system: System;
  /** The organizations in force; a reload replaces the map, and counts from the next request on. */
  readonly organizations: () => ReadonlyMap<string, Organization>;
  /** Of a holder with an origin: are its trusted issuer and its run still there? Else its token is worth nothing. */
  readonly stands: (holder: Holder) => Promise<boolean>;
}

export interface LiveProvider {
  readonly provider: Provider;
  readonly accessTokens: AccessTokens;
  /** May this client see and end a token of this holder? Only within its own organization. */
  readonly concerns: (clientId: string, holder: Holder) => boolean;
  /** Name of the organization that declares this client. */
  readonly organizationOf: (clientId: string) => string | undefined;
}

/** Longest time from now to the end of a client assertion, in seconds: what is remembered against replay stays small. */
const MAX_ASSERTION_LIFETIME = 3600;

/**
 * Makes the protocol engine of the v1 issuer, and with it the access tokens.
 *
 * It opens nothing, listens to nothing and holds no keys: a command that works on the store without a server makes one
 * as well, and a server keeps the same one for its life.
 */
export const makeProvider = (parts: ProviderParts): LiveProvider => {
  const { settings, store, system, organizations } = parts;
  const findClient = clientFinder(organizations);
  const records = tokenRecords(store, system.clock, parts.stands);
  const organizationOf: LiveProvider['organizationOf'] = (clientId) => findClient(clientId)?.organization.name;
  const concerns: LiveProvider['concerns'] = (clientId, holder) => organizationOf(clientId) === holder.organization;
  const provider = new Provider(
    settings.issuers.v1.url,
    providerConfiguration(settings, storeAdapter(store, system.clock, records, findClient), policies(parts, concerns)),
  );
  shapeTokenModels(provider, system, findClient);
  provider.Client.prototype.compareClientSecret = compareWithHash;
  acceptAudience(provider, settings.issuers.v2.url);
  answerFailures(provider, system.log);
  const tokens = accessTokens(provider, records, settings.accessTokens);
  return { provider, accessTokens: tokens, concerns, organizationOf };
};

const policies = ({ organizations, system }: ProviderParts, concerns: LiveProvider['concerns']): Policies => ({
  introspect: (_ctx, client, token) => {
    const holder = holderOf(token);
    const organization = organizations().get(holder.organization);
    return concerns(client.clientId, holder) && organization !== undefined && !!principalOf(holder, organization);
  },
  // RFC 7009 lets a client end its own tokens; ours may end any token of its organization that it can show.
  revoke: (_ctx, client, token) => concerns(client.clientId, holderOf(token)),
  checkAssertion: (_ctx, claims) => {
    if (Number(claims.exp) > epochSeconds(system.clock) + MAX_ASSERTION_LIFETIME) {
      throw new errors.InvalidClientAuth('client assertion lives longer than an hour');
    }
  },
});

/** Who holds a token that the library has found. */
export const holderOf = (token: object): Holder => (token as { readonly holder: Holder }).holder;

/** v2's discovery sends clients to the same doors, and they name the issuer that they discovered. RFC 7523, section 3. */
const acceptAudience = (provider: Provider, audience: string): void => {
  const { prototype } = provider.OIDCContext;
  const audiences = prototype.clientJwtAuthExpectedAudience;
  prototype.clientJwtAuthExpectedAudience = function () {
    return audiences.call(this).add(audience);
  };
};

/** Our clients' secrets are kept as hashes; so the hash itself opens nothing. */
function compareWithHash(this: Client, presented: string): boolean {
  return equalInConstantTime(this.clientSecret ?? '', `sha256:${fingerprint(presented)}`);
}
