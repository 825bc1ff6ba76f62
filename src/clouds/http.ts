import { getCACertificates } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import type { Post } from './clouds.ts';
import { CloudProblem } from './problem.ts';

/** What one question may cost. */
export interface CloudHttpLimits {
  /** From the call to the last byte of the answer. */
  readonly totalMs: number;
  readonly connectMs: number;
  readonly bodyBytes: number;
  readonly headerBytes: number;
}

const LIMITS: CloudHttpLimits = {
  totalMs: 10_000,
  connectMs: 5_000,
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
};

export interface CloudHttp {
  readonly post: Post;
  close(): Promise<void>;
}

/**
 * Opens the way to the clouds that the operator trusts: their published addresses, or those of the settings.
 *
 * Takes no proxy and no address from the environment, keeps no cookies, follows no redirect, unpacks nothing.
 * `ca`: a certificate authority in PEM that is trusted besides the public ones (and those of NODE_EXTRA_CA_CERTS).
 */
export const openCloudHttp = (
  options: { readonly ca?: string; readonly limits?: Partial<CloudHttpLimits> } = {},
): CloudHttp => {
  const limits = { ...LIMITS, ...options.limits };
  const agent = new Agent({
    allowH2: false,
    maxHeaderSize: limits.headerBytes,
    connect: {
      timeout: limits.connectMs,
      ...(options.ca !== undefined && { ca: [...getCACertificates('default'), options.ca] }),
    },
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  return {
    async post({ url, headers, body }) {
      const { host } = new URL(url);
      const signal = AbortSignal.timeout(limits.totalMs);
      try {
        const answer = await request(url, {
          method: 'POST',
          dispatcher: agent,
          headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'runpass' },
          body,
          signal,
        });
        return { status: answer.statusCode, text: await readText(host, answer, limits.bodyBytes) };
      } catch (error) {
        if (signal.aborted)
          throw new CloudProblem(`${host} took longer than ${limits.totalMs / 1000} seconds to answer.`);
        throw asProblem(host, error);
      }
    },
    close: () => agent.destroy(),
  };
};

const readText = async (host: string, answer: Dispatcher.ResponseData, limit: number): Promise<string> => {
  const { statusCode, headers, body } = answer;
  // A body that is refused before it is read would otherwise end the process when its connection goes.
  body.on('error', () => {});
  const problem =
    statusCode >= 300 && statusCode < 400
      ? 'redirects, and redirects are not followed'
      : (headers['content-encoding'] ?? 'identity') !== 'identity'
        ? 'compresses its answer although it was asked not to'
        : undefined;
  if (problem !== undefined) {
    body.destroy();
    throw new CloudProblem(`${host} ${problem}.`, { status: statusCode });
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit)
      throw new CloudProblem(`${host} answers with more than ${limit} bytes.`, { status: statusCode });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** The network's own errors, by their code: their texts name addresses. */
const asProblem = (host: string, error: unknown): CloudProblem => {
  if (error instanceof CloudProblem) return error;
  const code = String((error as { readonly code?: unknown } | undefined)?.code ?? 'unknown error');
  return new CloudProblem(`${host} could not be asked (${code}).`, { cause: error });
};
