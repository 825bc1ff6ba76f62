import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clouds } from '../../src/clouds/clouds.ts';
import { openCloudHttp } from '../../src/clouds/http.ts';

/** A question as it arrived. */
export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A cloud, as far as a login needs one: a real HTTP server on a loopback address, reached through the real client. */
export interface FakeCloud {
  readonly url: string;
  /** Every endpoint leads here; so do strangers' addresses. */
  readonly clouds: Clouds;
  readonly asked: Asked[];
  /** Answers every question from now on: an object as JSON, a text as it is. */
  answer(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  /** Answers the questions one after the other. */
  answers(...bodies: readonly (readonly [status: number, body: unknown])[]): void;
  /** Answers with whatever this writes. */
  handle(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  stop(): Promise<void>;
}

export const startFakeCloud = async (): Promise<FakeCloud> => {
  const asked: Asked[] = [];
  let handler: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end();
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    asked.push({ method, path, headers, body: await text(request) });
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = openCloudHttp();
  const endpoints = {
    awsSts: url,
    entra: url,
    googleSts: url,
    googleIamCredentials: url,
    doppler: url,
    infisical: url,
  };
  const send = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
    const isText = typeof body === 'string';
    const type = isText ? 'text/xml' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(isText ? body : JSON.stringify(body));
  };
  return {
    url,
    asked,
    clouds: {
      endpoints,
      post: http.post,
      postToStranger: ({ url: address, ...rest }) => {
        const { pathname } = new URL(address);
        return http.post({ url: url + pathname, ...rest });
      },
    },
    answer(status, body, headers) {
      handler = (_request, response) => send(response, status, body, headers);
    },
    answers(...bodies) {
      const left = [...bodies];
      handler = (_request, response) => send(response, ...(left.shift() ?? [500, {}]));
    },
    handle(given) {
      handler = given;
    },
    async stop() {
      await http.close();
      server.close();
      server.closeAllConnections();
    },
  };
};
