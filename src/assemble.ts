import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunIssuer } from './flows/draft-for-run.ts';
import { makeFirstToken } from './flows/first-token.ts';
import { KeyKeeper } from './flows/keep-keys.ts';
import { makeApp } from './http/app.ts';
import { type MetricSources, openMetrics } from './http/metrics.ts';
import { type PublicDocument, type PublicDocuments, publicDocumentsListener } from './http/public-documents.ts';
import { ringReading } from './http/ring-reading.ts';
import { openApiDoor } from './http/routes/api.ts';
import { addAuditRoutes } from './http/routes/audit.ts';
import { addClaimRoutes } from './http/routes/claims.ts';
import { healthRoutes } from './http/routes/health.ts';
import { runTokenRoute } from './http/routes/run-tokens.ts';
import { addRunRoutes } from './http/routes/runs.ts';
import { addStackRoutes } from './http/routes/stacks.ts';
import { addUserRoutes } from './http/routes/user.ts';
import { listen } from './http/server.ts';
import { snapshotFile } from './keys/snapshot-file.ts';
import { openParts, type Parts } from './parts.ts';
import { type DiscoveryBase, readDiscoveryBase, renderDiscovery } from './provider/discovery.ts';
import { providerMiddleware } from './provider/mount.ts';
import { isLoopbackHost } from './settings/rules.ts';
import type { IssuerName, Settings } from './settings/settings.ts';
import { type Repeater, repeat, type System } from './system.ts';
import { claimsSupported } from './tokens/claims.ts';

/** A server that answers. */
export interface RunningServer {
  /** Public base URL. */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Set where the first start of a store made the first administrator's token, or would have, were the URL loopback. */
  readonly firstToken: 'made' | 'made before' | 'nobody to make it for' | 'not on this host';
  /** Reads the organization files again. */
  reload(): Promise<void>;
  /** Drains, stores what waits, and lets go of everything. */
  stop(): Promise<void>;
}

const MINUTE_MS = 60_000;

/** Starts a server: the only place where all rooms are put together. Answers when it listens and can be asked for tokens. */
export const startServer = async (settings: Settings, local: System): Promise<RunningServer> => {
  const parts = await openParts(settings, local, { server: true });
  const stopping: (() => Promise<void>)[] = [() => parts.close()];
  const stop = async (): Promise<void> => {
    for (const end of stopping.splice(0).reverse()) await end();
  };
  try {
    // 1. The keys, before anything is served: both rings at once.
    const clockTicks = await parts.system.clock.start();
    const keepers = { v1: keeperOf(parts, 'v1'), v2: keeperOf(parts, 'v2') };
    stopping.push(async () => {
      await Promise.all([clockTicks.stop(), keepers.v1.stop(), keepers.v2.stop()]);
    });
    const [base] = await Promise.all([
      readDiscoveryBase(parts.provider.provider),
      keepers.v1.start(),
      keepers.v2.start(),
    ]);

    // 2. The doors.
    const state = {
      firstToken: undefined as RunningServer['firstToken'] | undefined,
      draining: false,
      inFlight: () => 0,
    };
    const documents = publicDocuments(settings, keepers, base);
    const app = appOf(parts, keepers, state);
    const server = await listen({
      host: settings.http.host,
      port: settings.http.port,
      publicDocuments: publicDocumentsListener(documents),
      app: app.callback(),
    });
    state.inFlight = server.inFlight;
    stopping.push(async () => {
      state.draining = true;
      await server.drain(settings.http.drainSeconds);
    });

    // 3. What goes on in the background.
    const housekeeping = keepHouse(parts);
    stopping.push(() => housekeeping.stop());

    // 4. The first administrator's token, once per store; until then nothing is ready.
    state.firstToken = await firstToken(parts);
    return {
      url: settings.url,
      address: server.address,
      firstToken: state.firstToken,
      reload: () => parts.organizations.reload(),
      stop,
    };
  } catch (reason) {
    await stop();
    throw reason;
  }
};

type Keepers = Readonly<Record<IssuerName, KeyKeeper>>;

const keeperOf = (parts: Parts, name: IssuerName): KeyKeeper => {
  const { system, settings, store, audit, sealingKeys, replica } = parts;
  const { alg, timing } = settings.issuers[name];
  const snapshot = snapshotFile(settings.folders.data, name);
  return new KeyKeeper({
    ...system,
    name,
    alg,
    timing,
    store,
    audit,
    sealingKeys,
    snapshot,
    actor: `server:${replica}`,
  });
};

/** Discovery and key set of both issuers, at the paths where anybody looks for them. */
const publicDocuments = (settings: Settings, keepers: Keepers, base: DiscoveryBase): PublicDocuments => {
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

const issuerOf = (settings: Settings, name: IssuerName): RunIssuer => {
  const { url, defaultLifetime, timing } = settings.issuers[name];
  const { subjectPrefix, claimNamespace } = settings;
  const audiences = (organization: string) => settings.organizations[organization]?.audiences ?? [];
  return { name, url, defaultLifetime, maxLifetime: timing.maxLifetime, subjectPrefix, claimNamespace, audiences };
};

interface ServerState {
  readonly firstToken: RunningServer['firstToken'] | undefined;
  readonly draining: boolean;
  readonly inFlight: () => number;
}

const appOf = (parts: Parts, keepers: Keepers, state: ServerState) => {
  const { settings, system, store, audit, directory, runs, organizations } = parts;
  const issuers = { v1: issuerOf(settings, 'v1'), v2: issuerOf(settings, 'v2') };
  const metrics = openMetrics(metricSources(parts, keepers, () => state.inFlight()));
  const stories = {
    ...system,
    store,
    audit,
    directory,
    runs,
    limits: settings.runs,
    organization: (name: string) => organizations.current().get(name),
    signer: (issuer: IssuerName) => keepers[issuer].signer(),
    issued: metrics.issued,
    tokenUrls: (run: string) => ({ v1: tokenUrl(issuers.v1, run), v2: tokenUrl(issuers.v2, run) }),
  };
  const door = openApiDoor(parts.accessTokens, organizations.current);
  addRunRoutes(door, stories);
  addClaimRoutes(door, stories, issuers);
  addStackRoutes(door, stories);
  addAuditRoutes(door, stories);
  addUserRoutes(door);
  const problems = () => Object.values(keepers).flatMap((keeper) => keeper.status().problem ?? []);
  const health = healthRoutes({
    keysNotReady: () => Object.values(keepers).flatMap((keeper) => (keeper.jwks() ? [] : ['There is no key set yet.'])),
    issuingNotReady: async () => [
      ...problems(),
      ...(state.draining ? ['This server is stopping.'] : []),
      ...(state.firstToken ? [] : ['The first start is not finished yet.']),
      ...(await store.time().then(
        () => [],
        () => ['The store does not answer.'],
      )),
    ],
    metrics: metrics.render,
  });
  return makeApp({
    system,
    metrics,
    limits: settings.http,
    provider: providerMiddleware({ live: parts.provider, settings, audit }),
    routes: [runTokenRoute(stories, Object.values(issuers)), health, ...door.middleware()],
  });
};

/** Clients append `&audience=…` to it, so it carries a query already. */
const tokenUrl = (issuer: RunIssuer, run: string): string => `${issuer.url}/runs/${run}/token?v=1`;

const metricSources = (parts: Parts, keepers: Keepers, inFlight: () => number): MetricSources => ({
  rings: () => Object.values(keepers).map((keeper) => ringReading(keeper.status())),
  clockOffsetSeconds: () => parts.system.clock.offsetMs() / 1000,
  auditHeadAgeSeconds: () => parts.audit.figures().headAge,
  unrecordedRefusals: () => parts.audit.figures().unrecordedRefusals,
  inFlight,
});

const keepHouse = ({ audit, organizations }: Parts): Repeater => {
  let minutes = 0;
  const minutely = repeat(
    async () => {
      await audit.signHeads();
      await organizations.compare();
      if (minutes++ % (24 * 60) === 0) await audit.trim();
    },
    MINUTE_MS,
    0.1,
  );
  return minutely;
};

/** Made only where the public URL is this host's own: elsewhere an operator makes the first token by hand. */
const firstToken = async (parts: Parts): Promise<RunningServer['firstToken']> => {
  const { settings, store, audit, accessTokens, organizations } = parts;
  if (!isLoopbackHost(new URL(settings.url).hostname)) return 'not on this host';
  const folder = settings.folders.data;
  const keep = async (token: { reveal(): string }): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(join(folder, 'admin.token'), 'wx', 0o600);
    try {
      await file.writeFile(token.reveal());
      await file.sync();
    } finally {
      await file.close();
    }
  };
  const lifetime = settings.accessTokens.maxLifetime;
  return makeFirstToken({ store, audit, accessTokens, lifetime, keep }, organizations.current());
};
