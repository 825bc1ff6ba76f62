import type { IncomingMessage, ServerResponse } from 'node:http';

/** A document that anybody may read: rendered before it is asked for. */
export interface PublicDocument {
  readonly bytes: Buffer;
  /** Strong validator of the bytes, with its quotes. RFC 9110, section 8.8.3. */
  readonly etag: string;
  /** Seconds that anybody may keep it. */
  readonly maxAge: number;
}

/** Path to document; a path whose document is not there yet is answered 503. */
export type PublicDocuments = ReadonlyMap<string, () => PublicDocument | undefined>;

interface Rendered {
  readonly document: PublicDocument;
  readonly full: readonly string[];
  readonly unchanged: readonly string[];
}

const CORS = ['Access-Control-Allow-Origin', '*', 'X-Content-Type-Options', 'nosniff'] as const;

/**
 * Answers discovery and key sets before anything else looks at the request.
 *
 * Only the path counts: no Host, no forwarded header and no absolute-form target changes a byte. The request path
 * touches neither the store nor a clock, so it answers whatever else is down. Says whether the request was its own.
 */
export const publicDocumentsListener = (documents: PublicDocuments) => {
  const rendered = new WeakMap<PublicDocument, Rendered>();
  const render = (document: PublicDocument): Rendered => {
    const known = rendered.get(document);
    if (known) return known;
    const caching = ['Cache-Control', `public, max-age=${document.maxAge}`, 'ETag', document.etag];
    const full = [
      ...CORS,
      ...caching,
      'Content-Type',
      'application/json',
      'Content-Length',
      String(document.bytes.length),
    ];
    const made: Rendered = { document, full, unchanged: [...CORS, ...caching] };
    rendered.set(document, made);
    return made;
  };

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const find = documents.get(pathOf(request.url ?? ''));
    if (!find) return false;
    if (request.method === 'GET' || request.method === 'HEAD') {
      const document = find();
      if (!document) {
        writeProblem(response, 503, 'Keys are not available yet; try again shortly.', ['Retry-After', '1']);
        return true;
      }
      const { full, unchanged } = render(document);
      if (isUnchanged(request.headers['if-none-match'], document.etag)) {
        response.writeHead(304, unchanged as string[]).end();
      } else {
        response.writeHead(200, full as string[]).end(request.method === 'GET' ? document.bytes : undefined);
      }
    } else if (request.method === 'OPTIONS') {
      response
        .writeHead(204, [...CORS, 'Access-Control-Allow-Methods', 'GET, HEAD', 'Access-Control-Max-Age', '86400'])
        .end();
    } else {
      writeProblem(response, 405, 'This path takes GET and HEAD.', ['Allow', 'GET, HEAD, OPTIONS']);
    }
    return true;
  };
};

/** The path of a request target in origin or absolute form, without its query. RFC 9112, section 3.2. */
const pathOf = (target: string): string => {
  const path = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
};

/** RFC 9110, section 13.1.2: any of the listed tags, compared weakly, or `*`. */
const isUnchanged = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*') ?? false;

const writeProblem = (response: ServerResponse, status: number, message: string, headers: readonly string[]): void => {
  const refusal = status === 405 ? 'method_not_allowed' : 'issuing_paused';
  const body = JSON.stringify({ code: status, message, refusal });
  const fixed = [...CORS, 'Cache-Control', 'no-store', 'Content-Type', 'application/json', ...headers];
  response.writeHead(status, [...fixed, 'Content-Length', String(Buffer.byteLength(body))]).end(body);
};
