import type { KeyObject } from 'node:crypto';
import type { EpochSeconds } from '../system.ts';
import { importPrivate } from './jwk.ts';
import type { Ring, RingKey, SigningAlgorithm } from './ring.ts';
import { open, type SealingKeys, signingKeyPurpose } from './seal.ts';

/** A private half in memory, ready to sign. */
export interface PrivateHalf {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly key: KeyObject;
}

/** A private half that stayed closed, and why. */
export interface Closed {
  readonly kid: string;
  readonly cause: unknown;
}

/**
 * The private halves of one ring, opened once and kept exactly as long as the ring lets them live (I8).
 */
export class PrivateHalves {
  readonly #sealingKeys: SealingKeys;
  readonly #opened = new Map<string, PrivateHalf>();

  constructor(sealingKeys: SealingKeys) {
    this.#sealingKeys = sealingKeys;
  }

  get(kid: string): PrivateHalf | undefined {
    return this.#opened.get(kid);
  }

  /** Opens what is new in the ring and forgets what left it; gives those that could not be opened. */
  async follow(ring: Ring, now: EpochSeconds, hold: number): Promise<readonly Closed[]> {
    this.forget(ring, now, hold);
    const closed: Closed[] = [];
    for (const key of ring.keys) {
      if (key.sealed === undefined || !mayLive(key, now, hold) || this.#opened.has(key.kid)) continue;
      try {
        const text = await open(this.#sealingKeys, signingKeyPurpose(ring.name, key.kid), key.sealed);
        this.#opened.set(key.kid, { kid: key.kid, alg: key.alg, key: importPrivate(text, key.jwk) });
      } catch (cause) {
        closed.push({ kid: key.kid, cause });
      }
    }
    return closed;
  }

  /** Forgets the halves whose time is over: by the ring, or by the clock when the store cannot be asked. */
  forget(ring: Ring, now: EpochSeconds, hold: number): void {
    for (const kid of this.#opened.keys()) {
      const key = ring.keys.find((candidate) => candidate.kid === kid);
      if (key?.sealed === undefined || !mayLive(key, now, hold)) this.#opened.delete(kid);
    }
  }
}

const mayLive = (key: RingKey, now: EpochSeconds, hold: number): boolean => !key.revoked && now < key.signUntil + hold;
