/**
 * A real server in a process of its own: the very `startServer` that `runpass serve` calls, from the sources or from dist/.
 *
 * Bounds on timings belong to the settings file: here a replica gets times of its own, after the file was read.
 */
import type { SigningAlgorithm } from '../src/keys/ring.ts';
import type { Timing } from '../src/keys/timing.ts';
import type { IssuerSettings, Settings } from '../src/settings/settings.ts';
import { endProfile, startProfile } from './profile.ts';
import { answerQuestions, given } from './questions.ts';

export interface ServerGiven {
  /** The settings file. */
  readonly file: string;
  readonly code: 'src' | 'dist';
  readonly timing?: Timing;
  readonly alg?: SigningAlgorithm;
  /** A second replica listens on a port, and keeps its snapshots in a folder, of its own. */
  readonly replica?: { readonly port: number; readonly data: string };
}

const { file, code, timing, alg, replica } = given<ServerGiven>();
const extension = code === 'src' ? 'ts' : 'js';
const room = (path: string): string => `../${code}/${path}.${extension}`;

const { loadSettings } = (await import(room('settings/load'))) as typeof import('../src/settings/load.ts');
const { startServer } = (await import(room('assemble'))) as typeof import('../src/assemble.ts');
const { openLog, standardOutput } = (await import(room('logging'))) as typeof import('../src/logging.ts');
const { systemClock, systemRandom } = (await import(room('system'))) as typeof import('../src/system.ts');

const loaded = await loadSettings({ file, env: {}, cwd: process.cwd() });
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));

const issuer = (one: IssuerSettings): IssuerSettings => ({
  ...one,
  ...(timing && { timing }),
  ...(alg && { alg }),
});
const { settings } = loaded;
const own: Settings = {
  ...settings,
  issuers: { v1: issuer(settings.issuers.v1), v2: issuer(settings.issuers.v2) },
  http: { ...settings.http, ...(replica && { port: replica.port }) },
  folders: { ...settings.folders, ...(replica && { data: replica.data }) },
};
const log = openLog(own.log.level, standardOutput());
await startServer(own, { clock: systemClock, random: systemRandom, log });

answerQuestions({ startProfile, endProfile });
