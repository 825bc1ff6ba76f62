import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { removeLeftovers } from '../../src/runner/leftovers.ts';
import { type FolderPlace, makeWorkFolder, markOf } from '../../src/runner/work-folder.ts';
import { fingerprint } from '../../src/secret.ts';
import { until } from '../redis.ts';

describe('what a run leaves behind that could not clean up', () => {
  let base: string;
  let place: FolderPlace;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'runpass-left-'));
    place = { env: { TMPDIR: base }, uid: process.getuid?.(), pid: process.pid, hostname: 'here' };
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));
  const sweep = (from: FolderPlace = place) => removeLeftovers(from, Date.now());

  /** A folder of a process that is gone by now. */
  const leaveBehind = async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const folder = await makeWorkFolder({ ...place, pid: child.pid ?? 0 });
    await folder.put('token', 'secret');
    return {
      folder,
      async kill() {
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  };

  test('is removed as soon as its process is gone, and not before', async () => {
    const { folder, kill } = await leaveBehind();
    assert.equal(await sweep(), 0);
    assert.ok(existsSync(folder.path));
    await kill();
    assert.equal(await sweep(), 1);
    assert.ok(!existsSync(folder.path));
  });

  test('is removed also when another process has got its pid by now', async () => {
    const folder = await makeWorkFolder(place);
    const file = join(folder.path, 'owner');
    const owner = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string };
    assert.equal(owner.pid, process.pid);
    writeFileSync(file, JSON.stringify({ ...owner, started: `${owner.started}0` }));
    assert.equal(await sweep(), 1);
  });

  test('is removed also when its process has ended, and nobody has looked after it yet', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60']);
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    await makeWorkFolder({ ...place, pid: Number(said.toString()) });
    assert.equal(await sweep(), 0);
    await until(async () => (await sweep()) === 1);
    parent.kill('SIGKILL');
  });

  test('takes the file outside with it, half-written or whole, if nobody else has put something there', async () => {
    const { folder, kill } = await leaveBehind();
    const [ours, theirs] = [join(base, 'ours'), join(base, 'theirs')];
    await folder.putOutside(ours, 'one');
    await folder.putOutside(ours, 'two');
    await folder.putOutside(theirs, 'three');
    writeFileSync(theirs, 'something of theirs');
    writeFileSync(join(base, `.ours.${markOf(folder.path)}`), 'tw');
    await kill();
    await sweep();
    assert.deepEqual(readdirSync(base), ['theirs']);
  });

  test('that was about to be replaced when its process went', async () => {
    const { folder, kill } = await leaveBehind();
    const path = join(base, 'token');
    await folder.putOutside(path, 'new');
    writeFileSync(path, 'old');
    const owner = join(folder.path, 'owner');
    const said = JSON.parse(readFileSync(owner, 'utf8')) as { outside: { fingerprints: string[] }[] };
    said.outside[0]?.fingerprints.unshift(fingerprint('old'));
    writeFileSync(owner, JSON.stringify(said));
    await kill();
    await sweep();
    assert.ok(!existsSync(path));
  });

  test('is left alone where that cannot be told, until its tokens are long dead', async () => {
    for (const change of [
      (host: { pids: string }) => ({ ...host, pids: 'pid:[1]' }),
      (host: { name: string }) => ({ ...host, name: 'elsewhere' }),
    ]) {
      const { folder, kill } = await leaveBehind();
      const file = join(folder.path, 'owner');
      const owner = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...owner, host: change(owner.host) }));
      await kill();
      assert.equal(await sweep(), 0);
      const old = Date.now() / 1000 - 2 * 3600 - 60;
      utimesSync(folder.path, old, old);
      assert.equal(await sweep(), 1);
    }
  });

  test('is removed when the machine has started anew', async () => {
    const folder = await makeWorkFolder(place);
    const file = join(folder.path, 'owner');
    const owner = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...owner, host: { ...owner.host, boot: 'another' } }));
    assert.equal(await sweep(), 1);
  });

  test('a folder without an owner, or with one that is no owner, is just being made', async () => {
    const parent = dirname((await makeWorkFolder(place)).path);
    mkdirSync(join(parent, 'run-1-abcdef'));
    mkdirSync(join(parent, 'run-1-ghijkl'));
    writeFileSync(join(parent, 'run-1-ghijkl', 'owner'), '{');
    mkdirSync(join(parent, 'something-else'));
    assert.equal(await sweep(), 0);
  });

  test('nothing is made or removed in a folder that others can reach', async () => {
    const parent = dirname((await makeWorkFolder(place)).path);
    chmodSync(parent, 0o755);
    await assert.rejects(makeWorkFolder(place), /is not a folder of this user alone/);
    mkdirSync(join(parent, 'run-1-abcdef'));
    const old = Date.now() / 1000 - 3 * 3600;
    utimesSync(join(parent, 'run-1-abcdef'), old, old);
    assert.equal(await sweep(), 0);
  });

  test('many runs at once, each of which may be the last: all of them find a place', async () => {
    const one = async () => {
      for (let round = 0; round < 20; round++) {
        await sweep();
        const folder = await makeWorkFolder(place);
        await folder.put('token', 'secret');
        folder.removeAll();
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    assert.deepEqual(readdirSync(base), []);
  });

  test('lies in memory where the system has such a place, else in the temporary folder', async () => {
    const runtime = mkdtempSync(join(base, 'runtime-'));
    const there = { ...place, env: { TMPDIR: base, XDG_RUNTIME_DIR: runtime } };
    assert.ok((await makeWorkFolder(there)).path.startsWith(runtime));
    for (const wrong of ['relative', join(base, 'not-there')]) {
      const { path } = await makeWorkFolder({ ...place, env: { TMPDIR: base, XDG_RUNTIME_DIR: wrong } });
      assert.equal(dirname(dirname(path)), base);
    }
  });
});
