import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { LOG_LIMITS } from '../../../src/deployments/progress.ts';
import { assertPublishedBody, BASE, type DeploymentDoor, openDeploymentDoor, type Pool } from '../deployment-door.ts';
import { onEachStore } from '../each-store.ts';
import { assertRefused } from './answers.ts';

interface Entry {
  readonly header?: string;
  readonly line?: string;
}

onEachStore('logs of deployments', {}, (suite) => {
  let door: DeploymentDoor;
  let pool: Pool;
  before(async () => {
    door = openDeploymentDoor(suite.server);
    pool = await door.makePool('builders');
  });

  const begin = async () => {
    const { id } = await door.create();
    const { jobToken } = await door.take(pool);
    const logs = async (query = '') => {
      const answer = await suite.server.ask('GET', `${BASE}/${id}/logs${query}`, { as: 'carol' });
      assert.equal(answer.status, 200, answer.text);
      assertPublishedBody('DeploymentLogsBase', answer.json);
      return answer.json;
    };
    /** Everything, as a client reads it: with each token until there is none. */
    const readAll = async (): Promise<readonly Entry[]> => {
      const all: Entry[] = [];
      for (let token: string | undefined = ''; token !== undefined; ) {
        const part: { lines: Entry[]; nextToken?: string } = await logs(`?continuationToken=${token}`);
        all.push(...part.lines);
        token = part.nextToken;
      }
      return all;
    };
    const tell = async (step: string, lines: readonly string[]): Promise<void> => {
      const told = await door.log(id, jobToken, step, lines);
      assert.equal(told.status, 204, told.text);
    };
    return { id, jobToken, logs, readAll, tell, end: () => door.finish(id, jobToken, 'succeeded') };
  };
  const texts = (entries: readonly Entry[]) => entries.map(({ header, line }) => (header ? `# ${header}` : line));

  test('a reader follows a log to its end: nothing twice, nothing missed, each step under its name', async () => {
    const { logs, tell, end } = await begin();
    const first = await logs();
    assert.deepEqual([first.__type, first.lines], ['DeploymentLogs', []]);
    await tell('Start run', ['one']);
    const second = await logs(`?continuationToken=${first.nextToken}`);
    assert.deepEqual(second.lines, [{ header: 'Start run' }, { timestamp: '2026-01-31T12:00:00.5Z', line: 'one' }]);
    await tell('Operation', ['three']);
    // A step that was left before tells once more.
    await tell('Start run', ['two']);
    const third = await logs(`?continuationToken=${second.nextToken}`);
    assert.deepEqual(texts(third.lines), ['two', '# Operation', 'three']);
    const idle = await logs(`?continuationToken=${third.nextToken}`);
    assert.deepEqual([idle.lines, idle.nextToken], [[], third.nextToken]);
    await end();
    assert.deepEqual(await logs(`?continuationToken=${idle.nextToken}`), { __type: 'DeploymentLogs', lines: [] });
  });

  test('a long log comes in parts', async () => {
    const { readAll, tell, end } = await begin();
    const line = (at: number) => `line ${at}`;
    const lines = Array.from({ length: 1700 }, (_, at) => line(at));
    await tell('long', lines.slice(0, 1000));
    await tell('long', lines.slice(1000));
    await tell('short', ['last']);
    await end();
    assert.deepEqual(texts(await readAll()), ['# long', ...lines, '# short', 'last']);
  });

  test('of one step so many lines are read from where one likes', async () => {
    const { logs, tell } = await begin();
    await tell('Start run', ['a']);
    await tell(
      'Operation',
      Array.from({ length: 250 }, (_, at) => String(at)),
    );
    const read = async (query: string) => {
      const { lines, ...rest } = await logs(`?job=0&step=1${query}`);
      return [lines[0]?.line, lines.length, rest];
    };
    const name = { __type: 'DeploymentLogsStep', name: 'Operation' };
    assert.deepEqual(await read(''), ['0', 100, { ...name, nextOffset: 100 }]);
    assert.deepEqual(await read('&offset=100&count=150'), ['100', 150, name]);
    assert.deepEqual(await read('&offset=240&count=499'), ['240', 10, name]);
    assert.deepEqual(await read('&offset=250'), [undefined, 0, name]);
    assert.deepEqual(await logs('?step=7'), { __type: 'DeploymentLogsStep', lines: [] });
    assert.deepEqual(await logs('?job=1&step=0'), { __type: 'DeploymentLogsStep', lines: [] });
  });

  test('what cannot be a place in a log is refused', async () => {
    const { id } = await begin();
    for (const query of ['?step=0&count=0', '?step=0&count=500', '?step=x', '?job=-1', '?step=0&offset=1.5']) {
      assertRefused(await suite.server.ask('GET', `${BASE}/${id}/logs${query}`, { as: 'carol' }), 'invalid_request');
    }
    for (const token of ['x', '1.', '.1', '1'.repeat(8), '1.'.repeat(50).concat('1'), '-1']) {
      const answer = await suite.server.ask('GET', `${BASE}/${id}/logs?continuationToken=${token}`, { as: 'carol' });
      assertRefused(answer, 'invalid_request', /continuationToken/);
    }
  });

  test('long lines are cut, between characters; empty lines and odd ones are kept', async () => {
    const { readAll, tell, end } = await begin();
    const wide = 'é'.repeat(LOG_LIMITS.lineBytes / 2);
    await tell('odd', [`x${wide}`, wide, '', '\u001b[31mred', '{"a":1}']);
    await end();
    const [, cut, ...others] = texts(await readAll());
    assert.equal(Buffer.byteLength(cut ?? ''), LOG_LIMITS.lineBytes - 1);
    assert.deepEqual(others, [wide, '', '\u001b[31mred', '{"a":1}']);
  });

  test('a log has an end: one line says so, and nothing comes after it', async () => {
    const { id, logs, readAll, tell, end } = await begin();
    const line = 'x'.repeat(LOG_LIMITS.lineBytes);
    const lines = Array.from({ length: 60 }, () => line);
    for (let at = 0; at < 11; at++) await tell('much', lines);
    await tell('much', ['late']);
    await tell('another', ['late']);
    await end();
    const all = texts(await readAll());
    assert.equal(all.filter((text) => text === 'log truncated').length, 1);
    assert.ok(!all.includes('late'));
    assert.deepEqual(all.slice(-2), ['log truncated', '# another']);
    const bytes = all.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
    assert.ok(bytes <= LOG_LIMITS.deploymentBytes && bytes > LOG_LIMITS.deploymentBytes - 200_000, String(bytes));
    assert.equal((await suite.server.parts.deployments.deploymentLogs.progress(id)).truncated, true);
    // Long lines come in small answers, and none is missed.
    const read: Entry[] = [];
    for (let offset: number | undefined = 0; offset !== undefined; ) {
      const part: { lines: Entry[]; nextOffset?: number } = await logs(`?step=0&count=499&offset=${offset}`);
      assert.ok(part.lines.length <= 100);
      read.push(...part.lines);
      offset = part.nextOffset;
    }
    assert.deepEqual(texts(read), all.slice(1, -1));
  });

  test('agents that tell at the same moment lose no line, and take no more room than there is', async () => {
    const { id, readAll, tell, end } = await begin();
    await Promise.all(Array.from({ length: 6 }, (_, at) => tell(`step ${at % 2}`, [`a${at}`, `b${at}`])));
    await end();
    assert.equal(texts(await readAll()).length, 2 + 12);
    const { bytes } = await suite.server.parts.deployments.deploymentLogs.progress(id);
    assert.equal(bytes, 12 * (2 + 40));
  });

  test('steps have states and times, and there is a most of them', async () => {
    const { id, jobToken } = await begin();
    const step = (name: string, status: string) =>
      suite.server.ask('POST', `/api/deployments/${id}/steps`, { ...door.bearing(jobToken), json: { name, status } });
    for (const [name, status] of [
      ['Start run', 'running'],
      ['Start run', 'succeeded'],
      ['Operation', 'failed'],
      ['After', 'not-started'],
    ] as const) {
      assert.equal((await step(name, status)).status, 204);
    }
    const [job] = (await door.get(id)).json.jobs;
    assert.deepEqual(
      job.steps.map(({ name, status }: { name: string; status: string }) => [name, status]),
      [
        ['Start run', 'succeeded'],
        ['Operation', 'failed'],
        ['After', 'not-started'],
      ],
    );
    for (let at = 3; at < LOG_LIMITS.steps; at++) assert.equal((await step(`step ${at}`, 'running')).status, 204);
    assertRefused(await step('one more', 'running'), 'limit_reached');
    assertRefused(await door.log(id, jobToken, 'one more', ['x']), 'limit_reached');
    assert.equal((await step('After', 'running')).status, 204);
  });

  test('what is no line and no step is refused with the field named', async () => {
    const { id, jobToken } = await begin();
    const tell = (json: unknown, what = 'logs') =>
      suite.server.ask('POST', `/api/deployments/${id}/${what}`, { ...door.bearing(jobToken), json });
    const line = { timestamp: '2026-01-31T12:00:00Z', line: 'x' };
    for (const [body, message] of [
      [{ lines: [line] }, /"step" is missing/],
      [{ step: 'a' }, /"lines" is missing/],
      [{ step: '', lines: [] }, /^step: /],
      [{ step: 'a\nb', lines: [] }, /^step: /],
      [{ step: 'a'.repeat(101), lines: [] }, /^step: /],
      [{ step: 'a', lines: [{ line: 5 }] }, /^lines\.0\.line: /],
      [{ step: 'a', lines: [{ timestamp: 'now', line: 'x' }] }, /^lines\.0\.timestamp: must be an RFC 3339 time/],
      [{ step: 'a', lines: [{ ...line, level: 'info' }] }, /"level" is not a member/],
      [{ step: 'a', lines: Array.from({ length: 1001 }, () => line) }, /^lines: /],
    ] as const) {
      assertRefused(await tell(body), 'invalid_request', message);
    }
    assertRefused(await tell({ step: 'a', lines: [{ line: 'x'.repeat(1024 * 1024) }] }), 'body_too_large');
    assertRefused(await tell({ name: 'a', status: 'skipped' }, 'steps'), 'invalid_request', /^status: /);
    assert.deepEqual((await door.get(id)).json.jobs[0].steps, []);
    assert.equal((await tell({ step: 'a', lines: [{ line: 'timed by the server' }] })).status, 204);
  });
});
