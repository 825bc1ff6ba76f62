import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';

/** What a fleet of relying parties is like. */
export interface FleetOptions {
  readonly verifiers: number;
  readonly issuer: string;
  readonly audience: string;
  /** Key set URLs of the replicas; each reading goes to the next one. */
  readonly keySets: readonly string[];
  /** Seconds after `exp` until which they accept a token. */
  readonly leeway: number;
  /** Seconds that they cache a key set; absent: exactly its `max-age`. */
  readonly cacheFor?: number;
}

export interface FleetFigures {
  readonly checks: number;
  readonly failures: number;
  /** Failures by their reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

interface Cached {
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  readonly untilMs: number;
}

/** Time that a planned check may come late, by our own fault, without coming too late for its token. */
const LATENESS_MS = 500;

/**
 * Relying parties that cache a key set for its time and never fetch it early, not even for a `kid` that they do not know:
 * the strictest that a schedule of keys must serve.
 */
export const openFleet = ({ verifiers, issuer, audience, keySets, leeway, cacheFor }: FleetOptions) => {
  const caches = new Map<number, Promise<Cached>>();
  const planned = new Set<Promise<void>>();
  const reasons: Record<string, number> = {};
  let readings = 0;
  let checks = 0;
  let failures = 0;

  const read = async (): Promise<Cached> => {
    const answer = await fetch(keySets[readings++ % keySets.length] ?? '');
    const maxAge = Number(/max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '')?.[1]);
    const keys = createLocalJWKSet((await answer.json()) as JSONWebKeySet);
    return { keys, untilMs: performance.now() + (cacheFor ?? maxAge) * 1000 };
  };
  const keysOf = async (verifier: number): Promise<Cached['keys']> => {
    const cached = await caches.get(verifier);
    if (cached && performance.now() < cached.untilMs) return cached.keys;
    const fresh = read();
    caches.set(verifier, fresh);
    return (await fresh).keys;
  };
  const check = async (jwt: string): Promise<void> => {
    const verifier = Math.floor(Math.random() * verifiers);
    try {
      await jwtVerify(jwt, await keysOf(verifier), { issuer, audience, typ: 'JWT', clockTolerance: leeway });
      checks++;
    } catch (error) {
      // The harness was late, not the key.
      if (error instanceof errors.JWTExpired) return;
      checks++;
      failures++;
      const reason = error instanceof errors.JOSEError ? error.code : String(error);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
  };
  const plan = (task: Promise<void>): void => {
    planned.add(task);
    void task.finally(() => planned.delete(task));
  };

  return {
    /** Shows a token to some verifiers: to one at once, as clouds see it, to the others at random points of its life. */
    present(jwt: string, exp: number, times: number): void {
      plan(check(jwt));
      const lifeMs = (exp + leeway) * 1000 - LATENESS_MS - Date.now();
      for (let at = 1; at < times; at++) {
        plan(
          new Promise((resolve) => {
            setTimeout(() => check(jwt).then(resolve), Math.random() * lifeMs);
          }),
        );
      }
    },
    /** Waits for the checks that are still to come. */
    async figures(): Promise<FleetFigures> {
      while (planned.size > 0) await Promise.all(planned);
      return { checks, failures, reasons };
    },
  };
};
