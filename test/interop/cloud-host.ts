import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Json } from './profile.ts';

/** The certificate of every host of this kind that speaks TLS, and the authority that it is of. */
export const CERTIFICATE_FILE = fileURLToPath(new URL('../vectors/tls/cert.pem', import.meta.url));
const KEY_FILE = fileURLToPath(new URL('../vectors/tls/key.pem', import.meta.url));

export interface CloudQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface CloudReply {
  readonly status: number;
  /** A text goes as XML, anything else as JSON. */
  readonly body: unknown;
}

/** A cloud's host on a port of its own. */
export interface CloudHost {
  readonly url: string;
  readonly asked: readonly CloudQuestion[];
  /** The next so many questions are answered like this, whatever they are. */
  disturb(times: number, reply: CloudReply): void;
  stop(): Promise<void>;
}

export const startCloudHost = async (
  answer: (question: CloudQuestion) => Promise<CloudReply>,
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<CloudHost> => {
  const asked: CloudQuestion[] = [];
  const disturbances: CloudReply[] = [];
  const listener: RequestListener = async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const question = { method, path, headers, body: await text(request) };
    asked.push(question);
    send(response, disturbances.shift() ?? (await answer(question)));
  };
  const server = tls
    ? createTlsServer({ cert: readFileSync(CERTIFICATE_FILE), key: readFileSync(KEY_FILE) }, listener)
    : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    asked,
    disturb: (times, reply) => void disturbances.push(...Array.from({ length: times }, () => reply)),
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
};

const send = (response: ServerResponse, { status, body }: CloudReply): void => {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/xml' : 'application/json' });
  response.end(isText ? body : JSON.stringify(body));
};

/** Clouds wait no longer for an issuer. */
const PATIENCE_MS = 5_000;

/**
 * The keys of an issuer, by its URL alone: discovery, then the key set that it names. `undefined` when the issuer cannot
 * be reached, or is not the one that it says it is. `at`: where its URL leads, where that is not the name of this machine.
 */
export const keysOfIssuer = async (issuer: string, at = issuer): Promise<readonly Json[] | undefined> => {
  try {
    const discovery = await readDocument(`${at}/.well-known/openid-configuration`);
    if (discovery['issuer'] !== issuer) return undefined;
    return (await readDocument(String(discovery['jwks_uri']).replace(issuer, at)))['keys'] as readonly Json[];
  } catch {
    return undefined;
  }
};

const readDocument = async (url: string): Promise<Json> => {
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as Json;
};
