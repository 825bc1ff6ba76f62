import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLog } from '../src/logging.ts';

const stream = () => {
  const lines: string[] = [];
  const state = { flushed: 0 };
  return { lines, state, write: (line: string) => void lines.push(line), flushSync: () => void state.flushed++ };
};

test('nothing that looks like one of our secrets or a JWT gets into a line, wherever it stands', () => {
  const to = stream();
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
  const [access, request] = [`rpa_${'a'.repeat(40)}`, `rpr_${'b'.repeat(43)}`];
  const cause = new Error(`refused ${jwt}`, { cause: new Error(`because of ${access}`) });
  openLog('info', to).error('a request failed', { route: request, status: 500 }, cause);
  openLog('info', to).info('odd', {}, `${access} ${jwt}`);
  for (const secret of [jwt, access, request, 'c2lnbmF0dXJl']) assert.ok(!to.lines.join('').includes(secret), secret);
  const [line] = to.lines.map((text) => JSON.parse(text) as Record<string, unknown>);
  assert.deepEqual(
    [line?.level, line?.message, line?.route, line?.status, line?.cause, line?.because],
    ['error', 'a request failed', '[secret]', 500, 'Error: refused [secret]', 'Error: because of [secret]'],
  );
});

test('a warning and an error are written at once, the rest may wait', () => {
  const to = stream();
  const log = openLog('info', to);
  log.debug('not at this level');
  log.info('may wait');
  assert.deepEqual([to.lines.length, to.state.flushed], [1, 0]);
  log.warn('now');
  log.error('now');
  assert.deepEqual([to.lines.length, to.state.flushed], [3, 2]);
});
