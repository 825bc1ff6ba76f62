/** What one evaluation may use up. Whatever goes beyond ends in one problem, never in a crash. */
export const EVALUATION_LIMITS = {
  /** Documents that a root pulls in, and the longest path from it to one of them. */
  imports: 64,
  importDepth: 16,
  /** Calls of `fn::open` that one opening needs. */
  calls: 32,
  /** Expressions evaluated, values made or merged. */
  steps: 500_000,
  /** Values in the result, shared ones counted as often as they appear. */
  outputNodes: 200_000,
  outputBytes: 8 * 1024 * 1024,
  /** Characters of one text. */
  text: 1024 * 1024,
  /** Expressions that wait for one another. */
  expressionDepth: 500,
  /** Lists and objects inside one another, and layers of one object. */
  valueDepth: 200,
  layers: 200,
  /** Merges inside one another. */
  nesting: 1000,
} as const;

/** Thrown where a limit is reached; the expression that is being evaluated then becomes a problem and is unknown. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';
}

/** Counts what an evaluation has used. */
export class Budget {
  #steps = 0;

  #nesting = 0;

  get steps(): number {
    return this.#steps;
  }

  /** Runs a step that may lead to itself again, so many times and no more: the stack has an end. */
  within<T>(step: () => T): T {
    if (this.#nesting >= EVALUATION_LIMITS.nesting) throw new LimitReached('a value lies over too many others');
    this.#nesting++;
    try {
      return step();
    } finally {
      this.#nesting--;
    }
  }

  spend(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > EVALUATION_LIMITS.steps)
      throw new LimitReached('the environment takes too many steps to evaluate');
  }
}

export const limitText = (text: string): string => {
  if (text.length > EVALUATION_LIMITS.text) throw new LimitReached('a text becomes longer than 1 MiB');
  return text;
};
