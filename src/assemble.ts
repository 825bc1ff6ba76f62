import { createHash } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunIssuer } from './flows/draft-for-run.ts';
import { makeFirstToken, type TokenPlace } from './flows/first-token.ts';
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
import { StoreError } from './store/store.ts';
import { type Repeater, repeat, type System } from './system.ts';
import { claimsSupported } from './tokens/claims.ts';

/** `not yet`: the store does not answer; it is made as soon as it does. */
type FirstToken = Awaited<ReturnType<typeof makeFirstToken>> | 'not on this host' | 'not yet';

/** A server that answers. */
export interface RunningServer {
  /** Public base URL. */
  readonly url: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Set where the first start of a store made the first administrator's token, or would have, were the URL loopback. */
  readonly firstToken: FirstToken;
  /** Reads the organization files again. */
  reload(): Promise<void>;
  /** Drains, stores what waits, and lets go of everything. */
  stop(): Promise<void>;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Starts a server. Answers when it listens and can be asked for tokens. */
export const startServer = async (settings: Settings, local: System): Promise<RunningServer> =>
  serveParts(await openParts(settings, local, { server: true }));

/** Serves an installation that is open already, and closes it when it stops: the only place where all rooms are put together. */
export const serveParts = async (parts: Parts): Promise<RunningServer> => {
  const { settings } = parts;
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
      firstToken: 'not yet' as FirstToken,
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

    // 4. The first administrator's token, once per store; until then nothing is ready. A store that is away must not
    //    keep the key sets from being served, so this waits for it behind the open doors.
    const makeToken = async (): Promise<void> => {
      if (state.firstToken === 'not yet') state.firstToken = await firstToken(parts).catch(notYet);
    };
    await makeToken();
    if (state.firstToken === 'not yet') {
      const failed = (cause: unknown) => parts.system.log.error('the first access token could not be made', {}, cause);
      const trying = repeat(() => makeToken().catch(failed), SECOND_MS);
      stopping.push(() => trying.stop());
    }
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
  readonly firstToken: FirstToken;
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
      ...(state.firstToken === 'not yet' ? ['The first start is not finished yet.'] : []),
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

/** Without the store nothing is wrong, only late; anything else stops the start. */
const notYet = (reason: unknown): 'not yet' => {
  if (reason instanceof StoreError && reason.kind !== 'corrupt') return 'not yet';
  throw reason;
};

/** Made only where the public URL is this host's own: elsewhere an operator makes the first token by hand. */
const firstToken = async (parts: Parts): Promise<RunningServer['firstToken']> => {
  const { settings, replica, store, audit, accessTokens, organizations } = parts;
  if (!isLoopbackHost(new URL(settings.url).hostname)) return 'not on this host';
  const path = join(settings.folders.data, 'admin.token');
  const makePlace = async (): Promise<TokenPlace | undefined> => {
    // Every start of a store in memory is its first one; the token of another store in this folder is kept aside.
    if (store.kind === 'memory') await setAside(path);
    return makeTokenFile(path);
  };
  const lifetime = settings.accessTokens.maxLifetime;
  return makeFirstToken({ store, audit, accessTokens, replica, lifetime, makePlace }, organizations.current());
};

/** What an earlier store in memory left is worth nothing, so only the oldest file is kept. */
const setAside = async (path: string): Promise<void> => {
  await link(path, `${path}.before`).catch(() => undefined);
  await rm(path, { force: true });
};

/** Exclusive: a file that is there already, of another store or by another replica, is left alone. */
const makeTokenFile = async (path: string): Promise<TokenPlace | undefined> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') return undefined;
    throw cause;
  });
  if (!file) return undefined;
  return {
    async keep(token) {
      await file.writeFile(token.reveal());
      await file.sync();
      await file.close();
    },
    async giveUp() {
      await file.close();
      await rm(path);
    },
  };
};
