import type { TLSSocket } from 'node:tls';
import { Client, type Dispatcher } from 'undici';
import type { FetchedDocument } from '../fetching.ts';
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
export const askFor = async (
  url: URL,
  socket: TLSSocket,
  limits: AnswerLimits,
): Promise<Omit<FetchedDocument, 'thumbprint'>> => {
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
    const path = `${url.pathname}${url.search}`;
    const { statusCode, headers, body } = await client.request({ method: 'GET', path, headers: REQUEST_HEADERS });
    checkHead(url, statusCode, headers);
    const bytes = await readBody(url, body, limits.bodyBytes);
    const maxAge = maxAgeOf(headers);
    return { bytes, ...(maxAge !== undefined && { maxAge }) };
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
  if (status >= 300 && status < 400) {
    const { location } = headers;
    const host = typeof location === 'string' ? URL.parse(location, url.href)?.host : undefined;
    throw new IssuerProblem(
      `${url.host} redirects to ${host?.slice(0, 100) ?? 'another place'}, and redirects are not followed; ` +
        'register the URL that answers by itself.',
    );
  }
  if (status !== 200) throw new IssuerProblem(`${url.host} answered ${url.pathname} with status ${status}.`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new IssuerProblem(`${url.host} compresses its answer although it was asked not to.`);
  }
  const type = headers['content-type'];
  if (typeof type !== 'string' || !JSON_TYPE.test(type.replace(/;.*$/s, '').trim().toLowerCase())) {
    throw new IssuerProblem(`${url.host} answered ${url.pathname} with a content type that is not JSON.`);
  }
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
