import type { AdapterFactory, Configuration } from 'oidc-provider';
import type { Settings } from '../settings/settings.ts';

/** What the library asks back while it serves a request. */
export interface Policies {
  /** May this client see what the token is? */
  readonly introspect: NonNullable<
    NonNullable<NonNullable<Configuration['features']>['introspection']>['allowedPolicy']
  >;
  /** May this client end the token? */
  readonly revoke: NonNullable<NonNullable<NonNullable<Configuration['features']>['revocation']>['allowedPolicy']>;
  /** Throws when a client assertion, valid by its standard, is not acceptable to us. */
  readonly checkAssertion: NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;
}

const OFF = { enabled: false } as const;

/**
 * What the library takes for its signing key: none.
 *
 * It builds no client that has no algorithm for ID tokens, and knows only the algorithms of its keys. So it gets an
 * entry that names one and holds no key material: nothing can be signed with it. See docs/decisions/0001.
 */
const NO_KEY = {
  kty: 'EC',
  crv: 'P-256',
  use: 'sig',
  alg: 'ES256',
  kid: 'none',
  x: 'none',
  y: 'none',
  d: 'none',
} as const;

/** Settings in, the library's configuration out: everything off but three endpoints and one grant. */
export const providerConfiguration = (
  settings: Pick<Settings, 'accessTokens'>,
  adapter: AdapterFactory,
  policies: Policies,
): Configuration => ({
  adapter,
  jwks: { keys: [NO_KEY] },
  clientDefaults: {
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: NO_KEY.alg,
  },
  responseTypes: [],
  scopes: ['openid'],
  clientAuthMethods: ['private_key_jwt', 'client_secret_basic', 'client_secret_post'],
  enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] },
  assertJwtClientAuthClaimsAndHeader: policies.checkAssertion,
  clientBasedCORS: () => false,
  routes: {
    authorization: '/authorize',
    introspection: '/introspect',
    jwks: '/.well-known/jwks',
    revocation: '/revoke',
    token: '/token',
  },
  ttl: { ClientCredentials: settings.accessTokens.defaultLifetime },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: policies.introspect },
    revocation: { enabled: true, allowedPolicy: policies.revoke },
    devInteractions: OFF,
    dPoP: OFF,
    pushedAuthorizationRequests: OFF,
    resourceIndicators: OFF,
    rpInitiatedLogout: OFF,
    userinfo: OFF,
  },
});
