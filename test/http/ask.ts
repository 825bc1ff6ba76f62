import { type Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

/** Where every public document stands. */
export const DOCUMENTS = [
  '/oidc/.well-known/openid-configuration',
  '/oidc/.well-known/jwks',
  '/oidc/v2/.well-known/openid-configuration',
  '/oidc/v2/.well-known/jwks',
  '/.well-known/oauth-authorization-server/oidc',
  '/.well-known/oauth-authorization-server/oidc/v2',
];

export interface Ask {
  readonly method: string;
  /** The request target, byte for byte; also in absolute form. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Sent as the body, with its content type. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body where it says that it is JSON; throws where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects, and fails where they are missing
  readonly json: any;
}

/** Sends one request by node:http, which changes neither target nor Host as fetch would. */
export const ask = (address: string, what: Ask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const [type, body] = bodyOf(what);
    const { hostname, port } = new URL(address);
    // Node frames a body by itself for some methods only.
    const framing = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const headers = { ...(type && { 'content-type': type }), ...framing, ...what.headers };
    const { method, path, agent } = what;
    const sent = request({ hostname, port, method, path, headers, ...(agent && { agent }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          get json() {
            return JSON.parse(text);
          },
        });
      });
    });
    sent.setTimeout(20_000, () => sent.destroy(new Error(`no answer to ${method} ${path.slice(0, 80)}`)));
    sent.on('error', reject);
    sent.end(body);
  });

const bodyOf = ({ body, json, form }: Ask): readonly [string | undefined, string | Buffer | undefined] => {
  if (json !== undefined) return ['application/json', JSON.stringify(json)];
  if (form !== undefined) return ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()];
  return [undefined, body];
};

/** Sends bytes as they are and gives everything that comes back until the server ends the connection. */
export const sendRaw = (address: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(20_000, () => socket.destroy(new Error('the connection was not ended')));
  });
