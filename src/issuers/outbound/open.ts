import { lookup } from 'node:dns/promises';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { FetchPermissions, Outbound, OutboundPosts } from '../fetching.ts';
import { IssuerProblem } from '../issuer-keys.ts';
import { type AnswerLimits, askFor, postTo } from './answer.ts';
import { type Connection, connectChecked } from './connect.ts';
import { type Address, checkedAddresses, type Resolve, readTarget } from './target.ts';
import { openTurns } from './turns.ts';

/** Where a fetch may go, what it may cost, and how many there are at once. */
export interface OutboundLimits extends AnswerLimits {
  /** The port that needs no permission. */
  readonly port: number;
  /** From the call to the answer, waiting included. */
  readonly totalMs: number;
  readonly connectMs: number;
  readonly parallel: number;
  /** Fetches that wait for a place; further ones are refused. */
  readonly waiting: number;
}

const LIMITS: OutboundLimits = {
  port: 443,
  totalMs: 3000,
  connectMs: 1000,
  bodyBytes: 512 * 1024,
  headerBytes: 16 * 1024,
  parallel: 16,
  waiting: 64,
};

export interface OutboundOptions {
  /** A certificate authority in PEM that is trusted besides the public ones (and those of NODE_EXTRA_CA_CERTS). */
  readonly ca?: string;
  /** Where names are looked up; absent: the system. */
  readonly resolve?: Resolve;
  readonly limits?: Partial<OutboundLimits>;
}

/** Opens the door to strangers: see `Outbound` for what it promises. */
export const openOutbound = (options: OutboundOptions): Outbound & OutboundPosts => {
  const { ca, resolve = systemResolve } = options;
  const limits = { ...LIMITS, ...options.limits };
  const secureContext = createSecureContext(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] });
  const turns = openTurns(limits.parallel, limits.waiting);
  const open = new Set<AbortController>();
  let closed = false;

  const reach = async <T>(
    text: string,
    permissions: FetchPermissions,
    ask: (url: URL, connection: Connection) => Promise<T>,
  ): Promise<T> => {
    if (closed) throw new IssuerProblem('The server is stopping.');
    // 1. The form of the URL, before anything costs time.
    const target = readTarget(text, permissions.hosts, limits.port);
    const { host } = target.url;
    const end = new AbortController();
    const { signal } = end;
    const timer = setTimeout(() => end.abort(tooSlow(host, limits.totalMs)), limits.totalMs);
    open.add(end);
    // What the place is held for: the system's resolver cannot be stopped, and whoever makes it slow must not pile up
    // questions that nobody waits for any more.
    let resolving: Promise<unknown> | undefined;
    let leave: (() => void) | undefined;
    try {
      leave = await turns.take(signal);
      signal.throwIfAborted();
      // 2. Every address of the host.
      const found = checkedAddresses(target, resolve);
      resolving = found;
      const addresses = await unlessAborted(found, signal);
      // 3. A connection to one of these, and its certificate, before anything is sent.
      const { connectMs } = limits;
      const connection = await connectChecked(target, addresses, permissions, { secureContext, connectMs, signal });
      // 4. The question, and its answer.
      return await ask(target.url, connection);
    } catch (error) {
      throw signal.aborted ? signal.reason : asProblem(host, error, limits);
    } finally {
      clearTimeout(timer);
      open.delete(end);
      if (leave) Promise.resolve(resolving).then(leave, leave);
    }
  };

  return {
    getJson: (text, permissions) =>
      reach(text, permissions, async (url, { socket, thumbprint }) => ({
        ...(await askFor(url, socket, limits)),
        thumbprint,
      })),
    postJson: (text, posted, permissions) =>
      reach(text, permissions, (url, { socket }) => postTo(url, socket, limits, posted)),
    async close() {
      closed = true;
      for (const end of open) end.abort(new IssuerProblem('The server is stopping.'));
    },
  };
};

const systemResolve: Resolve = async (name) => (await lookup(name, { all: true })) as readonly Address[];

const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

const tooSlow = (host: string, totalMs: number): IssuerProblem =>
  new IssuerProblem(`${host} took longer than ${totalMs / 1000} seconds to answer.`);

/** The network's own errors, by their code: their texts name addresses. */
const asProblem = (host: string, error: unknown, { headerBytes }: OutboundLimits): IssuerProblem => {
  if (error instanceof IssuerProblem) return error;
  const code = String((error as { readonly code?: unknown } | undefined)?.code ?? 'unknown error');
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new IssuerProblem(`${host} answers with more than ${headerBytes} bytes of headers.`, { cause: error });
  }
  return new IssuerProblem(`${host} could not be asked (${code}).`, { cause: error });
};
