import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

const pem = (name: string): string => readFileSync(new URL(`../vectors/tls/${name}.pem`, import.meta.url), 'utf8');

/** The certificate of every `HttpsHost`, for `localhost` and `127.0.0.1`: trusted by whoever takes it as `ca`. */
export const TEST_CERTIFICATE = pem('cert');
/** SHA-256 of it, as registrations write it. */
export const TEST_THUMBPRINT = new X509Certificate(TEST_CERTIFICATE).fingerprint256.replaceAll(':', '').toLowerCase();

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A host of the internet, as far as a test needs one: a real HTTPS server on a loopback address. */
export interface HttpsHost {
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** `localhost:PORT`: the permission that a fetch needs. */
  readonly host: string;
  readonly port: number;
  /** What arrived, in order. */
  readonly requests: readonly { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** How many TCP connections were made, whatever became of them. */
  connections(): number;
  /** Resolves as soon as none of them is open. */
  disconnected(): Promise<void>;
  /** Answers a path from now on; others get 404. */
  on(path: string, answer: Answer): void;
  /** Answers a path with a JSON document from now on. */
  json(path: string, document: unknown, headers?: Readonly<Record<string, string>>): void;
  stop(): Promise<void>;
}

/** Starts a host on 127.0.0.1, or on `address`. */
export const startHttpsHost = async (address = '127.0.0.1'): Promise<HttpsHost> => {
  const answers = new Map<string, Answer>();
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ cert: TEST_CERTIFICATE, key: pem('key') }, (request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    const answer = answers.get(path);
    if (answer) answer(request, response);
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    origin: `https://localhost:${port}`,
    host: `localhost:${port}`,
    port,
    requests,
    connections: () => connections,
    async disconnected() {
      for (const socket of sockets) await once(socket, 'close');
    },
    on: (path, answer) => void answers.set(path, answer),
    json(path, document, headers = {}) {
      answers.set(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document));
      });
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
};
