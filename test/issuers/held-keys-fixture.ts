import type { FetchPermissions, Outbound } from '../../src/issuers/fetching.ts';
import { openIssuerKeys } from '../../src/issuers/held-keys.ts';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import type { TrustedIssuer } from '../../src/issuers/trusted-issuer.ts';
import { StandingClock } from '../clock.ts';
import { TEST_CERTIFICATE } from './https-host.ts';
import { type IssuerHost, startIssuerHost } from './issuer-host.ts';
import { registration } from './registrations.ts';
import { makeIssuer, type TestIssuer } from './tokens.ts';

/** Held keys over a real issuer, at an instant that the test moves. */
export interface KeysCourt {
  readonly clock: StandingClock;
  readonly published: IssuerHost;
  /** Two keys; the issuer publishes the first. */
  readonly first: TestIssuer;
  readonly second: TestIssuer;
  /** A registration of the issuer by `acme`, or changed. */
  register(change?: Partial<TrustedIssuer>): TrustedIssuer;
  /** `kid` of the candidates for a token with this `kid`, or why there are none. */
  find(issuer: TrustedIssuer, kid: string | undefined, alg?: TestIssuer['alg']): Promise<unknown>;
  readonly keys: ReturnType<typeof openIssuerKeys>;
  /** Registrations for which `unknownKey` was called. */
  readonly unknown: readonly string[];
  /** What may be reached, per organization. */
  readonly hosts: Map<string, readonly string[]>;
  /** What the last fetch was permitted. */
  permitted(): FetchPermissions | undefined;
  stop(): Promise<void>;
}

export const openKeysCourt = async (
  parts: { readonly own?: ReadonlyMap<string, () => Uint8Array | undefined>; readonly outbound?: Outbound } = {},
): Promise<KeysCourt> => {
  const clock = new StandingClock();
  const [first, second] = await Promise.all([makeIssuer({ kid: 'first' }), makeIssuer({ kid: 'second' })]);
  const published = await startIssuerHost(first.jwks);
  const hosts = new Map<string, readonly string[]>([['acme', [published.host.host]]]);
  const unknown: string[] = [];
  const outbound = parts.outbound ?? openOutbound({ ca: TEST_CERTIFICATE });
  let permitted: FetchPermissions | undefined;
  const keys = openIssuerKeys({
    clock,
    outbound: {
      getJson(url, permissions) {
        permitted = permissions;
        return outbound.getJson(url, permissions);
      },
      close: () => outbound.close(),
    },
    own: parts.own ?? new Map(),
    hosts: (organization) => hosts.get(organization) ?? [],
    unknownKey: ({ id }) => unknown.push(id),
  });
  return {
    clock,
    published,
    first,
    second,
    register: (change) => registration({ url: published.url, issuer: published.url, ...change }),
    async find(issuer, kid, alg = 'ES256') {
      const found = await keys.candidates(issuer, { alg, ...(kid !== undefined && { kid }) });
      return typeof found === 'string' ? found : found.map((key) => key.kid);
    },
    keys,
    unknown,
    hosts,
    permitted: () => permitted,
    stop: () => published.stop(),
  };
};
