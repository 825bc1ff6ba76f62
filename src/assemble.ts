import { appOf } from './assemble/doors.ts';
import { type FirstToken, firstToken, notYet } from './assemble/first-token.ts';
import { publicDocuments } from './assemble/public-documents.ts';
import { openCloudHttp } from './clouds/http.ts';
import { KeyKeeper } from './flows/keep-keys.ts';
import { publicDocumentsListener } from './http/public-documents.ts';
import { listen } from './http/server.ts';
import { openOutbound } from './issuers/outbound/open.ts';
import { snapshotFile } from './keys/snapshot-file.ts';
import { openParts, type Parts } from './parts.ts';
import { readDiscoveryBase } from './provider/discovery.ts';
import type { IssuerName, Settings } from './settings/settings.ts';
import { type Repeater, repeat, type System } from './system.ts';

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
    // 1. The keys, before anything is served: both rings at once; and the doors, closed as yet. What discovery says
    //    of the token endpoint is what the doors have taught the provider.
    const clockTicks = await parts.system.clock.start();
    const keepers = { v1: keeperOf(parts, 'v1'), v2: keeperOf(parts, 'v2') };
    stopping.push(async () => {
      await Promise.all([clockTicks.stop(), keepers.v1.stop(), keepers.v2.stop()]);
    });
    const state = { firstToken: 'not yet' as FirstToken, draining: false, inFlight: () => 0 };
    const ways = { outbound: openOutbound({}), clouds: openCloudHttp() };
    stopping.push(async () => {
      await Promise.all([ways.outbound.close(), ways.clouds.close()]);
    });
    const app = appOf(parts, keepers, ways, state);
    const [base] = await Promise.all([
      readDiscoveryBase(parts.provider.provider),
      keepers.v1.start(),
      keepers.v2.start(),
    ]);

    // 2. The doors open.
    const documents = publicDocuments(settings, keepers, base);
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
