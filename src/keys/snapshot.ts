import { createHmac } from 'node:crypto';
import { equalInConstantTime } from '../secret.ts';
import { parseRing, ringText } from './document.ts';
import { publicRing } from './merge.ts';
import type { Ring } from './ring.ts';
import { deriveKey, type SealingKey, type SealingKeys } from './seal.ts';

/** A file on local disk that outlives the process. */
export interface LocalFile {
  /** Its text; `undefined` when there is none. */
  read(): Promise<string | undefined>;
  /** Replaces it as a whole: a reader finds the old text or the new one. */
  write(text: string): Promise<void>;
}

interface Snapshot {
  /** The public ring as text, so that what is checked is what is read. */
  readonly ring: string;
  readonly sealingKey: string;
  /** HMAC-SHA256 over `ring` with a key derived from the sealing key, base64url. */
  readonly mac: string;
}

const macOf = (key: SealingKey, ring: string): string =>
  createHmac('sha256', deriveKey(key, 'key snapshot')).update(ring).digest('base64url');

/** The public part of a ring, for a cold start without the store. Never holds a private half, not even a sealed one. */
export const snapshotText = (ring: Ring, keys: SealingKeys): string => {
  const text = ringText(publicRing(ring));
  return JSON.stringify({ ring: text, sealingKey: keys[0].id, mac: macOf(keys[0], text) } satisfies Snapshot);
};

/** A snapshot as it was read: the ring of an issuer, or why it is not to be used, as the end of a sentence. */
export type SnapshotRead = { readonly ring: Ring } | { readonly problem: string };

/** Reads a snapshot back; one that somebody else wrote or changed is refused, so nobody slips us a key through the disk. */
export const readSnapshot = (text: string, name: string, keys: SealingKeys): SnapshotRead => {
  try {
    const snapshot = JSON.parse(text) as Snapshot;
    const key = keys.find(({ id }) => id === snapshot.sealingKey);
    if (!key) return { problem: 'it was written under another sealing key' };
    if (!equalInConstantTime(macOf(key, snapshot.ring), snapshot.mac)) return { problem: 'it was changed' };
    return { ring: publicRing(parseRing(snapshot.ring, name)) };
  } catch {
    return { problem: 'it is damaged' };
  }
};
