import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { StoreSettings } from '../../src/settings/settings.ts';
import { openStore } from '../../src/store/open.ts';
import { silentLog, systemClock, systemRandom } from '../../src/system.ts';

const folder = mkdtempSync(join(tmpdir(), 'runpass-open-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const open = (backend: StoreSettings, server = false) =>
  openStore(
    { backend, timeoutMs: 250, acceptVolatile: false, replicas: 0 },
    { clock: systemClock, random: systemRandom, log: silentLog },
    { server },
  );

describe('opening a store', () => {
  it('gives the backend that the settings name', async () => {
    for (const backend of [{ kind: 'memory' }, { kind: 'sqlite', path: join(folder, 'a.db') }] as const) {
      const store = await open(backend);
      assert.equal(store.kind, backend.kind);
      await store.put('key', 'value');
      await store.close();
    }
  });

  it('holds an embedded store for a server, and not for a command', async () => {
    const backend: StoreSettings = { kind: 'sqlite', path: join(folder, 'b.db') };
    const server = await open(backend, true);
    await (await open(backend)).close();
    await assert.rejects(open(backend, true), { name: 'StoreUnfit' });
    await server.close();
  });

  it('loads no Redis client for an embedded store', () => {
    const path = join(folder, 'c.db');
    const code = `
      import { createRequire } from 'node:module';
      import { openStore } from '${new URL('../../src/store/open.ts', import.meta.url).href}';
      import * as system from '${new URL('../../src/system.ts', import.meta.url).href}';
      const settings = { backend: { kind: 'sqlite', path: ${JSON.stringify(path)} }, timeoutMs: 250, acceptVolatile: false, replicas: 0 };
      await openStore(settings, { clock: system.systemClock, random: system.systemRandom, log: system.silentLog }, { server: true });
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('ioredis'));
      console.log(loaded.length);`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    assert.equal(printed.trim(), '0');
  });
});
