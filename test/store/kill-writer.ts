/**
 * The process that `kill.ts` kills: writes without pause and says on standard output what was acknowledged.
 *
 * Takes the store settings as JSON and a number that no earlier writer had. One line per acknowledged write, handed to
 * the operating system before the next call: what was said survives the death of this process.
 */
import { writeSync } from 'node:fs';
import { Secret } from '../../src/secret.ts';
import { openStore } from '../../src/store/open.ts';
import { silentLog, systemClock, systemRandom } from '../../src/system.ts';
import type { Acknowledged } from './kill.ts';

const [given = '', writer = ''] = process.argv.slice(2);
const { password, ...backend } = JSON.parse(given);
const store = await openStore(
  {
    backend: password === undefined ? backend : { ...backend, password: new Secret(password) },
    timeoutMs: 1_000,
    acceptVolatile: false,
    replicas: 0,
  },
  { clock: systemClock, random: systemRandom, log: silentLog },
  { server: true },
);

const say = (acknowledged: Acknowledged): void => void writeSync(1, `${JSON.stringify(acknowledged)}\n`);

/** Appends one record after another, as runs and the audit log do. */
const append = async (lane: number): Promise<void> => {
  const key = `kill/log-${lane}`;
  for (let n = 0; ; n += 1) {
    const value = `${writer}.${n}`;
    const answer = await store.append(key, [value], { to: 'free' });
    if (typeof answer === 'object') say({ kind: 'record', key, position: answer.position, value });
  }
};

/** Changes one document by compare-and-swap, as the key ring does. */
const replace = async (): Promise<void> => {
  const key = 'kill/ring';
  for (let n = 0; ; n += 1) {
    const value = `${writer}.${n}`;
    const answer = await store.replace(key, (await store.get(key))?.version ?? 0, value);
    if (answer !== 'conflict') say({ kind: 'document', key, version: answer.version, value });
  }
};

// A store that dies first ends this process: what it acknowledged is said already.
await Promise.all([append(0), append(1), append(2), append(3), replace()]).catch(() => process.exit(3));
