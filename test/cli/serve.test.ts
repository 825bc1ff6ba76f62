import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makePlace, type Place } from './runpass.ts';

describe('serve', () => {
  let place: Place;
  before(async () => {
    place = await makePlace();
  });
  after(() => place.remove());

  test('the second signal ends the process at once, while the first one is waiting', async () => {
    const { child, said } = await place.serve({ RUNPASS_STORE: 'memory:' });
    const { hostname, port } = new URL(place.url);
    const idle = connect(Number(port), hostname);
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    const stopping = new Promise<void>((resolve) => {
      child.stdout?.on('data', () => said.stdout().includes('server stops') && resolve());
    });
    child.kill('SIGTERM');
    await stopping;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [143, null]);
    assert.ok(!said.stdout().includes('server stopped'));
    idle.destroy();
  });

  test('where the public URL is not this host, it makes no token and says how to get one', async () => {
    const env = { RUNPASS_URL: 'https://runpass.example.com', RUNPASS_HOST: '127.0.0.1', RUNPASS_PORT: '0' };
    const server = await place.serve({ ...env, RUNPASS_STORE: 'memory:', RUNPASS_DATA: 'other' });
    assert.match(server.said.stderr(), /For an access token: runpass token create --org ORGANIZATION --user LOGIN/);
    assert.ok(!existsSync(join(place.folder, 'other/admin.token')));
    assert.equal(await server.stop('SIGINT'), 0);
  });
});
