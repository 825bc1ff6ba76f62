import { after, before, describe } from 'node:test';
import type { Settings } from '../../src/settings/settings.ts';
import { startRedis, type TestRedis, until, withoutRedis } from '../redis.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../server.ts';

/** What is answered is the question here, not how fast a busy machine's disk is. */
const patient = (all: Settings): Settings => ({ ...all, store: { ...all.store, timeoutMs: 10_000 } });

/** For Redis: keys sign a few seconds after they were made, not half a minute. */
export const patientAndHasty = (all: Settings): Settings => {
  const hasten = <T extends { timing: object }>(issuer: T): T => ({
    ...issuer,
    timing: { ...issuer.timing, staleness: 4 },
  });
  return patient({ ...all, issuers: { v1: hasten(all.issuers.v1), v2: hasten(all.issuers.v2) } });
};

/** A server that exists while the tests of a suite run. */
export interface ServerOfSuite {
  readonly server: TestServer;
}

/** Runs the same tests against a server on each of the three stores. */
export const onEachStore = (
  name: string,
  options: Omit<TestServerOptions, 'store' | 'beside'>,
  tests: (suite: ServerOfSuite) => void,
): void => {
  for (const store of ['memory', 'sqlite', 'redis'] as const) {
    describe(`${name}, store ${store}`, { skip: store === 'redis' && withoutRedis }, () => {
      let redis: TestRedis | undefined;
      let server: TestServer | undefined;
      before(async () => {
        redis = store === 'redis' ? await startRedis() : undefined;
        const url = redis?.url as `redis://${string}` | undefined;
        const ready = await startTestServer({
          change: redis ? patientAndHasty : patient,
          ...options,
          store: url ?? (store as 'memory' | 'sqlite'),
        });
        server = ready;
        await until(async () => (await ready.ask('GET', '/readyz/issue')).status === 200);
      });
      after(async () => {
        await server?.stop();
        await redis?.stop();
      });
      tests({
        get server() {
          if (!server) throw new Error('the server is there only while tests run');
          return server;
        },
      });
    });
  }
};
