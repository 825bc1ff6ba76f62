import type { TLSSocket } from 'node:tls';
import { Client, type Dispatcher } from 'undici';
import type { FetchedDocument, PostAnswer, PostedJson } from '../fetching.ts';
import { IssuerProblem } from '../issuer-keys.ts';

/** What one answer may cost. */
export interface AnswerLimits {
  readonly bodyBytes: number;
  readonly headerBytes: number;
}

type Headers = Dispatcher.ResponseData['headers'];

/** Compression is not asked for and not taken: a few bytes that become gigabytes are then no question. */
const REQUEST_HEADERS = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'runpass' };

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/**
 * Asks for one document over a connection that was judged before, and closes it.
 *
 * Takes a JSON document of status 200 within the limits, and nothing else. Throws `IssuerProblem`, or what the
 * connection threw, as soon as that ends.
 */
export const askFor = (
  url: URL,
  socket: TLSSocket,
  limits: AnswerLimits,
): Promise<Omit<FetchedDocument, 'thumbprint'>> =>
  converse(url, socket, limits, { method: 'GET', headers: REQUEST_HEADERS }, async ({ statusCode, headers, body }) => {
    checkHead(url, statusCode, headers);
    const bytes = await readBody(url, body, limits.bodyBytes);
    const maxAge = maxAgeOf(headers);
    return { bytes, ...(maxAge !== undefined && { maxAge }) };
  });

/** Posts a JSON text in the same way, and takes any answer that is neither redirected nor compressed. */
export const postTo = (url: URL, socket: TLSSocket, limits: AnswerLimits, posted: PostedJson): Promise<PostAnswer> => {
  const headers = { ...posted.headers, 'content-type': 'application/json', ...REQUEST_HEADERS };
  return converse(url, socket, limits, { method: 'POST', headers, body: posted.body }, async (answer) => {
    const { statusCode: status, body } = answer;
    checkForm(url, status, answer.headers);
    const bytes = await readBody(url, body, limits.bodyBytes);
    return { status, bytes: isJson(answer.headers) ? bytes : new Uint8Array() };
  });
};

const converse = async <T>(
  url: URL,
  socket: TLSSocket,
  limits: AnswerLimits,
  request: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body'>,
  read: (answer: Dispatcher.ResponseData) => Promise<T>,
): Promise<T> => {
  const client = new Client(url.origin, {
    // Later, since a client that is still resuming forgets its request; and once, since it would connect again.
    connect: (_options, callback) =>
      queueMicrotask(() => {
        if (socket.destroyed) callback(new IssuerProblem(`${url.host} closed the connection.`), null);
        else callback(null, socket);
      }),
    allowH2: false,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  limitTraffic(url, socket, limits);
  try {
    const answer = await client.request({ ...request, path: `${url.pathname}${url.search}` });
    // A body that is refused before it is read would otherwise end the process when its connection goes.
    answer.body.on('error', () => {});
    return await read(answer);
  } finally {
    await client.destroy();
  }
};

/** Interim answers and chunk extensions are read by the parser, and appear in no body: they count here. */
const limitTraffic = (url: URL, socket: TLSSocket, { bodyBytes, headerBytes }: AnswerLimits): void => {
  socket.on('readable', () => {
    if (socket.bytesRead > bodyBytes + 4 * headerBytes) socket.destroy(tooLarge(url, bodyBytes));
  });
};

const checkHead = (url: URL, status: number, headers: Headers): void => {
  checkForm(url, status, headers);
  if (status !== 200) throw new IssuerProblem(`${url.host} answered ${url.pathname} with status ${status}.`);
  if (!isJson(headers)) {
    throw new IssuerProblem(`${url.host} answered ${url.pathname} with a content type that is not JSON.`);
  }
};

/** What no answer may be, whatever its status. */
const checkForm = (url: URL, status: number, headers: Headers): void => {
  if (status >= 300 && status < 400) {
    const { location } = headers;
    const host = typeof location === 'string' ? URL.parse(location, url.href)?.host : undefined;
    throw new IssuerProblem(
      `${url.host} redirects to ${host?.slice(0, 100) ?? 'another place'}, and redirects are not followed; ` +
        'register the URL that answers by itself.',
    );
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new IssuerProblem(`${url.host} compresses its answer although it was asked not to.`);
  }
};

const isJson = (headers: Headers): boolean => {
  const type = headers['content-type'];
  return typeof type === 'string' && JSON_TYPE.test(type.replace(/;.*$/s, '').trim().toLowerCase());
};

const readBody = async (url: URL, body: AsyncIterable<Buffer>, limit: number): Promise<Uint8Array> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw tooLarge(url, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const tooLarge = (url: URL, limit: number): IssuerProblem =>
  new IssuerProblem(`${url.host} answers with more than ${limit} bytes.`);

/** What is left of the time that a cache may keep the answer. RFC 9111, sections 4.2.1, 4.2.3 and 5.2.2. */
const maxAgeOf = (headers: Headers): number | undefined => {
  const directives = String(headers['cache-control'] ?? '').toLowerCase();
  if (/(?:^|,)\s*no-(?:store|cache)\b/.test(directives)) return 0;
  const found = /(?:^|,)\s*max-age="?(\d{1,9})"?\s*(?:,|$)/.exec(directives);
  if (!found) return undefined;
  const age = /^\d{1,9}$/.exec(String(headers['age'] ?? ''));
  return Math.max(0, Number(found[1]) - Number(age?.[0] ?? 0));
};
