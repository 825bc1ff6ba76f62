import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { longestBodySeconds } from './limits.ts';

/** Limits of the HTTP edge; every one is a default of docs/operate.md. */
const LIMITS = {
  maxHeaderBytes: 8 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: longestBodySeconds * 1000,
  /** How often the two timeouts are looked at: Node's own 30 s would let them run six times as long. */
  timeoutCheckMs: 1_000,
  keepAliveTimeoutMs: 65_000,
  requestsPerSocket: 1_000,
  /** How long a stopping server waits for a connection that says nothing. */
  idleWhileDrainingMs: 3_000,
} as const;

export interface HttpServer {
  /** Where it listens; the port is a real one also where 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /** Requests that are being answered. */
  inFlight(): number;
  /**
   * Stops without losing a request: no new connection is taken, and each open one gets one more answer, with
   * `Connection: close`. Who says nothing for a few seconds is let go; after `seconds` everybody is.
   */
  drain(seconds: number): Promise<void>;
}

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** Called first; true when it answered. */
  readonly publicDocuments: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly app: RequestListener;
}

export const listen = async (options: ServerOptions): Promise<HttpServer> => {
  let draining = false;
  const inFlight = new Set<ServerResponse>();
  const server = createServer(
    {
      maxHeaderSize: LIMITS.maxHeaderBytes,
      headersTimeout: LIMITS.headersTimeoutMs,
      requestTimeout: LIMITS.requestTimeoutMs,
      connectionsCheckingInterval: LIMITS.timeoutCheckMs,
      keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
      requireHostHeader: false,
      insecureHTTPParser: false,
      noDelay: true,
    },
    (request, response) => {
      inFlight.add(response);
      response.once('close', () => inFlight.delete(response));
      if (draining) response.setHeader('Connection', 'close');
      if (!options.publicDocuments(request, response)) options.app(request, response);
    },
  );
  server.maxRequestsPerSocket = LIMITS.requestsPerSocket;
  server.on('clientError', answerBadRequest);
  const sockets = trackSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: { host: bound.address, port: bound.port },
    inFlight: () => inFlight.size,
    async drain(seconds) {
      draining = true;
      for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
      // Not server.close(): that kills idle keep-alive connections at once, and with them requests on their way.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      const idle = setTimeout(() => sockets.destroyAllBut(inFlight), LIMITS.idleWhileDrainingMs);
      await Promise.race([closed, sockets.empty(), sleep(seconds * 1000, undefined, { ref: false })]);
      clearTimeout(idle);
      server.closeAllConnections();
      await closed;
    },
  };
};

/** Every open connection, also one on which nothing was ever asked: the server itself does not count that as idle. */
const trackSockets = (server: Server) => {
  const open = new Set<Socket>();
  let whenEmpty: (() => void) | undefined;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      if (open.size === 0) whenEmpty?.();
    });
  });
  return {
    empty: () =>
      new Promise<void>((resolve) => {
        whenEmpty = resolve;
        if (open.size === 0) resolve();
      }),
    destroyAllBut(answering: ReadonlySet<ServerResponse>): void {
      const busy = new Set([...answering].map(({ socket }) => socket));
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
    },
  };
};

const STATUS_OF_PARSE_ERROR: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What the parser refuses never reaches a route: one clear answer, and the connection ends. */
const answerBadRequest = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF_PARSE_ERROR[error.code ?? ''] ?? '400 Bad Request';
  const body = JSON.stringify({
    code: Number(status.slice(0, 3)),
    message: status.slice(4),
    refusal: 'invalid_request',
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
};
