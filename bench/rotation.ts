import { setTimeout as sleep } from 'node:timers/promises';
import { checkTiming, overlap, publishFloor, retention, type Timing } from '../src/keys/timing.ts';
import { type BenchOptions, type Measurement, none, type Row } from './figures.ts';
import { type KeySetUp, openKeySetUp } from './key-set-up.ts';

/** The times of the world, in seconds; the guarded ring is told the truth about it. */
const WORLD: Timing = {
  cacheMaxAge: 3,
  staleness: 2,
  clockError: 1,
  leeway: 11,
  maxLifetime: 3,
  publishAhead: 7,
  rotationPeriod: 11,
  rollbackHold: 3,
  maxKeys: 20,
};
/** What a fully honest retention is halved to in control B, by a λ that is told too small. */
const HALF_LEEWAY = WORLD.leeway - Math.ceil(retention(WORLD) / 2);
/** Twice P: what verifiers of control C cache, while the ring is told C. */
const LONG_CACHE = 2 * WORLD.publishAhead;

/**
 * K1 in compressed time: rotations under the eyes of 200 verifiers that cache for exactly `max-age`, with its three
 * negative controls beside it.
 *
 * The guards cannot be switched off in the product: each control lies to the ring, or lets the operator waive them.
 */
export const measureRotation: Measurement = async (options) => {
  const { quick, note } = options;
  const rotations = quick ? 6 : 40;
  for (const timing of [WORLD, { ...WORLD, leeway: HALF_LEEWAY }]) {
    const [problem] = checkTiming(timing);
    if (problem) throw new Error(`${problem.field} ${problem.problem}`);
  }
  const [guarded, a, b, c] = await Promise.all([
    openKeySetUp({ ...usual(options), timing: WORLD, checksPerToken: quick ? 10 : 95 }),
    openKeySetUp({ ...usual(options), timing: WORLD }),
    openKeySetUp({ ...usual(options), timing: { ...WORLD, leeway: HALF_LEEWAY } }),
    openKeySetUp({ ...usual(options), timing: WORLD, cacheFor: LONG_CACHE }),
  ]);
  const all = [guarded, a, b, c];
  note(
    `rotation: C ${WORLD.cacheMaxAge} S ${WORLD.staleness} σ ${WORLD.clockError} λ ${WORLD.leeway} L ${WORLD.maxLifetime} P ${WORLD.publishAhead} ` +
      `T ${WORLD.rotationPeriod} G ${overlap(WORLD)} R ${retention(WORLD)}, floor ${publishFloor(WORLD)}; ` +
      `B is told λ ${HALF_LEEWAY}; verifiers of C cache ${LONG_CACHE} s`,
  );
  for (const setUp of all) setUp.begin();
  for (let period = 0; guarded.rotations() < rotations; period++) {
    for (let half = 0; half < 2; half++) {
      await sleep((WORLD.rotationPeriod / 2) * 1000);
      await a.rotateUnsafely();
    }
    // Guarded, with an impatient operator now and then: asking twice must not hurt.
    if (period % 3 === 2) await guarded.rotateTwice();
    note(`rotation: ${all.map((setUp) => setUp.rotations()).join(' / ')} rotations (guarded / A / B / C)`);
  }
  const figures = await Promise.all(all.map((setUp) => setUp.end()));
  const [seen, ...controls] = figures as [Seen, Seen, Seen, Seen];
  const enough = seen.checks >= (quick ? 1_000 : 100_000) && seen.rotations >= rotations;
  const guardedRow = none('rotation guarded', seen.failures, describe(seen));
  return [
    {
      ...guardedRow,
      moonshot: '0 of 1,000,000',
      passed: guardedRow.passed && enough,
      reached: guardedRow.passed && seen.checks >= 1_000_000,
    },
    ...controls.map((figure, at) => controlRow('ABC'[at] ?? '', figure, [0.01, 0.001, 0][at] ?? 0)),
  ];
};

type Seen = Awaited<ReturnType<KeySetUp['end']>>;

const usual = ({ code }: BenchOptions) => ({ code, verifiers: 200, leeway: WORLD.leeway, checksPerToken: 10 });

/** A control must fail: otherwise the harness could not have seen a failure of the guarded ring either. */
const controlRow = (name: string, figures: Seen, least: number): Row => {
  const share = figures.failures / figures.checks;
  const passed = share > 0 && share >= least;
  const bar = least === 0 ? '> 0 failures' : `≥ ${least * 100} % failures`;
  return { name: `rotation control ${name}`, figures: describe(figures), bar, moonshot: '', passed, reached: false };
};

const describe = ({ checks, failures, reasons, rotations, unissued }: Seen): string => {
  const why = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  const because = why.length > 0 ? ` (${why.join(', ')})` : '';
  const share = `${((failures / checks) * 100).toFixed(2)} %`;
  return `${failures} failures in ${checks} checks, ${share}${because}; ${rotations} rotations, ${unissued} tokens not issued`;
};
