import { redisError } from './redis-errors.ts';
import type { RedisLink } from './redis-link.ts';

/** Documents of one script: the server puts the whole reply together before it sends any of it. */
const AT_ONCE = 16;

interface Waiting {
  readonly key: string;
  found(reply: unknown): void;
  failed(error: unknown): void;
}

/**
 * Reads documents; gives `v n u l` of each.
 *
 * Those that are asked for in one turn of the event loop are read by a few scripts: an environment is a hundred
 * documents, and a command of its own for each costs more than all that is done with them. A cluster has them on many
 * servers, so there each has its own command.
 */
export const documentReader = (
  link: Pick<RedisLink, 'read'>,
  { together }: { readonly together: boolean },
): ((key: string) => Promise<unknown>) => {
  let waiting: Waiting[] = [];

  const readAlone = (key: string): Promise<unknown> => link.read('hmget', [key, 'v', 'n', 'u', 'l']);

  const readTogether = async (documents: readonly Waiting[]): Promise<void> => {
    try {
      const replies = await link.read('get', [documents.length, ...documents.map(({ key }) => key)]);
      for (const [index, reply] of (replies as readonly unknown[]).entries()) {
        if (reply instanceof Error) documents[index]?.failed(redisError(reply, false));
        else documents[index]?.found(reply);
      }
    } catch (error) {
      for (const { failed } of documents) failed(error);
    }
  };

  const leave = (): void => {
    const leaving = waiting;
    waiting = [];
    for (let at = 0; at < leaving.length; at += AT_ONCE) {
      const documents = leaving.slice(at, at + AT_ONCE);
      const [first, ...more] = documents;
      if (first && more.length === 0) readAlone(first.key).then(first.found, first.failed);
      else void readTogether(documents);
    }
  };

  return (key) => {
    if (!together) return readAlone(key);
    return new Promise((found, failed) => {
      if (waiting.length === 0) setImmediate(leave);
      waiting.push({ key, found, failed });
    });
  };
};
