import type { AuditLog } from '../audit/record.ts';
import { changeAlgorithm } from '../keys/lifecycle.ts';
import { judge } from '../keys/merge.ts';
import { makeKey } from '../keys/new-key.ts';
import { carryOut, plan } from '../keys/plan.ts';
import { type Closed, type PrivateHalf, PrivateHalves } from '../keys/private-halves.ts';
import type { PublishedKeys } from '../keys/published.ts';
import type { Ring, SigningAlgorithm } from '../keys/ring.ts';
import { SealingError } from '../keys/seal.ts';
import { type Serving, serve } from '../keys/serving.ts';
import { type LocalFile, readSnapshot, snapshotText } from '../keys/snapshot.ts';
import { loadRing, type StoredRing, writeRing } from '../keys/stored-ring.ts';
import { type Clock, type EpochSeconds, epochSeconds, type Log, type Random, repeat } from '../system.ts';
import { type KeeperStatus, keeperStatus } from './keeper-status.ts';
import { firstRing, type RingPlace, restoreRing } from './mend-ring.ts';
import { eventOf, type RingEvent, RingRecords } from './ring-records.ts';

/** Store time, and how far the local clock agrees with it: `drifting` stops changes to the ring, `wrong` stops issuing. */
export interface KeeperClock extends Clock {
  state(): KeeperStatus['clock'];
}

export interface KeeperParts extends RingPlace {
  /** Algorithm that the settings ask for. */
  readonly alg: SigningAlgorithm;
  readonly clock: KeeperClock;
  readonly random: Random;
  readonly log: Log;
  readonly audit: AuditLog;
  /** Where the public snapshot of this ring lies on local disk. */
  readonly snapshot: LocalFile;
  /** Who changes the ring, for audit records: `server:<replica>`. */
  readonly actor: string;
}

/**
 * Keeps one issuer's key ring on one replica: reads it, serves it, and does what is due on it.
 *
 * There is no leader: every replica derives the signer from the document and the clock, and may carry out the plan; the
 * store's compare-and-swap lets one of them win. It never goes back to an older generation, never signs with a key that is
 * not in the JWKS it serves, never signs from a view older than S, and serves the JWKS whatever happens to the store.
 * See docs/keys.md.
 */
export class KeyKeeper {
  readonly #parts: KeeperParts;
  readonly #halves: PrivateHalves;
  readonly #records: RingRecords;
  readonly #listeners = new Set<() => void>();
  /** The newest ring that this replica trusts, and the version it has in the store. */
  #held: StoredRing | undefined;
  #source: KeeperStatus['source'] = 'none';
  /** While the store has gone back and is not repaired yet: what it says joined with what we hold. */
  #union: Ring | undefined;
  #serving: Serving | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #pollAtMs = Number.NEGATIVE_INFINITY;
  #trouble: string | undefined;
  #rollbacks = 0;
  #ends: (() => Promise<void>)[] = [];

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#halves = new PrivateHalves(parts.sealingKeys);
    this.#records = new RingRecords(parts.audit, parts.actor);
  }

  /** The key set to serve; `undefined` only before any ring was ever seen. */
  jwks(): PublishedKeys | undefined {
    return this.#look(epochSeconds(this.#parts.clock))?.jwks;
  }

  /** The key that signs now; `undefined` when nothing may be issued: `status().problem` says why. */
  signer(now: EpochSeconds = epochSeconds(this.#parts.clock)): PrivateHalf | undefined {
    return this.#isStale() || this.#parts.clock.state() === 'wrong' ? undefined : this.#look(now)?.signer;
  }

  status(): KeeperStatus {
    const { name, clock, timing } = this.#parts;
    const now = epochSeconds(clock);
    const known = {
      name,
      source: this.#source,
      ageSeconds: (clock.monotonicMs() - this.#readAtMs) / 1000,
      clock: clock.state(),
      rollbacks: this.#rollbacks,
      serving: this.#look(now),
      trouble: this.#trouble,
    };
    return keeperStatus(known, now, timing);
  }

  /** Calls back whenever the served key set has changed; gives the way to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the ring, then keeps it until `stop`. */
  async start(): Promise<void> {
    await this.open();
    const { store, name } = this.#parts;
    const hinted = () => {
      this.#pollAtMs = Number.NEGATIVE_INFINITY;
    };
    const unwatch = await store.watch(`ring/${name}`, hinted).catch(() => undefined);
    const loop = repeat(() => this.step(), 1000);
    this.#ends.push(() => loop.stop(), ...(unwatch ? [unwatch] : []));
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
  }

  /**
   * Brings the ring up: from the store, else as a new one; without the store from the snapshot.
   *
   * Throws a `SealingError` when a private half is sealed with a key that this replica does not have. The clock must
   * have been measured before.
   */
  async open(): Promise<void> {
    const { name, alg, clock, timing } = this.#parts;
    await this.#openSnapshot();
    const strange = (await this.refresh()).find(
      ({ cause }) => cause instanceof SealingError && cause.kind === 'unknown_key',
    );
    if (strange) {
      const cause = strange.cause as SealingError;
      throw new SealingError('unknown_key', `key ${strange.kid} of ring ${name} stays closed: ${cause.message}`, {
        cause,
      });
    }
    if (this.#mayChange() && this.#held) {
      const change = changeAlgorithm(this.#held.ring, alg, epochSeconds(clock), timing);
      if (change.done && change.ring !== this.#held.ring) {
        await this.#attempt(() => this.#write(change.ring, [{ kind: 'key.rotate', detail: { alg } }]));
      }
    }
    await this.#records.flush();
  }

  /** One turn of the loop. Never throws. */
  async step(): Promise<void> {
    const { clock, timing } = this.#parts;
    // 1. What the store says, every few seconds.
    if (clock.monotonicMs() >= this.#pollAtMs) await this.refresh();
    // 2. What the clock says: a key starts, stops or leaves, and private halves are forgotten even without the store.
    const now = epochSeconds(clock);
    const serving = this.#look(now);
    if (serving) this.#halves.forget(serving.ring, now, timing.rollbackHold);
    // 3. What is due on the ring, unless this replica's view or clock is in doubt.
    if (this.#mayChange()) await this.#attempt(() => this.#carryOutPlan(now));
    // 4. What the audit log could not take before.
    await this.#records.flush();
  }

  /** Reads the ring now; makes it where there is none, mends a store that went back. Never throws. Gives what stayed closed. */
  async refresh(): Promise<readonly Closed[]> {
    const { clock, random, timing, name, store } = this.#parts;
    const spread = 0.8 + 0.4 * ((random.bytes(1)[0] ?? 0) / 255);
    this.#pollAtMs = clock.monotonicMs() + Math.min(5, timing.staleness / 6) * 1000 * spread;
    let closed: readonly Closed[] = [];
    await this.#attempt(async () => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const askedAtMs = clock.monotonicMs();
        const stored = await this.#accept(await loadRing(store, name), epochSeconds(clock));
        if (!stored) continue;
        closed = await this.#hold(stored);
        this.#readAtMs = askedAtMs;
        return;
      }
      throw new Error('others keep changing the key ring; it is read again in a second');
    });
    // What failed is tried again at the next turn: a store that is back must not wait for the next regular reading.
    if (this.#trouble !== undefined) this.#pollAtMs = clock.monotonicMs();
    return closed;
  }

  /** What this replica holds after a reading; `undefined`: somebody changed it meanwhile, read again. */
  async #accept(stored: StoredRing | undefined, now: EpochSeconds): Promise<StoredRing | undefined> {
    const { timing, alg, log, name } = this.#parts;
    const judgement = judge(this.#held?.ring, stored, now, timing);
    if (judgement.kind === 'good') return judgement.stored;
    if (judgement.kind === 'new') {
      const first = await firstRing(this.#parts, alg, now);
      const kid = first?.ring.keys[0]?.kid ?? '';
      if (first) this.#records.add(first.ring, { kind: 'key.bootstrap', detail: { kid } });
      return first;
    }
    const generations = { served: this.#held?.ring.gen ?? 0, stored: stored?.ring.gen ?? 0 };
    if (!this.#union) {
      this.#rollbacks++;
      log.error('the store lost a key ring that was served already; both are joined', { ring: name, ...generations });
    }
    this.#union = judgement.union;
    await this.#halves.follow(judgement.union, now, timing.rollbackHold);
    this.#look(now);
    const restored = await restoreRing(this.#parts, judgement.union, stored?.version ?? 0, now);
    if (restored) this.#records.add(restored.ring, { kind: 'key.merge', detail: generations });
    return restored;
  }

  async #carryOutPlan(now: EpochSeconds): Promise<void> {
    const { timing, name, sealingKeys, clock } = this.#parts;
    const held = this.#held;
    if (!held) return;
    const steps = plan(held.ring, now, timing);
    if (steps.length === 0) return;
    const isAppending = steps.some(({ kind }) => kind === 'append');
    const key = isAppending ? await makeKey(name, held.ring.alg, sealingKeys) : undefined;
    const carried = carryOut(held.ring, steps, key, epochSeconds(clock), timing);
    const events = carried.steps.map(({ sentence: _said, ...step }) => eventOf(step, key?.kid ?? ''));
    if (events.length > 0) await this.#write(carried.ring, events);
  }

  async #write(ring: Ring, events: readonly RingEvent[]): Promise<void> {
    const written = await writeRing(this.#parts.store, ring, this.#held?.version ?? 0);
    if (written) {
      this.#records.add(ring, ...events);
      await this.#hold(written);
    } else {
      // Somebody else changed it: ours is dropped, theirs is read.
      await this.refresh();
    }
  }

  /** From here on this ring is what the replica serves and signs from. */
  async #hold(stored: StoredRing): Promise<readonly Closed[]> {
    const { clock, timing, log, name, snapshot, sealingKeys } = this.#parts;
    const now = epochSeconds(clock);
    const isNew = stored.ring.gen !== this.#held?.ring.gen || this.#source !== 'store';
    if (!isNew && !this.#union) {
      this.#held = { ring: this.#held?.ring ?? stored.ring, version: stored.version };
      return [];
    }
    const closed = await this.#halves.follow(stored.ring, now, timing.rollbackHold);
    this.#held = stored;
    this.#source = 'store';
    this.#union = undefined;
    this.#look(now);
    for (const { kid, cause } of closed) log.error('a private signing key stays closed', { ring: name, kid }, cause);
    const failed = (cause: unknown) => log.warn('the key snapshot was not written', { ring: name }, cause);
    await snapshot.write(snapshotText(stored.ring, sealingKeys)).catch(failed);
    return closed;
  }

  async #openSnapshot(): Promise<void> {
    const { snapshot, name, sealingKeys, log } = this.#parts;
    const text = await snapshot.read().catch((cause: unknown) => {
      log.warn('the key snapshot cannot be read', { ring: name }, cause);
      return undefined;
    });
    const read = text === undefined ? undefined : readSnapshot(text, name, sealingKeys);
    if (!read) return;
    if ('problem' in read) {
      log.warn('the key snapshot is not used', { ring: name, problem: read.problem });
      return;
    }
    this.#held = { ring: read.ring, version: 0 };
    this.#source = 'snapshot';
  }

  /** What is served at this instant; worked out anew only when the ring changed or a key changed its phase. */
  #look(now: EpochSeconds): Serving | undefined {
    const ring = this.#union ?? this.#held?.ring;
    const serving = this.#serving;
    if (!ring || (serving?.ring === ring && now >= serving.from && now < serving.until)) return serving;
    this.#serving = serve(ring, now, this.#halves, this.#parts.timing.cacheMaxAge);
    if (serving?.jwks.etag !== this.#serving.jwks.etag) for (const listener of this.#listeners) listener();
    return this.#serving;
  }

  #isStale(): boolean {
    return this.#parts.clock.monotonicMs() - this.#readAtMs > this.#parts.timing.staleness * 1000;
  }

  #mayChange(): boolean {
    return this.#source === 'store' && !this.#union && !this.#isStale() && this.#parts.clock.state() === 'ok';
  }

  /** Runs what may fail with the store; a failure is remembered for `status`, and logged when it is a new one. */
  async #attempt(task: () => Promise<void>): Promise<void> {
    try {
      await task();
      this.#trouble = undefined;
    } catch (error) {
      const trouble = error instanceof Error ? error.message : 'unknown failure';
      if (trouble !== this.#trouble) {
        this.#parts.log.error('the key ring could not be kept', { ring: this.#parts.name }, error);
      }
      this.#trouble = trouble;
    }
  }
}
