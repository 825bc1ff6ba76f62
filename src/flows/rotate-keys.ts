import type { AuditDetail, AuditKind, AuditLog } from '../audit/record.ts';
import type { Change, ChangeRefusal, NewKey } from '../keys/change.ts';
import { changeAlgorithm } from '../keys/lifecycle.ts';
import { makeKey } from '../keys/new-key.ts';
import { type PublishedKeys, renderKeys } from '../keys/published.ts';
import type { Ring, SigningAlgorithm } from '../keys/ring.ts';
import { rewrap, sealedWith, signingKeyPurpose } from '../keys/seal.ts';
import { loadRing, writeRing } from '../keys/stored-ring.ts';
import { revoke, rollback, rotate, rotateUnsafe } from '../keys/switch.ts';
import { type RingView, viewRing } from '../keys/timeline.ts';
import type { EpochSeconds } from '../system.ts';
import type { RingPlace } from './mend-ring.ts';

/** One ring as an operator's command works on it: on the store itself, also while servers run. */
export interface RingDesk extends RingPlace {
  readonly audit: AuditLog;
  /** `operator:<host>`. */
  readonly actor: string;
}

/** What a command did, or why it did nothing. `sentence` is for the operator. */
export interface KeyAnswer {
  readonly outcome: 'changed' | 'unchanged' | 'refused';
  readonly sentence: string;
  readonly refusal?: ChangeRefusal | 'no_ring' | 'busy';
  readonly takesEffect?: EpochSeconds;
  /** False: the change was made, and the audit log could not take its record. */
  readonly audited: boolean;
}

/** How often a command tries again when servers change the ring under its hands. */
const ATTEMPTS = 5;

/** Shows a ring: what signs now, what signs next and when, when each key leaves. `undefined`: there is no ring. */
export const listKeys = async (desk: RingPlace): Promise<RingView | undefined> => {
  const stored = await loadRing(desk.store, desk.name);
  return stored && viewRing(stored.ring, await storeSeconds(desk), desk.timing);
};

/** The key set as it is published now, for verifiers that take a file. `undefined`: there is no ring. */
export const exportKeys = async (desk: RingPlace): Promise<PublishedKeys | undefined> => {
  const stored = await loadRing(desk.store, desk.name);
  return stored && renderKeys(stored.ring, await storeSeconds(desk), desk.timing.cacheMaxAge);
};

/** Lets the spare sign as soon as it is old enough; says when that is. */
export const rotateKeys = (desk: RingDesk): Promise<KeyAnswer> =>
  changeRing(desk, 'key.rotate', {}, (ring, now) => rotate(ring, now, desk.timing));

/** Lets the spare, or a new key, sign now; says what that will cost. */
export const rotateKeysUnsafely = (desk: RingDesk, reason: string): Promise<KeyAnswer> =>
  changeRing(desk, 'key.rotate', { unsafe: 'yes', reason }, (ring, now, replacement) =>
    rotateUnsafe(ring, { reason, ...(replacement && { replacement }) }, now, desk.timing),
  );

/** Makes `alg` the algorithm of the keys to come; servers publish one within seconds, and it signs in its turn. */
export const changeAlgorithmOfKeys = (desk: RingDesk, alg: SigningAlgorithm): Promise<KeyAnswer> =>
  changeRing(desk, 'key.rotate', { alg }, (ring, now) => changeAlgorithm(ring, alg, now, desk.timing));

/** Undoes the last switch. */
export const rollbackKeys = (desk: RingDesk): Promise<KeyAnswer> =>
  changeRing(desk, 'key.rollback', {}, (ring, now) => rollback(ring, now, desk.timing));

/** Takes a key out of the JWKS for good; the spare takes over as soon as verifiers know it. */
export const revokeKey = (
  desk: RingDesk,
  request: { readonly kid: string; readonly reason: string; readonly unsafe?: boolean },
): Promise<KeyAnswer> =>
  changeRing(desk, 'key.revoke', { kid: request.kid, reason: request.reason }, (ring, now, replacement) =>
    revoke(ring, { ...request, ...(replacement && { replacement }) }, now, desk.timing),
  );

/** What a `rewrap` leaves behind: how many private halves each sealing key seals. */
export interface Rewrapped extends KeyAnswer {
  readonly sealedWith: Readonly<Record<string, number>>;
}

/**
 * Seals every private half with the first sealing key. An older one may leave the file once nothing is sealed with it.
 *
 * Throws a `SealingError` when a half cannot be opened; nothing is written then.
 */
export const rewrapKeys = async (desk: RingDesk): Promise<Rewrapped> => {
  const answer = await changeRing(desk, 'key.rewrap', { sealingKey: desk.sealingKeys[0].id }, async (ring) => {
    const keys = await Promise.all(
      ring.keys.map(async ({ sealed, ...key }) => {
        if (sealed === undefined) return key;
        return { ...key, sealed: await rewrap(desk.sealingKeys, signingKeyPurpose(ring.name, key.kid), sealed) };
      }),
    );
    const isDone = keys.every((key, at) => ('sealed' in key ? key.sealed : undefined) === ring.keys[at]?.sealed);
    return isDone
      ? { done: true, ring, sentence: 'Every private half is sealed with the first sealing key already.' }
      : {
          done: true,
          ring: { ...ring, gen: ring.gen + 1, keys },
          sentence: 'Every private half is sealed with the first sealing key now.',
        };
  });
  const counts: Record<string, number> = {};
  for (const key of (await loadRing(desk.store, desk.name))?.ring.keys ?? []) {
    if (key.sealed === undefined) continue;
    const id = sealedWith(key.sealed);
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return { ...answer, sealedWith: counts };
};

/**
 * Applies one guarded change by compare-and-swap, again and again while others are faster.
 *
 * A key is made only where the change asks for a replacement, and only once.
 */
const changeRing = async (
  desk: RingDesk,
  kind: AuditKind,
  detail: AuditDetail,
  change: (ring: Ring, now: EpochSeconds, replacement?: NewKey) => Change | Promise<Change>,
): Promise<KeyAnswer> => {
  let replacement: NewKey | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // 1. The ring as it stands, and the store's time.
    const stored = await loadRing(desk.store, desk.name);
    if (!stored)
      return refuse('no_ring', `There is no ring ${desk.name} yet; the first server makes it when it starts.`);
    const now = await storeSeconds(desk);
    // 2. The change, under its own guards. A replacement of yesterday's algorithm is dropped.
    if (replacement?.alg !== stored.ring.alg) replacement = undefined;
    let result = await change(stored.ring, now, replacement);
    if (!result.done && result.refusal === 'replacement_required') {
      replacement ??= await makeKey(desk.name, stored.ring.alg, desk.sealingKeys);
      result = await change(stored.ring, now, replacement);
    }
    if (!result.done) return refuse(result.refusal, result.sentence);
    const { ring, sentence, takesEffect } = result;
    const answer = { sentence, ...(takesEffect !== undefined && { takesEffect }) };
    if (ring === stored.ring) return { outcome: 'unchanged', ...answer, audited: true };
    // 3. Written over exactly what was read, or tried again.
    if (!(await writeRing(desk.store, ring, stored.version))) continue;
    // 4. The trace. The change stands even where it cannot be left.
    const effect = takesEffect === undefined ? {} : { takesEffect };
    return { outcome: 'changed', ...answer, audited: await leaveTrace(desk, kind, ring, { ...detail, ...effect }) };
  }
  return refuse('busy', 'Others keep changing the ring; nothing was changed. Try again.');
};

const refuse = (refusal: NonNullable<KeyAnswer['refusal']>, sentence: string): KeyAnswer => ({
  outcome: 'refused',
  refusal,
  sentence,
  audited: true,
});

const leaveTrace = (desk: RingDesk, kind: AuditKind, ring: Ring, detail: AuditDetail): Promise<boolean> =>
  desk.audit
    .record({ kind, actor: desk.actor, outcome: 'granted', detail: { ring: ring.name, gen: ring.gen, ...detail } })
    .then(
      () => true,
      () => false,
    );

const storeSeconds = async ({ store }: RingPlace): Promise<EpochSeconds> => Math.floor((await store.time()) / 1000);
