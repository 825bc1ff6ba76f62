import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Provider } from 'oidc-provider';
import type { SigningAlgorithm } from '../keys/ring.ts';
import { runProvider } from './run-provider.ts';

/** The library's own account of what it does: endpoints, grants and ways to authenticate. */
export type DiscoveryBase = Readonly<Record<string, unknown>>;

/** Asks the provider for its discovery document, in process; no request of a stranger is involved. */
export const readDiscoveryBase = async (provider: Provider): Promise<DiscoveryBase> => {
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  const ctx = provider.createContext(request, new ServerResponse(request));
  await runProvider(provider, ctx, '/.well-known/openid-configuration');
  return ctx.body as DiscoveryBase;
};

export interface Discovery {
  /** The issuer that the document is of: v1 or v2, byte for byte the `iss` of its tokens. */
  readonly issuer: string;
  /** What its tokens may be signed with now, the usual one first. */
  readonly algs: readonly SigningAlgorithm[];
  /** Every claim that its tokens may carry. */
  readonly claims: readonly string[];
  /** Of the provider, which is v1's: v2 names the same endpoints for clients. */
  readonly base: DiscoveryBase;
}

const CLIENT_ENDPOINTS = ['token', 'introspection', 'revocation'] as const;

/**
 * The discovery document of one issuer, as it goes out.
 *
 * Says what verifiers need and clients can use, and nothing that does not exist; same input, same bytes.
 * OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2.
 */
export const renderDiscovery = ({ issuer, algs, claims, base }: Discovery): Buffer => {
  const methods = base.token_endpoint_auth_methods_supported;
  const assertionAlgs = base.token_endpoint_auth_signing_alg_values_supported;
  const document = {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks`,
    // Demanded by section 3 and by strict clients; it answers that nobody signs in here.
    authorization_endpoint: `${issuer}/authorize`,
    response_types_supported: ['id_token'],
    subject_types_supported: base.subject_types_supported,
    id_token_signing_alg_values_supported: algs,
    scopes_supported: base.scopes_supported,
    claims_supported: claims,
    grant_types_supported: base.grant_types_supported,
    // The default would be true.
    request_uri_parameter_supported: base.request_uri_parameter_supported,
    ...Object.fromEntries(
      CLIENT_ENDPOINTS.flatMap((name) => [
        [`${name}_endpoint`, base[`${name}_endpoint`]],
        [`${name}_endpoint_auth_methods_supported`, methods],
        [`${name}_endpoint_auth_signing_alg_values_supported`, assertionAlgs],
      ]),
    ),
  };
  return Buffer.from(JSON.stringify(document));
};
