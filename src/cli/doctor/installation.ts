import { readStored } from '../../audit/chain.ts';
import { parseHead } from '../../audit/head.ts';
import { AUDIT_CLASSES, findDays, headKey, logKey, scopeOf } from '../../audit/places.ts';
import { dayOf } from '../../day-logs.ts';
import type { SealingKeys } from '../../keys/seal.ts';
import { readSealingKeys } from '../../keys/sealing-file.ts';
import { loadRing } from '../../keys/stored-ring.ts';
import { viewRing } from '../../keys/timeline.ts';
import { spell } from '../../keys/timing.ts';
import type { IssuerSettings, Settings } from '../../settings/settings.ts';
import type { Durability, Store } from '../../store/store.ts';
import type { Clock } from '../../system.ts';
import { shortKid } from '../key-rings.ts';
import { attempt, type Finding, fail, ok, sayOffset, warn } from './finding.ts';

export interface InstallationParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  /** Names of the organizations that the files declare. */
  readonly organizations: readonly string[];
}

/** What only the host of the store can tell: store, time, keys and audit log. */
export const checkInstallation = async (parts: InstallationParts): Promise<readonly Finding[]> => {
  const { settings, store } = parts;
  const sealing = await readSealing(settings.folders.keys);
  return [
    sealing.finding,
    ...(await attempt('store', 'see the log of the store', () => checkStore(parts))),
    ...(await checkRings(parts, sealing.keys)),
    ...(await attempt('audit log', 'run "runpass audit verify --installation"', () => checkHeads(parts, store))),
  ];
};

const readSealing = async (folder: string): Promise<{ readonly finding: Finding; readonly keys?: SealingKeys }> => {
  const check = 'sealing key';
  try {
    const keys = await readSealingKeys(folder);
    if (!keys) return { finding: fail(check, `${folder} holds no sealing.key.`, 'restore it from its backup') };
    return { finding: ok(check, `${keys.map(({ id }) => id).join(', ')}; only its owner can read it`), keys };
  } catch (cause) {
    return { finding: fail(check, cause instanceof Error ? cause.message : String(cause), 'correct the file') };
  }
};

const DURABILITY = {
  memory: fail('store', 'The store forgets everything when its server ends.', 'use SQLite or Redis'),
  process: warn('store', 'A power cut may lose the newest changes.', 'set "appendfsync always" in Redis'),
  disk: ok('store', 'What is acknowledged is on a disk.'),
  replicated: ok('store', 'What is acknowledged is on several machines.'),
} as const satisfies Record<Durability, Finding>;

const checkStore = async ({ store, clock, settings }: InstallationParts): Promise<readonly Finding[]> => {
  const { clockError } = settings.issuers.v1.timing;
  const offset = Math.round(((await store.time()) - clock.nowMs()) / 1000);
  const says = sayOffset('store', offset);
  const time =
    Math.abs(offset) <= clockError
      ? ok('store time', says)
      : fail('store time', says, `set both clocks by NTP: at most ${clockError} s are tolerated`);
  return [DURABILITY[await store.durability()], time];
};

const checkRings = async (parts: InstallationParts, sealing: SealingKeys | undefined): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const issuer of Object.values(parts.settings.issuers)) {
    const check = `key ring ${issuer.name}`;
    findings.push(...(await attempt(check, 'see "runpass keys list"', () => checkRing(parts, issuer, sealing))));
  }
  return findings;
};

const checkRing = async (
  { store, settings }: InstallationParts,
  issuer: IssuerSettings,
  sealing: SealingKeys | undefined,
): Promise<readonly Finding[]> => {
  const check = `key ring ${issuer.name}`;
  const loaded = await loadRing(store, issuer.name);
  if (!loaded) return [fail(check, 'There is no key ring yet.', 'start the server: it makes one')];
  const now = Math.floor((await store.time()) / 1000);
  const view = viewRing(loaded.ring, now, issuer.timing);
  const foreign = view.keys.filter(
    (key) => sealing && key.sealedWith !== undefined && !sealing.some(({ id }) => id === key.sealedWith),
  );
  if (foreign.length > 0) {
    const ids = [...new Set(foreign.map((key) => key.sealedWith))].join(', ');
    const fix = `restore the sealing key ${ids} from its backup, into ${settings.folders.keys}/sealing.key`;
    return [fail(check, `Keys are sealed with ${ids}, which this host does not have.`, fix)];
  }
  const signing = view.keys.find(({ kid }) => kid === view.signsNow);
  if (!signing) {
    const fix = 'wait until the next key signs, or see "runpass keys rotate --unsafe"';
    return [fail(check, 'No key signs now: nothing is issued.', fix)];
  }
  const age = now - signing.signFrom;
  const next = view.signsNext;
  if (!next) {
    const fix = 'keep a server running: it publishes the next key by itself';
    return [warn(check, `Key ${shortKid(signing.kid)} has signed for ${spell(age)}, and no spare is published.`, fix)];
  }
  if (age > 2 * issuer.timing.rotationPeriod) {
    const fix = 'keep a server running: it makes the switches by itself';
    return [warn(check, `Key ${shortKid(signing.kid)} has signed for ${spell(age)}, twice its time.`, fix)];
  }
  return [
    ok(
      check,
      `${shortKid(signing.kid)} has signed for ${spell(age)}; ${shortKid(next.kid)} follows in ${spell(next.at - now)}.`,
    ),
  ];
};

/** Heads are signed every minute; a record that no head vouches for must not be much older. */
const UNSIGNED_SECONDS = 180;

const checkHeads = async ({ organizations }: InstallationParts, store: Store): Promise<readonly Finding[]> => {
  const now = Math.floor((await store.time()) / 1000);
  let oldest = now;
  for (const scope of [scopeOf(undefined), ...organizations]) {
    for (const kind of AUDIT_CLASSES) {
      for (const place of await findDays(store, kind, scope, dayOf(now - 86_400), dayOf(now))) {
        const stored = await store.get(headKey(place));
        const head = stored && parseHead(stored.value);
        const signed = head ? head.seq - head.first + 1 : 0;
        const [next] = await store.read(logKey(place), signed + 1, 1);
        oldest = Math.min(oldest, (next && readStored(next.value)?.record.time) ?? now);
      }
    }
  }
  const age = now - oldest;
  if (age <= UNSIGNED_SECONDS) return [ok('audit log', 'Every older record is vouched for by a signed head.')];
  const fix = 'see the log of the server that wrote it; a server that was killed leaves its last minute unsigned';
  return [warn('audit log', `A record of ${spell(age)} ago is not vouched for by a signed head.`, fix)];
};
