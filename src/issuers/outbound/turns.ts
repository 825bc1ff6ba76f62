import { IssuerProblem } from '../issuer-keys.ts';

/** A bound on what happens at once, with a short queue for the others. */
export interface Turns {
  /** Resolves when there is room, to a function that gives the place back. Throws `IssuerProblem`, or with `signal`. */
  take(signal: AbortSignal): Promise<() => void>;
}

export const openTurns = (parallel: number, waiting: number): Turns => {
  const queue = new Set<() => void>();
  let active = 0;

  const leave = (): void => {
    const [next] = queue;
    if (next === undefined) active -= 1;
    else next();
  };

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (active < parallel) {
        active += 1;
        return leave;
      }
      if (queue.size >= waiting)
        throw new IssuerProblem('Too many issuers are being fetched at this moment; try again.');
      return new Promise((resolve, reject) => {
        const done = (): void => {
          queue.delete(start);
          signal.removeEventListener('abort', giveUp);
        };
        const start = (): void => {
          done();
          resolve(leave);
        };
        const giveUp = (): void => {
          done();
          reject(signal.reason);
        };
        queue.add(start);
        signal.addEventListener('abort', giveUp);
      });
    },
  };
};
