import type { System } from '../system.ts';
import { breaker } from './breaker.ts';
import type { RedisClient } from './redis-connect.ts';
import { connectionWord, redisError, refusedAtTheDoor, replyWord, tooLate } from './redis-errors.ts';
import { checkFitness } from './redis-fitness.ts';
import { type Argument, type CommandName, defineScripts, send, sendAndWait } from './redis-scripts.ts';
import { type Durability, StoreError, StoreUnfit } from './store.ts';

/** Milliseconds that opening waits for the server before it goes on without. */
const START_MS = 2_000;
/** Milliseconds until a server that could not be checked, or failed the check, is looked at again. */
const CHECK_AGAIN_MS = 2_000;
/** Milliseconds that WAIT may take, of the call's own time. */
const WAIT_MS = 100;

export interface RedisOptions {
  /** Milliseconds in which every call ends. */
  readonly timeoutMs: number;
  /** Takes a server that may forget what it acknowledged. */
  readonly acceptVolatile: boolean;
  /** Replicas that must hold a write before it counts; 0: none. */
  readonly replicas: number;
}

/** The way to the server: every call through it ends in time, with the reply or a `StoreError`. */
export interface RedisLink {
  read(name: CommandName, parameters: readonly Argument[]): Promise<unknown>;
  write(name: CommandName, parameters: readonly Argument[]): Promise<unknown>;
  durability(): Promise<Durability>;
  close(): void;
}

/**
 * Connects, checks the server before the first call reaches it, and guards each call with a deadline and the breaker.
 *
 * Throws `StoreUnfit` for a server that answers and is unfit; with one that does not answer it goes on, and
 * refuses calls until the server is there and has passed the check.
 */
export const linkRedis = async (
  connect: () => RedisClient,
  options: RedisOptions,
  { clock, log }: System,
): Promise<RedisLink> => {
  const client = connect();
  defineScripts(client);
  const guard = breaker(clock);
  const opening = Promise.withResolvers<void>();
  let durability: Durability | undefined;
  let opened = false;
  let closed = false;

  const check = async (): Promise<void> => {
    if (durability !== undefined || closed) return;
    try {
      durability = await checkFitness(client, options.acceptVolatile);
      opening.resolve();
    } catch (error) {
      if (error instanceof StoreUnfit) {
        if (opened) log.error('The store is refused', { reason: error.message });
        opening.reject(error);
      }
      setTimeout(check, CHECK_AGAIN_MS).unref();
    }
  };

  let reachable: boolean | undefined;
  client.on('ready', () => {
    if (reachable === false) log.info('The store can be reached again');
    reachable = true;
    void check();
  });
  client.on('close', () => {
    if (reachable === true && !closed) log.warn('The store cannot be reached');
    reachable = false;
  });
  client.on('error', (error: Error) => {
    const reason = refusedAtTheDoor(error);
    if (reason !== undefined) opening.reject(new StoreUnfit(reason));
    log.debug('The connection to the store failed', { reason: replyWord(error) ?? connectionWord(error) });
  });

  const close = (): void => {
    closed = true;
    client.disconnect();
  };

  const call = async (mutates: boolean, perform: () => Promise<unknown>): Promise<unknown> => {
    if (durability === undefined)
      throw new StoreError('unavailable', 'Redis has not answered yet, or is not fit for use.');
    const leave = guard.admit();
    if (leave === undefined) throw new StoreError('unavailable', 'Redis does not answer; calls pause for a moment.');
    try {
      const reply = await withDeadline(perform(), options.timeoutMs);
      guard.settle(leave, true);
      return reply;
    } catch (error) {
      // A server that refuses does answer: holding its callers back would also hold back what it still does.
      guard.settle(leave, replyWord(error) !== undefined);
      throw redisError(error, mutates);
    }
  };

  const commit = async (name: CommandName, parameters: readonly Argument[]): Promise<unknown> => {
    const { reply, held } = await sendAndWait(client, name, parameters, options.replicas, WAIT_MS);
    if (held >= options.replicas) return reply;
    throw new StoreError('timeout', `Only ${held} of ${options.replicas} replicas of Redis took the write in time.`);
  };

  const patience = setTimeout(opening.resolve, START_MS);
  try {
    await opening.promise;
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(patience);
  }
  opened = true;
  if (durability === undefined) log.warn('The store does not answer yet; nothing can be issued until it does');

  return {
    read: (name, parameters) => call(false, () => send(client, name, parameters)),
    write: (name, parameters) =>
      call(true, () => (options.replicas === 0 ? send(client, name, parameters) : commit(name, parameters))),
    async durability() {
      if (durability === undefined)
        throw new StoreError('unavailable', 'Redis has not answered yet, or is not fit for use.');
      return options.replicas > 0 ? 'replicated' : durability;
    },
    close,
  };
};

/**
 * A reply that has come in time counts, also where this process was too busy to look: before the deadline strikes, what
 * waits in the socket is read once more.
 */
const withDeadline = <T>(work: Promise<T>, timeoutMs: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(tooLate())), timeoutMs);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
