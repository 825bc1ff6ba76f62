import { exportJWK, generateKeyPair } from 'jose';
import type { AuditEvent, AuditLog } from '../../src/audit/record.ts';
import { openPins } from '../../src/exchange/pin-records.ts';
import { type RegisterIssuerParts, registerIssuer } from '../../src/flows/register-issuer.ts';
import { openTrustedIssuers } from '../../src/issuers/directory.ts';
import { openIssuerKeys } from '../../src/issuers/held-keys.ts';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import type { Registration } from '../../src/issuers/registration.ts';
import type { DeclaredIssuer } from '../../src/issuers/trusted-issuer.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { realRandom, StandingClock } from '../clock.ts';
import { type HttpsHost, startHttpsHost, TEST_CERTIFICATE } from '../issuers/https-host.ts';
import { ACME, PRINCIPALS } from './world.ts';

const { publicKey } = await generateKeyPair('RS256', { extractable: true });
export const JWK = { ...(await exportJWK(publicKey)), kid: 'a', alg: 'RS256', use: 'sig' };
export const JWKS = { keys: [JWK] };

export const OWN = ['https://id.example.com/oidc', 'https://id.example.com/oidc/v2'];

export interface TrustWish {
  /** What the file of the organization declares. */
  readonly declared?: readonly DeclaredIssuer[];
  readonly wrap?: (store: Store) => Store;
  /** Is the test's certificate one that a public authority vouches for? Yes when absent. */
  readonly trusted?: boolean;
}

/** The parts of the stories about trust, on a memory store and a standing clock, with an issuer at a real HTTPS host. */
export const makeTrustWorld = async (host: HttpsHost, wish: TrustWish = {}) => {
  const { declared = [], trusted = true } = wish;
  const clock = new StandingClock();
  const store = (wish.wrap ?? ((same) => same))(memoryStore(clock));
  const events: AuditEvent[] = [];
  const state = { auditFails: false };
  const audit: AuditLog = {
    async record(event) {
      if (state.auditFails) throw new Error('the audit log is full');
      events.push(event);
    },
  };
  const keys = openIssuerKeys({
    clock,
    outbound: openOutbound(trusted ? { ca: TEST_CERTIFICATE } : {}),
    own: new Map(OWN.map((url) => [url, () => undefined])),
    hosts: () => [host.host],
    unknownKey: () => undefined,
  });
  const forgotten: string[] = [];
  const parts = {
    clock,
    random: realRandom,
    audit,
    issuers: openTrustedIssuers({ store, declared: () => declared }),
    pins: openPins(store),
    keys: {
      ...keys,
      forget(id: string) {
        forgotten.push(id);
        keys.forget(id);
      },
    },
    ownIssuers: OWN,
  } satisfies RegisterIssuerParts & Record<string, unknown>;
  /** Registers as an administrator does, exactly as asked. */
  const registerAs = async (request: Registration) =>
    (await registerIssuer(parts, PRINCIPALS.admin, ACME, request)).issuer;
  /** Registers with uploaded keys; what is not said is as in a registration that is accepted. */
  const register = (request: Partial<Registration> = {}) =>
    registerAs({ name: 'ci', url: 'https://ci.example.com', jwks: JWKS, ...request });
  return { clock, store, events, state, parts, registerAs, register, forgotten };
};

/** An HTTPS host that publishes what an issuer does. */
export const startIssuerHost = async (): Promise<HttpsHost> => {
  const host = await startHttpsHost();
  publish(host);
  return host;
};

/** Puts the documents of an issuer below a path; `change` replaces members of its discovery document. */
export const publish = (host: HttpsHost, path = '', change: object = {}): void => {
  const issuer = `${host.origin}${path}`;
  host.json(`${path}/.well-known/openid-configuration`, { issuer, jwks_uri: `${issuer}/jwks`, ...change });
  host.json(`${path}/jwks`, JWKS);
};
