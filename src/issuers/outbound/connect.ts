import type { LookupFunction } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { FetchPermissions } from '../fetching.ts';
import { IssuerProblem } from '../issuer-keys.ts';
import type { Address, Target } from './target.ts';

/** A connection whose certificate was found good, before anything was sent over it. */
export interface Connection {
  readonly socket: TLSSocket;
  /** SHA-256 of the certificate, lower-case hexadecimal. */
  readonly thumbprint: string;
}

/**
 * Connects to one of the checked addresses, and to nothing else: the name is not resolved a second time, so whoever
 * owns it cannot answer otherwise now. The name still stands in SNI, and the certificate must be for it.
 *
 * The certificate is one that a public authority vouches for, or one whose thumbprint this registration has.
 * `connectMs` is for TCP; the handshake, and the connection itself, end with `signal` at the latest. Throws
 * `IssuerProblem`, or what the network threw.
 */
export const connectChecked = (
  { host, port, url }: Target,
  addresses: readonly Address[],
  permissions: FetchPermissions,
  { secureContext, connectMs, signal }: { secureContext: SecureContext; connectMs: number; signal: AbortSignal },
): Promise<Connection> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({
      host,
      port,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      // Judged below, where thumbprints count too. A name goes into SNI by itself, an address never does.
      rejectUnauthorized: false,
      lookup: pinned(addresses),
    });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      // With the error: a connection that ends without one also ends, and completes, a body of no stated length.
      socket.destroy(error);
      reject(error);
    };
    const stop = (): void => fail(signal.reason);
    const timer = setTimeout(
      () => fail(new IssuerProblem(`${url.host} could not be connected to in time.`)),
      connectMs,
    );
    signal.addEventListener('abort', stop);
    socket.once('connect', () => clearTimeout(timer));
    // These stay for as long as the connection: an error that nobody hears would end the process.
    socket.on('error', fail);
    socket.once('close', () => fail(new IssuerProblem(`${url.host} closed the connection.`)));
    socket.once('secureConnect', () => {
      const thumbprint = thumbprintOf(socket);
      if (thumbprint !== undefined && isTaken(socket, thumbprint, permissions)) resolve({ socket, thumbprint });
      else fail(untrusted(url, socket, thumbprint));
    });
  });

/** A resolver that knows the checked addresses only. Node tries one after the other, where it asks for all. */
const pinned =
  (addresses: readonly Address[]): LookupFunction =>
  (_name, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };

const thumbprintOf = (socket: TLSSocket): string | undefined =>
  socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();

/** `authorized` covers the chain, its times and the name. Thumbprints are asked only where that says no. */
const isTaken = (socket: TLSSocket, thumbprint: string, permissions: FetchPermissions): boolean =>
  socket.authorized ||
  permissions.anyCertificate === true ||
  permissions.thumbprints.some((known) => known.toLowerCase() === thumbprint);

const untrusted = (url: URL, socket: TLSSocket, thumbprint: string | undefined): IssuerProblem =>
  new IssuerProblem(
    `No public authority vouches for the certificate of ${url.host} (${socket.authorizationError}); ` +
      `its thumbprint is ${thumbprint ?? 'unknown'}: register that if it is the right one.`,
  );
