import type { JWK } from 'jose';
import { type HttpsHost, startHttpsHost } from './https-host.ts';

/** An outside issuer with its discovery document and its keys, on a host of its own. */
export interface IssuerHost {
  readonly host: HttpsHost;
  /** What an organization registers, and what `iss` says. */
  readonly url: string;
  /** Publishes these keys from now on. */
  publish(jwks: unknown, headers?: Readonly<Record<string, string>>): void;
  /** Publishes this discovery document from now on; absent members as they should be. */
  describe(change?: Readonly<Record<string, unknown>>): void;
  /** From now on everything it is asked for fails. */
  breakDown(): void;
  /** How many times its keys were asked for. */
  keyFetches(): number;
  stop(): Promise<void>;
}

export const startIssuerHost = async (jwks: { readonly keys: readonly JWK[] }): Promise<IssuerHost> => {
  const host = await startHttpsHost();
  const url = `${host.origin}/tenant`;
  const discovery = '/tenant/.well-known/openid-configuration';
  const keys = '/tenant/keys';
  const issuer: IssuerHost = {
    host,
    url,
    publish: (published, headers) => host.json(keys, published, headers),
    describe: (change = {}) => host.json(discovery, { issuer: url, jwks_uri: `${host.origin}${keys}`, ...change }),
    breakDown() {
      for (const path of [discovery, keys]) host.on(path, (_request, response) => response.writeHead(503).end());
    },
    keyFetches: () => host.requests.filter(({ path }) => path === keys).length,
    stop: () => host.stop(),
  };
  issuer.describe();
  issuer.publish(jwks);
  return issuer;
};
