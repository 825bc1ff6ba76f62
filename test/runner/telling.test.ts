import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RunProblem } from '../../src/runner/run-desk.ts';
import { linesTo, openTelling } from '../../src/runner/telling.ts';
import { simulateTime } from './simulated-time.ts';

/** A server that is told of one deployment. */
const tell = (refuse: (call: number) => RunProblem | undefined = () => undefined) => {
  const time = simulateTime(Date.UTC(2026, 0, 1));
  const told: (readonly [string, ...string[]])[] = [];
  let calls = 0;
  const take = (...what: readonly [string, ...string[]]): void => {
    const problem = refuse(++calls);
    if (problem) throw problem;
    told.push(what);
  };
  const telling = openTelling(
    {
      tellStep: async (name, status) => take(name, status),
      tellLines: async (step, lines) => take(step, ...lines.map(({ line }) => line)),
    },
    time.pace,
  );
  return {
    telling,
    told,
    calls: () => calls,
    async flush() {
      const over = telling.flush();
      await time.runUntil(time.clock.nowMs() + 600_000);
      await over;
    },
  };
};

describe('telling how a deployment goes', () => {
  test('steps and lines in their order, lines together', async () => {
    const { telling, told, flush } = tell();
    telling.step('one', 'running');
    telling.line('a');
    telling.line('b');
    telling.step('one', 'succeeded');
    telling.step('two', 'running');
    telling.line('c');
    await flush();
    assert.deepEqual(told, [
      ['one', 'running'],
      ['one', 'a', 'b'],
      ['one', 'succeeded'],
      ['two', 'running'],
      ['two', 'c'],
    ]);
  });

  test('not more at once than the server takes', async () => {
    const { telling, told, flush } = tell();
    telling.step('one', 'running');
    for (let index = 0; index < 1200; index++) telling.line(String(index));
    await flush();
    assert.deepEqual(
      told.map(({ length }) => length - 1),
      [1, 500, 500, 200],
    );
  });

  test('a server that is away for a moment misses nothing', async () => {
    const { telling, told, flush } = tell((call) => (call < 4 ? new RunProblem('passing', 'away') : undefined));
    telling.step('one', 'running');
    telling.line('a');
    await flush();
    assert.deepEqual(told, [
      ['one', 'running'],
      ['one', 'a'],
    ]);
  });

  test('a run that is over takes no more, and nobody waits for it', async () => {
    const { telling, told, calls, flush } = tell((call) => (call > 1 ? new RunProblem('over', 'over') : undefined));
    telling.step('one', 'running');
    telling.line('a');
    telling.step('one', 'failed');
    await flush();
    assert.deepEqual([told, calls()], [[['one', 'running']], 3]);
  });

  test('a server that is away for long does not fill our memory, and it is said where lines are missing', async () => {
    const { telling, told, flush } = tell();
    telling.step('one', 'running');
    for (let index = 0; index < 1000; index++) telling.line(`${index} ${'x'.repeat(16_000)}`);
    await flush();
    telling.line('later');
    await flush();
    const lines = told.flatMap(([, ...rest]) => rest);
    assert.ok(lines.length > 400 && lines.length < 600, String(lines.length));
    assert.deepEqual(lines.slice(-2), ['(lines are missing here: the server was away)', 'later']);
  });
});

describe('lines of a stream', () => {
  const linesOf = async (...chunks: readonly Buffer[]): Promise<readonly string[]> => {
    const lines: string[] = [];
    const stream = linesTo((line) => void lines.push(line));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await finished(stream);
    return lines;
  };

  test('come one by one, with either end, and the last one also without', async () => {
    assert.deepEqual(await linesOf(Buffer.from('a\nb\r\n\nc')), ['a', 'b', '', 'c']);
    assert.deepEqual(await linesOf(Buffer.from('a\n')), ['a']);
    assert.deepEqual(await linesOf(), []);
  });

  test('a line that never ends is cut', async () => {
    const lines = await linesOf(Buffer.from(`${'x'.repeat(40_000)}\ny`));
    assert.deepEqual(
      lines.map(({ length }) => length),
      [16_384, 16_384, 7_232, 1],
    );
    const open = await linesOf(Buffer.from('x'.repeat(20_000)), Buffer.from('x'.repeat(20_000)));
    assert.equal(open.join('').length, 40_000);
  });

  test('are the same however the stream is cut, also within a character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('a', 'é', '🔑', '\n') }), fc.nat(40), async (text, at) => {
        const bytes = Buffer.from(text);
        const whole = await linesOf(bytes);
        assert.deepEqual(await linesOf(bytes.subarray(0, at), bytes.subarray(at)), whole);
        assert.equal(whole.join('\n'), text.replace(/\n$/, ''));
      }),
    );
  });
});
