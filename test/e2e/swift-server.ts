/**
 * `runpass serve` with key times of seconds, for tests that live through several rotations: the bounds on times belong to
 * the settings file, so this program puts its own between reading the settings and starting the server.
 */
import { startServer } from '../../src/assemble.ts';
import { openLog, standardOutput } from '../../src/logging.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { SWIFT } from './swift.ts';

const loaded = await loadSettings({ env: process.env, cwd: process.cwd() });
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
const { v1, v2 } = loaded.settings.issuers;
const issuers = {
  v1: { ...v1, timing: SWIFT, defaultLifetime: SWIFT.maxLifetime },
  v2: { ...v2, timing: SWIFT, defaultLifetime: SWIFT.maxLifetime },
};
const log = openLog('info', standardOutput());
const server = await startServer({ ...loaded.settings, issuers }, { clock: systemClock, random: systemRandom, log });
process.once('SIGTERM', () => void server.stop());
log.info('server started', { host: server.address.host, port: server.address.port });
