import { setTimeout as sleep } from 'node:timers/promises';
import type { Timing } from '../src/keys/timing.ts';
import type { Store } from '../src/store/store.ts';
import type { TestRedis } from '../test/redis.ts';
import { type Child, startChild } from './child.ts';
import { makeInstallation, startServer } from './installation.ts';
import { OPERATOR, openOperator } from './key-set-up.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { Changed } from './operator.ts';
import { openRunClient, type RunClient } from './run-client.ts';

export interface KillOptions {
  /** How often a process is killed. */
  readonly points: number;
  readonly code: 'src' | 'dist';
  /** Absent: an embedded store. */
  readonly redis?: TestRedis;
  /** Loses something before the last look: a harness that finds nothing then is none. */
  readonly lose?: (store: Store, ledger: Ledger) => Promise<void>;
}

export interface KillFigures {
  readonly points: number;
  readonly acknowledged: number;
  /** What was acknowledged and is not there, in words. */
  readonly missing: readonly string[];
  /** Milliseconds from the start of a process until it issues again, for each restart of the server. */
  readonly restarts: readonly number[];
}

/** Times so short that the ring changes all the time. */
const TIMING: Timing = {
  cacheMaxAge: 1,
  staleness: 2,
  clockError: 1,
  leeway: 1,
  maxLifetime: 3,
  publishAhead: 5,
  rotationPeriod: 9,
  rollbackHold: 5,
  maxKeys: 60,
};

/** Lanes of runs that live at once. */
const LANES = 4;
/** How long a point lets things go on at most, before it kills. */
const LONGEST_MS = 300;
/** Everything is looked at again every so many points. */
const LOOK_AT_ALL = 25;

/**
 * Kills, with SIGKILL and at a random instant, the server in the middle of its run writes, the operator in the middle
 * of its ring writes, or both; starts again what is dead, and looks each time whether all that was acknowledged is there.
 */
export const killAndLook = async ({ points, code, redis, lose }: KillOptions): Promise<KillFigures> => {
  const installation = await makeInstallation(redis?.url);
  const startOurServer = () => startServer(installation, { code, timing: TIMING, alg: 'ES256' });
  const startOperator = () => startChild('operator.ts', { file: installation.file, timing: TIMING });
  let server = await startOurServer();
  let operator = await startOperator();
  const { store, close } = await openOperator(installation.file, TIMING);
  const ledger = openLedger(store, OPERATOR);
  const administrator = installation.administrator();
  const restarts: number[] = [];
  try {
    for (let point = 0; point < points; point++) {
      const client = openRunClient(installation.url, administrator, LANES);
      const work = beBusy(client, operator, ledger, point);
      await work.underWay;
      await sleep(Math.random() * LONGEST_MS);
      // The server, the operator, both, and so on.
      const [killsServer, killsOperator] = [point % 3 !== 1, point % 3 !== 0];
      await Promise.all([killsServer && server.kill(), killsOperator && operator.kill()]);
      await work.stop();
      await client.close();

      [server, operator] = await Promise.all([
        killsServer ? timed(startOurServer, restarts) : server,
        killsOperator ? startOperator() : operator,
      ]);
      const isLast = point === points - 1;
      if (isLast) await lose?.(store, ledger);
      const after = openRunClient(installation.url, administrator, 8);
      await ledger.look(after, administrator, isLast || (point + 1) % LOOK_AT_ALL === 0);
      await after.close();
    }
  } finally {
    await Promise.all([server.kill(), operator.kill()]);
    await close();
    installation.remove();
  }
  return { points, ...ledger.figures(), restarts };
};

const timed = async <T>(work: () => Promise<T>, into: number[]): Promise<T> => {
  const startedMs = performance.now();
  const result = await work();
  into.push(performance.now() - startedMs);
  return result;
};

/** Runs live and the ring changes until told to stop. */
const beBusy = (client: RunClient, operator: Child, ledger: Ledger, point: number) => {
  const { promise: underWay, resolve: begun } = Promise.withResolvers<void>();
  let stopped = false;
  let turn = point;
  const lane = async (work: () => Promise<void>): Promise<void> => {
    while (!stopped) await work().catch(() => sleep(10));
  };
  const live = async (): Promise<void> => {
    await ledger.live(client, turn++);
    begun();
  };
  const change = async (): Promise<void> => {
    const { outcome, audited } = await operator.ask<Changed>('change', turn++);
    if (outcome === 'changed') await ledger.changed(audited);
  };
  const lanes = [...Array.from({ length: LANES }, () => lane(live)), lane(change)];
  return {
    /** A run has lived: from here on a kill hits writes. */
    underWay,
    async stop(): Promise<void> {
      stopped = true;
      await Promise.all(lanes);
    },
  };
};
