import { type Store, StoreError } from '../store/store.ts';
import { parseRing, ringDocument, ringText } from './document.ts';
import type { Ring } from './ring.ts';

/** A ring as it stood in the store, with the version that a compare-and-swap needs. */
export interface StoredRing {
  readonly ring: Ring;
  readonly version: number;
}

/** Reads an issuer's ring; `undefined` when the store has none. Throws `RingError` on one that must not be used. */
export const loadRing = async (store: Store, name: string): Promise<StoredRing | undefined> => {
  const stored = await store.get(ringDocument(name));
  return stored && { ring: parseRing(stored.value, name), version: stored.version };
};

/**
 * Writes a ring over the version it was made from (0: over none). `undefined`: somebody else was faster, nothing was written.
 *
 * When the store does not say in time whether it wrote, it is asked what it holds.
 */
export const writeRing = async (store: Store, ring: Ring, expected: number): Promise<StoredRing | undefined> => {
  const text = ringText(ring);
  try {
    const replaced = await store.replace(ringDocument(ring.name), expected, text);
    return replaced === 'conflict' ? undefined : { ring, version: replaced.version };
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'timeout') throw error;
    const stored = await store.get(ringDocument(ring.name));
    return stored?.value === text ? { ring, version: stored.version } : undefined;
  }
};
