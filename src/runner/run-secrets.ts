import type { Secret } from '../secret.ts';
import type { EpochMs } from '../system.ts';
import { type Masking, openMasking } from './masking.ts';

/** Everything that the command holds or may find, and nobody may see in what it writes. */
export interface RunSecrets {
  readonly masking: Masking;
  /** Before the command can know it. Those that have expired are let go: they open nothing any more. */
  add(secret: Secret, nowMs: EpochMs, expiresMs?: EpochMs): void;
}

/** A token that has just expired may still be in somebody's output, on its way to us. */
const AFTERWARDS_MS = 600_000;

export const openSecrets = (lasting: readonly Secret[]): RunSecrets => {
  let known = lasting.map((secret) => ({ secret, expiresMs: Number.POSITIVE_INFINITY }));
  const texts = (): readonly string[] => known.map(({ secret }) => secret.reveal());
  const masking = openMasking(texts());
  return {
    masking,
    add(secret, nowMs, expiresMs = Number.POSITIVE_INFINITY) {
      const alive = known.filter((one) => one.expiresMs + AFTERWARDS_MS > nowMs);
      masking.renew([...alive.map((one) => one.secret.reveal()), secret.reveal()]);
      known = [...alive, { secret, expiresMs }];
    },
  };
};
