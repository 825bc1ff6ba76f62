import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StoreSettings } from '../../src/settings/settings.ts';
import type { Store } from '../../src/store/store.ts';
import type { TestRedis } from '../redis.ts';

/** One write that a writer was told had happened. */
export type Acknowledged =
  | { readonly kind: 'record'; readonly key: string; readonly position: number; readonly value: string }
  | { readonly kind: 'document'; readonly key: string; readonly version: number; readonly value: string };

export interface KillOptions {
  /** How many times a process is killed. */
  readonly points: number;
  readonly backend: StoreSettings;
  /** The server behind `backend`: at every other point it is killed instead of the writer. */
  readonly redis?: TestRedis;
  /** Opens the store to look at what is left; called after every kill, and closed again. */
  open(): Promise<Store>;
}

export interface KillResult {
  readonly points: number;
  readonly acknowledged: number;
  /** What was acknowledged and is not there, in words. */
  readonly missing: readonly string[];
}

const WRITER = fileURLToPath(new URL('kill-writer.ts', import.meta.url));

/**
 * Kills, with SIGKILL and at a random instant, a process in the middle of its writes, again and again, and looks
 * each time whether everything that was ever acknowledged is there.
 */
export const killAndLook = async (options: KillOptions): Promise<KillResult> => {
  const acknowledged: Acknowledged[] = [];
  const missing = new Set<string>();
  for (let point = 0; point < options.points; point += 1) {
    acknowledged.push(...(await writeUntilKilled(options, point)));
    const store = await options.open();
    for (const lost of await lookFor(store, acknowledged)) missing.add(lost);
    await store.close();
  }
  return { points: options.points, acknowledged: acknowledged.length, missing: [...missing] };
};

const writeUntilKilled = async (options: KillOptions, point: number): Promise<readonly Acknowledged[]> => {
  const { backend } = options;
  const given =
    backend.kind === 'redis' && backend.password !== undefined
      ? { ...backend, password: backend.password.reveal() }
      : backend;
  const writer = spawn(process.execPath, [WRITER, JSON.stringify(given), String(point)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const gone = new Promise<void>((resolve) => writer.once('close', () => resolve()));
  await new Promise<void>((resolve) => {
    writer.stdout.on('data', (text: Buffer) => {
      said += text;
      resolve();
    });
    void gone.then(resolve);
  });
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
  const { redis } = options;
  if (redis !== undefined && point % 2 === 1) {
    await redis.kill();
    await redis.restart();
  }
  writer.kill('SIGKILL');
  await gone;
  if (said === '') throw new Error('the writer died before it wrote anything');
  // The last line may be cut short: it was never said.
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Acknowledged);
};

const lookFor = async (store: Store, acknowledged: readonly Acknowledged[]): Promise<string[]> => {
  const missing: string[] = [];
  const logs = new Map<string, readonly string[]>();
  for (const one of acknowledged) {
    if (one.kind === 'document') continue;
    const log = logs.get(one.key) ?? (await store.read(one.key, 1, 1_000_000)).map(({ value }) => value);
    logs.set(one.key, log);
    if (log[one.position - 1] !== one.value) missing.push(`record ${one.position} of ${one.key}`);
  }
  const last = acknowledged.filter((one) => one.kind === 'document').at(-1);
  const found = last && (await store.get(last.key));
  if (last && (found === undefined || found.version < last.version))
    missing.push(`version ${last.version} of ${last.key}`);
  if (last && found?.version === last.version && found.value !== last.value) missing.push(`the value of ${last.key}`);
  return missing;
};
