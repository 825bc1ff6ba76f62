/**
 * The times that rule a key's life, in whole seconds. The letters are those of docs/keys.md.
 *
 * `checkTiming` says which combinations are sound.
 */
export interface Timing {
  /** C: `max-age` of the JWKS and discovery answers. */
  readonly cacheMaxAge: number;
  /** S: hard bound on the age of a replica's view of the ring. */
  readonly staleness: number;
  /** σ: clock error we tolerate against store time. */
  readonly clockError: number;
  /** λ: leeway that we expect of verifiers. */
  readonly leeway: number;
  /** L: longest token the ring may sign. */
  readonly maxLifetime: number;
  /** T: how long a key signs. */
  readonly rotationPeriod: number;
  /** P: how long a key is published before it may sign. */
  readonly publishAhead: number;
  /** H: how long a retired private key is kept for a rollback. */
  readonly rollbackHold: number;
  /** N: most keys in the JWKS. */
  readonly maxKeys: number;
}

/** G: how long may the old and the new key both sign, so that replicas switch without talking to each other? */
export const overlap = (timing: Timing): number => Math.ceil(timing.staleness + 2 * timing.clockError);

/** R: how long does a key stay published after its last signature, so that its last token dies before it? */
export const retention = (timing: Timing): number => Math.ceil(timing.clockError + timing.maxLifetime + timing.leeway);

/** How long until every replica publishes a new key and every cache that honours `max-age` has seen it? Never undercut. */
export const publishFloor = (timing: Timing): number => Math.ceil(timing.cacheMaxAge) + overlap(timing);

/** How long is a key published before it signs in the regular course? P, and never less than the floor. */
export const leadTime = (timing: Timing): number => Math.max(timing.publishAhead, publishFloor(timing));

/** How soon can a switch take effect, so that every replica has read it and no clock is past it? */
export const switchNotice = (timing: Timing): number => Math.ceil(timing.staleness + timing.clockError);

/** How long does the newest key sign when no successor ever comes? */
export const lonelyWindow = (timing: Timing): number => 2 * timing.rotationPeriod;

/** How long may a key sign at the very most, when its successor is late? */
export const longestWindow = (timing: Timing): number => 3 * timing.rotationPeriod;

/** One rule that a combination of times breaks; `problem` completes the sentence "<field> …". */
export interface TimingProblem {
  readonly field: keyof Timing;
  readonly problem: string;
}

/** Which rules does this combination break? Ranges of single values belong to the settings. */
export const checkTiming = (timing: Timing): readonly TimingProblem[] => {
  const problems: TimingProblem[] = [];
  const floor = publishFloor(timing);
  if (timing.publishAhead < floor) {
    problems.push({
      field: 'publishAhead',
      problem: `must be at least ${floor} s (cacheMaxAge + staleness + 2 × clockError): before that, some verifier has not seen the key`,
    });
  }
  const shortest = leadTime(timing) + overlap(timing);
  if (timing.rotationPeriod < shortest) {
    problems.push({
      field: 'rotationPeriod',
      problem: `must be at least ${shortest} s (publishAhead + staleness + 2 × clockError): a spare must be old enough at every switch`,
    });
  }
  const needed = 3 + Math.ceil((overlap(timing) + retention(timing)) / timing.rotationPeriod);
  if (timing.maxKeys < needed) {
    problems.push({
      field: 'maxKeys',
      problem: `must be at least ${needed}: so many keys are published at once while tokens of ${timing.maxLifetime} s are alive and a key signs for ${timing.rotationPeriod} s`,
    });
  }
  return problems;
};

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** A duration for people, in its two largest units: `6 d 2 h`, `5 min 40 s`, `0 s`. */
export const spell = (seconds: number): string => {
  let rest = Math.max(0, Math.ceil(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
};
