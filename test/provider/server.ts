import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import Koa from 'koa';
import type { AccessTokens } from '../../src/access/access-token.ts';
import type { Client, Organization } from '../../src/access/organization.ts';
import type { AuditEvent } from '../../src/audit/record.ts';
import { publicDocumentsListener } from '../../src/http/public-documents.ts';
import { readDiscoveryBase, renderDiscovery } from '../../src/provider/discovery.ts';
import { acceptExchanges } from '../../src/provider/exchange-grant.ts';
import { makeProvider, type ProviderParts } from '../../src/provider/live.ts';
import { providerMiddleware } from '../../src/provider/mount.ts';
import { fingerprint } from '../../src/secret.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { type Log, type System, systemRandom } from '../../src/system.ts';

/** A clock that stands on the real time until it is moved: the library checks assertions by the real one. */
export class MovableClock {
  #movedMs = 0;
  nowMs(): number {
    return Date.now() + this.#movedMs;
  }
  monotonicMs(): number {
    return performance.now();
  }
  move(seconds: number): void {
    this.#movedMs += seconds * 1000;
  }
}

export const ACCESS_TOKENS = { defaultLifetime: 7200, maxLifetime: 86_400 };
export const SECRET = 'correct horse battery staple: +/%&=';

export const secretClient = (id: string, secret = SECRET): Client => ({
  id,
  administrator: false,
  roles: [],
  authentication: { method: 'secret', secretHash: `sha256:${fingerprint(secret)}` },
});

/** A key pair and the client that authenticates with it. */
export const keyClient = async (id: string): Promise<{ readonly client: Client; readonly key: CryptoKey }> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)) }] };
  return {
    key: privateKey,
    client: { id, administrator: false, roles: [], authentication: { method: 'private_key_jwt', jwks } },
  };
};

export const organization = (name: string, parts: Partial<Organization> = {}): Organization => ({
  name,
  users: [],
  teams: [],
  roles: [],
  clients: [],
  subjects: [],
  defaultEnvironmentAccess: 'none',
  trustedIssuers: [],
  ...parts,
});

export const organizationMap = (...all: readonly Organization[]): ReadonlyMap<string, Organization> =>
  new Map(all.map((one) => [one.name, one]));

/** Everything that a log was told, as one text. */
const recordingLog = (): { readonly log: Log; readonly text: () => string } => {
  const lines: string[] = [];
  const line = (message: string, fields?: unknown, cause?: unknown): void => {
    lines.push(`${message} ${JSON.stringify(fields)} ${cause instanceof Error ? cause.stack : ''}`);
  };
  return { log: { debug: line, info: line, warn: line, error: line }, text: () => lines.join('\n') };
};

/** A store that writes down all that is asked of it. */
export const watchedStore = (
  store: Store,
): { readonly store: Store; readonly calls: readonly (readonly unknown[])[] } => {
  const calls: (readonly unknown[])[] = [];
  const watched = new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls.push([name, ...args]);
        return method.apply(target, args) as unknown;
      };
    },
  });
  return { store: watched, calls };
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface Served {
  readonly issuer: string;
  readonly clock: MovableClock;
  readonly accessTokens: AccessTokens;
  readonly events: readonly AuditEvent[];
  readonly log: () => string;
  readonly calls: readonly (readonly unknown[])[];
  /** Replaces the organizations, as a reload does. */
  reload(next: ReadonlyMap<string, Organization>): void;
  send(method: string, path: string, options?: { form?: object; headers?: Record<string, string> }): Promise<Answer>;
}

export interface ServeOptions {
  readonly store?: (clock: MovableClock) => Store;
  readonly failAudit?: () => Error | undefined;
  /** Absent: whatever a token came from is still there. */
  readonly stands?: ProviderParts['stands'];
  /** Absent: the token endpoint exchanges nothing. */
  readonly exchange?: Parameters<typeof acceptExchanges>[1];
}

/** Serves the provider's doors and v1's and v2's discovery on a port of its own, until the test is over. */
export const serve = async (
  t: TestContext,
  organizations: ReadonlyMap<string, Organization>,
  options: ServeOptions = {},
): Promise<Served> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => close(server));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const clock = new MovableClock();
  const { log, text } = recordingLog();
  const system: System = { clock, random: systemRandom, log };
  const { store, calls } = watchedStore(options.store?.(clock) ?? memoryStore(clock));
  const settings = {
    issuers: { v1: { url: `${url}/oidc` }, v2: { url: `${url}/oidc/v2` } },
    accessTokens: ACCESS_TOKENS,
  } as ProviderParts['settings'];
  let current = organizations;
  const { stands = async () => true, exchange } = options;
  const live = makeProvider({ settings, store, system, organizations: () => current, stands });
  if (exchange) acceptExchanges(live, exchange);
  const events: AuditEvent[] = [];
  const audit = {
    async record(event: AuditEvent): Promise<void> {
      const failure = options.failAudit?.();
      if (failure) throw failure;
      events.push(event);
    },
  };

  const app = new Koa();
  app.silent = true;
  app.use(async (ctx, next) => {
    await next();
    ctx.set('X-Path', ctx.path);
    ctx.set('X-Refusal', String(ctx.state.refusal ?? ''));
    if (ctx.status === 404) Object.assign(ctx, { status: 404, body: { none: true } });
  });
  app.use(providerMiddleware({ live, settings, audit }));

  const base = await readDiscoveryBase(live.provider);
  const discovery = (issuer: string) => {
    const body = renderDiscovery({ issuer, algs: ['RS256'], claims: ['iss', 'sub', 'aud'], base });
    return () => ({ bytes: body, etag: `"${fingerprint(body.toString())}"`, maxAge: 300 });
  };
  const publicDocuments = publicDocumentsListener(
    new Map([
      ['/oidc/.well-known/openid-configuration', discovery(`${url}/oidc`)],
      ['/oidc/v2/.well-known/openid-configuration', discovery(`${url}/oidc/v2`)],
    ]),
  );
  const rest = app.callback();
  server.on('request', (req, res) => {
    if (!publicDocuments(req, res)) void rest(req, res);
  });

  return {
    issuer: `${url}/oidc`,
    clock,
    accessTokens: live.accessTokens,
    events,
    log: text,
    calls,
    reload: (next) => {
      current = next;
    },
    send: (method, path, { form, headers = {} } = {}) => send(port, method, path, form, headers),
  };
};

/** By node:http, because fetch would not send a Host or a target of the test's choice. */
const send = (
  port: number,
  method: string,
  path: string,
  form: object | undefined,
  headers: Record<string, string>,
) => {
  const body = form && new URLSearchParams(form as Record<string, string>).toString();
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path, headers: { ...type, ...headers } }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const json = /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(text || '{}') : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: json });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
};

const close = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});

export interface AssertionParts {
  readonly alg?: string;
  readonly audience?: string;
  readonly expiresIn?: number;
  readonly jti?: string;
  readonly issuer?: string;
}

/** The form members that authenticate a client by an assertion. RFC 7523, section 2.2. */
export const assertion = async (
  id: string,
  key: CryptoKey | Uint8Array,
  issuer: string,
  parts: AssertionParts = {},
) => {
  const now = Math.floor(Date.now() / 1000);
  const jwt = await new SignJWT({ jti: parts.jti ?? crypto.randomUUID() })
    .setProtectedHeader({ alg: parts.alg ?? 'ES256' })
    .setIssuer(parts.issuer ?? id)
    .setSubject(id)
    .setAudience(parts.audience ?? issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + (parts.expiresIn ?? 60))
    .sign(key);
  return { client_assertion: jwt, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
};
