import type { AuditEvent } from '../../src/audit/record.ts';
import { type KeeperParts, KeyKeeper } from '../../src/flows/keep-keys.ts';
import type { RingDesk } from '../../src/flows/rotate-keys.ts';
import { newSealingKey, parseSealingKeys } from '../../src/keys/seal.ts';
import type { LocalFile } from '../../src/keys/snapshot.ts';
import { StoreClock } from '../../src/store/clock.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import { silentLog, systemRandom } from '../../src/system.ts';
import { StandingClock } from '../clock.ts';
import { DEFAULTS } from '../keys/rings.ts';

export const fileInMemory = (): LocalFile & { text: string | undefined } => ({
  text: undefined,
  async read() {
    return this.text;
  },
  async write(text) {
    this.text = text;
  },
});

/** The memory store, as something that a test may change method by method. */
const copyOf = (store: Store, kind: Store['kind']): Store => {
  const bind = (value: unknown) => (typeof value === 'function' ? value.bind(store) : value);
  const methods = Object.entries(store).map(([name, value]) => [name, bind(value)] as const);
  return { ...(Object.fromEntries(methods) as unknown as Store), kind };
};

/** One store, any number of replicas, and a clock that moves when told. */
export class World {
  readonly clock = new StandingClock();
  readonly events: AuditEvent[] = [];
  readonly sealingKeys = parseSealingKeys(newSealingKey(systemRandom));
  auditFails = false;
  /** What the replicas reach. */
  store: Store;
  readonly audit = {
    record: async (event: AuditEvent): Promise<void> => {
      if (this.auditFails) throw new StoreError('unavailable', 'the audit log is gone');
      this.events.push(event);
    },
  };

  constructor(kind: Store['kind']) {
    this.store = copyOf(memoryStore(this.clock), kind);
  }

  keeper(more: Partial<KeeperParts> = {}): KeyKeeper {
    const through = new Proxy({} as Store, { get: (_target, name) => Reflect.get(this.store, name) });
    return new KeyKeeper({
      name: 'v1',
      alg: 'ES256',
      timing: DEFAULTS,
      store: through,
      clock: new StoreClock(through, this.clock, DEFAULTS.clockError),
      random: systemRandom,
      log: silentLog,
      audit: this.audit,
      sealingKeys: this.sealingKeys,
      snapshot: fileInMemory(),
      actor: 'server:test',
      ...more,
    });
  }

  desk(sealingKeys = this.sealingKeys): RingDesk {
    const { store, audit } = this;
    return { name: 'v1', store, audit, sealingKeys, timing: DEFAULTS, actor: 'operator:test' };
  }

  async pass(seconds: number, ...keepers: readonly KeyKeeper[]): Promise<void> {
    this.clock.advance(seconds);
    for (const keeper of keepers) await keeper.step();
  }

  /** Takes the store away; gives the way to bring it back. */
  cutOff(): () => void {
    const reachable = this.store;
    const gone = () => Promise.reject(new StoreError('unavailable', 'the store is gone'));
    this.store = { ...reachable, get: gone, replace: gone, create: gone, time: gone };
    return () => {
      this.store = reachable;
    };
  }
}

export const openWorld = (kind: Store['kind'] = 'memory'): World => new World(kind);

export const kidOf = (keeper: KeyKeeper): string | undefined => keeper.signer()?.kid;
export const bytesOf = (keeper: KeyKeeper): string | undefined => keeper.jwks()?.bytes.toString();
