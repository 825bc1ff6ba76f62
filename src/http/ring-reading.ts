import type { KeeperStatus } from '../flows/keeper-status.ts';
import type { RingReading } from './metrics.ts';

/** What the metrics say of one key ring. */
export const ringReading = (status: KeeperStatus): RingReading => {
  const { name, ageSeconds, rollbacks, ring } = status;
  if (!ring) {
    return { issuer: name, gen: 0, ageSeconds, keys: 0, candidates: 0, keyAges: [], sealingKeys: [], rollbacks };
  }
  const published = ring.keys.filter(
    ({ publishedAt, removeAt, revoked }) => publishedAt <= ring.now && ring.now < removeAt && !revoked,
  );
  const newest = new Map<string, number>();
  for (const { phase, publishedAt } of ring.keys) {
    newest.set(phase, Math.min(newest.get(phase) ?? Number.POSITIVE_INFINITY, ring.now - publishedAt));
  }
  const sealed = Map.groupBy(
    ring.keys.flatMap(({ sealedWith }) => sealedWith ?? []),
    (id) => id,
  );
  return {
    issuer: name,
    gen: ring.gen,
    ageSeconds,
    keys: published.length,
    candidates: ring.keys.filter(
      ({ signFrom, signUntil, revoked }) => signFrom <= ring.now && ring.now < signUntil && !revoked,
    ).length,
    ...(ring.signsNext && { nextActivationSeconds: ring.signsNext.at - ring.now }),
    keyAges: [...newest].map(([state, seconds]) => ({ state, seconds })),
    sealingKeys: [...sealed].map(([id, keys]) => ({ id, documents: keys.length })),
    rollbacks,
  };
};
