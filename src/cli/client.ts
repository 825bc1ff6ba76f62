import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import type { EpochSeconds } from '../system.ts';
import { findAccess } from './access.ts';
import { CommandFailure, failed } from './failure.ts';
import { endOfLogin } from './login-file.ts';
import type { Surroundings } from './surroundings.ts';

const CONNECT_MS = 5_000;
/** How long a server may keep silent. */
export const ANSWER_MS = 15_000;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export type Query = Readonly<Record<string, string | number | undefined>>;

/** A Runpass server, as a client command speaks to it: in the name of one access token. */
export interface Client {
  readonly url: string;
  /** Where the access token came from, for people. */
  readonly source: string;
  /** When the access token ends, where that is known. */
  readonly expires?: EpochSeconds;
  get<T>(path: string, query?: Query): Promise<T>;
  /** `body` as JSON; absent: none. */
  post<T>(path: string, body?: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  /** An answer of any length, line by line. */
  lines(path: string, query?: Query): AsyncIterable<string>;
  /** `given`, or else the organization that the access token belongs to. */
  organization(given: string | undefined): Promise<string>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** The client of whoever is logged in here; throws, with the way out, when nobody is, or no longer. */
export const openClient = async (around: Surroundings): Promise<Client> => {
  const { url, accessToken, source } = await findAccess(around);
  const expires = await endOfLogin(around, source);
  return { ...makeClient(url, accessToken.reveal(), source), ...(expires !== undefined && { expires }) };
};

/**
 * Follows no redirect (it could lead the token elsewhere), waits for at most 15 s and reads at most 8 MiB.
 *
 * `url` has been through `secretTarget`: the access token goes with every request.
 */
export const makeClient = (url: string, accessToken: string, source: string): Client => {
  const agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });

  const send = async (method: Method, path: string, query: Query, body: unknown) => {
    const target = new URL(url + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const answer = await request(target, {
      method,
      dispatcher: agent,
      headers: {
        authorization: `token ${accessToken}`,
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw unreachable(url, cause);
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer.body;
    throw refusedBy(url, source, answer.statusCode, await readAnswer(url, answer.body));
  };

  const call = async <T>(method: Method, path: string, query: Query, body?: unknown): Promise<T> =>
    parseAnswer<T>(url, await readAnswer(url, await send(method, path, query, body)));

  return {
    url,
    source,
    get: (path, query = {}) => call('GET', path, query),
    post: (path, body) => call('POST', path, {}, body),
    patch: (path, body) => call('PATCH', path, {}, body),
    put: (path, body) => call('PUT', path, {}, body),
    async delete(path) {
      await readAnswer(url, await send('DELETE', path, {}, undefined));
    },
    async *lines(path, query = {}) {
      const body = await send('GET', path, query, undefined);
      try {
        yield* createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
      } catch (cause) {
        throw unreachable(url, cause);
      }
    },
    async organization(given) {
      if (given !== undefined) return given;
      const { GitHubLogin } = await call<{ GitHubLogin: string }>('GET', '/api/user/organizations/default', {});
      return GitHubLogin;
    },
  };
};

/** A path of the API with its parameters written so that none of them can change the path. */
export const apiPath = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  parts.map((part, index) => part + (index < values.length ? encodeURIComponent(values[index] ?? '') : '')).join('');

export const readAnswer = async (url: string, body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) throw failed(`The answer of ${url} is larger than ${MAX_ANSWER_BYTES} bytes.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof CommandFailure ? cause : unreachable(url, cause);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const NOT_RUNPASS = 'RUNPASS_URL must be the public URL of a Runpass server';

const parseAnswer = <T>(url: string, text: string): T => {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw failed(`${url} did not answer with JSON.`, NOT_RUNPASS, cause);
  }
};

/** What the server said, in its own words; its stable code goes with them. */
const refusedBy = (url: string, source: string, status: number, text: string): CommandFailure => {
  const body = readRefusal(text);
  if (!body) {
    const what = status >= 300 && status < 400 ? 'a redirect, which is not followed' : `status ${status}`;
    return failed(`${url} answered with ${what}.`, NOT_RUNPASS);
  }
  const hint =
    status === 401
      ? `the access token is from ${source}`
      : body.refusal === 'internal' && body.requestId !== undefined
        ? `look for ${body.requestId} in the log of the server`
        : undefined;
  return new CommandFailure(1, body.sentence, { code: body.refusal, ...(hint !== undefined && { hint }) });
};

const readRefusal = (text: string) => {
  try {
    const { message, refusal, requestId, errors } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof message !== 'string' || typeof refusal !== 'string') return undefined;
    const sentence = sentenceOf(errors) ?? message;
    return { sentence, refusal, requestId: typeof requestId === 'string' ? requestId : undefined };
  } catch {
    return undefined;
  }
};

/** Everything that is wrong with what was sent, a line each, where more than one thing is. */
const sentenceOf = (errors: unknown): string | undefined => {
  if (!Array.isArray(errors) || errors.length < 2) return undefined;
  const lines = (errors as Readonly<Record<string, unknown>>[]).map(
    (one) => `  ${one.attribute}: ${one.customMessage}`,
  );
  return [`${errors.length} fields are not what they must be.`, ...lines].join('\n');
};

/** Why nothing came back, as far as Node's error code tells. */
export const unreachable = (url: string, cause: unknown): CommandFailure => {
  const code = codeOf(cause);
  const [sentence, hint] = UNREACHABLE[code] ?? [`${url} cannot be reached${code === '' ? '' : ` (${code})`}.`];
  return failed(sentence.replace('{url}', url), hint, cause);
};

const UNREACHABLE: Readonly<Record<string, readonly [sentence: string, hint?: string]>> = {
  ECONNREFUSED: ['Nothing listens at {url}.', 'start the server with "runpass serve", or set RUNPASS_URL'],
  ENOTFOUND: ['{url} names a host that does not exist.', 'check RUNPASS_URL'],
  UND_ERR_CONNECT_TIMEOUT: ['{url} does not take a connection.', 'check RUNPASS_URL and the firewalls on the way'],
  UND_ERR_HEADERS_TIMEOUT: ['{url} does not answer.'],
  TimeoutError: ['{url} does not answer.'],
  CERT_HAS_EXPIRED: ['The TLS certificate of {url} has expired.', 'renew it'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['The TLS certificate of {url} is for another host.', 'check RUNPASS_URL'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'The TLS certificate of {url} is signed by itself.',
    'name its file in NODE_EXTRA_CA_CERTS',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'The TLS certificate of {url} comes from an unknown authority.',
    'name the file of the authority in NODE_EXTRA_CA_CERTS',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'The TLS certificate of {url} comes without its chain.',
    'let the proxy send the intermediate certificates, too',
  ],
};

const codeOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return '';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause.name === 'TimeoutError' ? 'TimeoutError' : codeOf(cause.cause);
};
