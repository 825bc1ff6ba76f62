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
/** More than the largest open session. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export type Query = Readonly<Record<string, string | number | undefined>>;

/** A Runpass server, as a client command speaks to it: in the name of one access token. */
export interface Client {
  readonly url: string;
  /** Where the access token came from, for people. */
  readonly source: string;
  /** When the access token ends, where that is known. */
  readonly expires?: EpochSeconds;
  /** The answer as it came, a refusal too: for those that read more than JSON from it. */
  ask(question: Question): Promise<RawAnswer>;
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

export interface Question {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  /** Of the two bodies one at most. */
  readonly json?: unknown;
  readonly yaml?: string;
  readonly etag?: string | undefined;
  /** How long the server may keep silent. */
  readonly patienceMs?: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly etag?: string;
  /** Number of the revision of an environment that the answer is about. */
  readonly revision?: string;
}

/** The client of whoever is logged in here; throws, with the way out, when nobody is, or no longer. */
export const openClient = async (around: Surroundings): Promise<Client> => {
  const { url, accessToken, source } = await findAccess(around);
  const expires = await endOfLogin(around, source);
  return { ...makeClient(url, accessToken.reveal(), source), ...(expires !== undefined && { expires }) };
};

/**
 * Follows no redirect (it could lead the token elsewhere), waits for at most 15 s where nothing else is asked for, and
 * reads at most 32 MiB.
 *
 * `url` has been through `secretTarget`: the access token goes with every request.
 */
export const makeClient = (url: string, accessToken: string, source: string): Client => {
  const agent = new Agent({ connect: { timeout: CONNECT_MS } });

  const send = ({ method, path, query = {}, json, yaml, etag, patienceMs = ANSWER_MS }: Question) => {
    const target = new URL(url + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const body = yaml ?? (json === undefined ? undefined : JSON.stringify(json));
    return request(target, {
      method,
      dispatcher: agent,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
      headers: {
        authorization: `token ${accessToken}`,
        accept: 'application/json, application/x-yaml',
        ...(body !== undefined && { 'content-type': `application/${yaml === undefined ? 'json' : 'x-yaml'}` }),
        ...(etag !== undefined && { etag }),
      },
      ...(body !== undefined && { body }),
    }).catch((cause: unknown) => {
      throw unreachable(url, cause);
    });
  };
  const granted = async (question: Question) => {
    const { statusCode: status, body } = await send(question);
    if (isGranted({ status })) return body;
    throw refusedBy({ url, source }, { status, text: await readAnswer(url, body) });
  };
  const call = async <T>(question: Question): Promise<T> =>
    parseAnswer(url, await readAnswer(url, await granted(question)), JSON.parse);

  return {
    url,
    source,
    async ask(question) {
      const { statusCode: status, headers, body } = await send(question);
      const [etag, revision] = [headers['etag'], headers['pulumi-esc-revision']];
      return {
        status,
        text: await readAnswer(url, body),
        ...(typeof etag === 'string' && { etag }),
        ...(typeof revision === 'string' && { revision }),
      };
    },
    get: (path, query = {}) => call({ method: 'GET', path, query }),
    post: (path, json) => call({ method: 'POST', path, json }),
    patch: (path, json) => call({ method: 'PATCH', path, json }),
    put: (path, json) => call({ method: 'PUT', path, json }),
    async delete(path) {
      await readAnswer(url, await granted({ method: 'DELETE', path }));
    },
    async *lines(path, query = {}) {
      const body = await granted({ method: 'GET', path, query });
      try {
        yield* createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
      } catch (cause) {
        throw unreachable(url, cause);
      }
    },
    async organization(given) {
      if (given !== undefined) return given;
      const path = '/api/user/organizations/default';
      const { GitHubLogin } = await call<{ GitHubLogin: string }>({ method: 'GET', path });
      return GitHubLogin;
    },
  };
};

/** A path of the API with its parameters written so that none of them can change the path. */
export const apiPath = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  parts.map((part, index) => part + (index < values.length ? encodeURIComponent(values[index] ?? '') : '')).join('');

export const isGranted = ({ status }: Pick<RawAnswer, 'status'>): boolean => status >= 200 && status < 300;

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

/** The text of an answer, read by `parse`, which throws at what it cannot read. */
export const parseAnswer = <T>(url: string, text: string, parse: (text: string) => T): T => {
  try {
    return parse(text);
  } catch (cause) {
    throw failed(`${url} did not answer with JSON.`, NOT_RUNPASS, cause);
  }
};

/** What the server said, in its own words; its stable code goes with them. */
export const refusedBy = (
  { url, source }: Pick<Client, 'url' | 'source'>,
  { status, text }: Pick<RawAnswer, 'status' | 'text'>,
): CommandFailure => {
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
