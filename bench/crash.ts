import { startRedis } from '../test/redis.ts';
import { type Measurement, median, none, type Row } from './figures.ts';
import { type KillFigures, killAndLook } from './kills.ts';

/** Seconds within which a server that was killed must issue again. */
const READY_WITHIN_MS = 3_000;

/** What is lost of all that was acknowledged when server and operator are killed in the middle of their writes. */
export const measureCrashes: Measurement = async ({ quick, code, note }) => {
  const points = (quick ? 20 : 300) / 2;
  const redis = await startRedis();
  const [sqlite, onRedis] = await Promise.all([killAndLook({ points, code }), killAndLook({ points, code, redis })]);
  await redis.stop();
  for (const lost of [...sqlite.missing, ...onRedis.missing]) note(`crash: missing: ${lost}`);
  return [rowOf('crash sqlite', sqlite), rowOf('crash redis', onRedis)];
};

const rowOf = (name: string, { points, acknowledged, missing, restarts }: KillFigures): Row => {
  const slowest = Math.max(...restarts);
  const ready = `ready after ${(median(restarts) / 1000).toFixed(2)} s, at most ${(slowest / 1000).toFixed(2)} s`;
  const row = none(
    name,
    missing.length,
    `${missing.length} of ${acknowledged} missing after ${points} kills; ${ready}`,
  );
  return { ...row, bar: '0, ready < 3 s', passed: row.passed && slowest < READY_WITHIN_MS };
};
