import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { IdToken } from '../../src/runner/id-token.ts';
import { keepFresh } from '../../src/runner/keep-fresh.ts';
import { RunProblem, type TokenWish } from '../../src/runner/run-desk.ts';
import { makeWorkFolder } from '../../src/runner/work-folder.ts';
import { type SimulatedTime, simulateTime } from './simulated-time.ts';
import { expOf, makeToken } from './tokens.ts';

const WISH: TokenWish = { target: 'azure', lifetime: 300 };
const FIVE_MINUTES = 300;
const THREE_HOURS = 3 * 3600;

/** A run with one file, its server, and somebody who looks at the file whenever time passes. */
const simulate = (
  time: SimulatedTime,
  options: {
    readonly lifetime?: number;
    readonly hours?: number;
    /** What a request for a token does: milliseconds that it takes, or a problem. */
    readonly mint?: (count: number) => number | RunProblem;
  } = {},
) => {
  const { lifetime = FIVE_MINUTES, hours = 24, mint = () => 0 } = options;
  const start = time.clock.nowMs();
  const deadline = Math.floor(start / 1000) + hours * 3600;
  let file: string | undefined;
  const [events, asked]: [string[], number[]] = [[], []];
  const tokenNow = (): IdToken => {
    const now = time.clock.nowMs();
    return makeToken(now, Math.min(lifetime, deadline - Math.floor(now / 1000)));
  };
  const first = tokenNow();
  file = first.text.reveal();
  const stop = new AbortController();
  const ended = keepFresh(
    {
      wish: WISH,
      async put(token) {
        file = token.text.reveal();
      },
      async remove() {
        file = undefined;
      },
    },
    first,
    {
      pace: time.pace,
      deadline,
      desk: {
        async mint(wish, signal) {
          assert.deepEqual(wish, WISH);
          asked.push((time.clock.nowMs() - start) / 1000);
          const how = mint(asked.length);
          if (typeof how !== 'number') throw how;
          const token = tokenNow();
          await time.pace.pause(how, signal);
          return token;
        },
      },
      watch: {
        renewed: () => void events.push('renewed'),
        failed: () => void events.push('failed'),
        removed: (isLast) => void events.push(isLast ? 'removed for good' : 'removed'),
      },
    },
    stop.signal,
  );
  return {
    asked,
    events,
    stop: () => stop.abort(),
    ended,
    /** Lets time pass, and looks at the file all the time; gives for how many seconds it was not there. */
    async watch(seconds: number): Promise<number> {
      let missing = 0;
      for (let second = 1; second <= seconds; second++) {
        await time.runUntil(time.clock.nowMs() + 1000);
        if (file === undefined) missing += 1;
        else assert.ok(expOf(file) * 1000 > time.clock.nowMs(), 'somebody read an expired token');
      }
      return missing;
    },
  };
};

describe('a token in a file, while its command runs', () => {
  test('three hours with tokens of five minutes: always there, never expired', async () => {
    const run = simulate(simulateTime());
    assert.equal(await run.watch(THREE_HOURS), 0);
    assert.deepEqual(run.asked.slice(0, 3), [240, 480, 720]);
    assert.equal(run.asked.length, THREE_HOURS / 240);
    run.stop();
    await run.ended;
  });

  test('the server is away for less than a fifth of a life: nobody notices', async () => {
    const run = simulate(simulateTime(), {
      mint: (count) => (count <= 5 ? new RunProblem('passing', 'away') : 0),
    });
    assert.equal(await run.watch(600), 0);
    assert.deepEqual(run.events.slice(0, 6), [...Array.from({ length: 5 }, () => 'failed'), 'renewed']);
    run.stop();
    await run.ended;
  });

  test('the server is away for longer: no file rather than an expired one, and back as soon as it can be', async () => {
    const run = simulate(simulateTime(), {
      mint: (count) => (count <= 12 ? new RunProblem('passing', 'away') : 0),
    });
    const missing = await run.watch(900);
    assert.ok(missing > 60 && missing < 400, `${missing} s`);
    assert.ok(run.events.includes('removed') && run.events.at(-1) === 'renewed', run.events.join(' '));
    run.stop();
    await run.ended;
  });

  test('a server that keeps silent does not keep an expired file in place', async () => {
    const run = simulate(simulateTime(), { mint: () => 3_600_000 });
    assert.equal(await run.watch(289), 0);
    assert.equal(await run.watch(20), 20);
    run.stop();
    await run.ended;
  });

  test('at the deadline the file goes, before its token expires, and nothing is asked for any more', async () => {
    const run = simulate(simulateTime(), { hours: 1 });
    assert.equal(await run.watch(3589), 0);
    assert.equal(await run.watch(60), 60);
    assert.equal(run.events.at(-1), 'removed for good');
    const { length } = run.asked;
    await run.ended;
    assert.equal(await run.watch(3600), 3600);
    assert.equal(run.asked.length, length);
  });

  test('a run that is over gets no more tokens, and is not asked for again', async () => {
    const over = new RunProblem('over', 'over', { status: 'cancelled' });
    const run = simulate(simulateTime(), { mint: () => over });
    assert.equal(await run.watch(289), 0);
    await run.watch(60);
    assert.deepEqual([run.events, run.asked], [['failed', 'removed for good'], [240]]);
    await run.ended;
  });

  test('whatever the server does, nobody reads an expired token', async () => {
    const outcome = fc.oneof(
      fc.constant(new RunProblem('passing', 'away')),
      fc.constant(new RunProblem('refused', 'no')),
      fc.integer({ min: 0, max: 120_000 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 30 }),
        fc.integer({ min: 60, max: 900 }),
        async (how, lifetime) => {
          const run = simulate(simulateTime(), { lifetime, hours: 1, mint: (count) => how[count - 1] ?? 0 });
          await run.watch(1800);
          run.stop();
          await run.ended;
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('a work folder', () => {
  const base = mkdtempSync(join(tmpdir(), 'runpass-work-'));
  after(() => rmSync(base, { recursive: true }));
  const place = { env: { TMPDIR: base }, uid: process.getuid?.(), pid: process.pid, hostname: 'here' };

  test('a reader sees the old content or the new one, never a part, never nothing', async () => {
    const folder = await makeWorkFolder(place);
    const contents = Array.from({ length: 60 }, (_, index) => String(index % 10).repeat(200_000));
    const path = await folder.put('token', contents[0] ?? '');
    let isOver = false;
    const reading = (async () => {
      let reads = 0;
      for (; !isOver; reads++) {
        const text = readFileSync(path, 'utf8');
        assert.ok(text.length === 200_000 && new Set(text).size === 1, 'half a file');
        await new Promise((resolve) => setImmediate(resolve));
      }
      return reads;
    })();
    for (const content of contents) await folder.put('token', content);
    isOver = true;
    assert.ok((await reading) > 10);
    assert.deepEqual(readdirSync(folder.path).sort(), ['owner', 'token']);
    folder.removeAll();
  });

  test('folder 0700, files 0600, no newline at the end; gone with everything in it, and the file outside', async () => {
    const folder = await makeWorkFolder(place);
    const [inside, outside] = [await folder.put('a', 'text'), join(base, 'outside')];
    await folder.putOutside(outside, 'token');
    assert.equal(statSync(folder.path).mode & 0o777, 0o700);
    for (const file of [inside, outside, join(folder.path, 'owner')]) assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(inside, 'utf8') + readFileSync(outside, 'utf8'), 'texttoken');
    folder.removeAll();
    folder.removeAll();
    assert.deepEqual([existsSync(outside), readdirSync(base)], [false, []]);
    await assert.rejects(folder.put('a', 'text'), /gone/);
    await assert.rejects(folder.putOutside(outside, 'text'), /gone/);
    assert.deepEqual(readdirSync(base), []);
  });
});
