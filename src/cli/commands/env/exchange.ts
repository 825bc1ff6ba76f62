import { Agent, request } from 'undici';
import type { Plain } from '../../../environments/values.ts';
import { findAccess } from '../../access.ts';
import { ANSWER_MS, type Query, readAnswer, unreachable } from '../../client.ts';
import { member, readExactJson } from '../../env-output/value-tree.ts';
import { CommandFailure, failed } from '../../failure.ts';
import { endOfLogin } from '../../login-file.ts';
import type { Surroundings } from '../../surroundings.ts';

const CONNECT_MS = 5_000;
/** Opening may call clouds for half a minute. */
export const OPENING_MS = 60_000;

export interface Question {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  /** A definition. */
  readonly yaml?: string;
  readonly json?: object;
  readonly etag?: string | undefined;
  /** How long the server may keep silent. */
  readonly patienceMs?: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly etag?: string;
  /** Number of the revision that the answer is about. */
  readonly revision?: string;
}

/** Asks the server that whoever is logged in here speaks to; gives refusals back as they came. */
export type Exchange = (question: Question) => Promise<RawAnswer>;

export const openExchange = async (around: Surroundings): Promise<Exchange> => {
  const { url, accessToken, source } = await findAccess(around);
  await endOfLogin(around, source);
  const agent = new Agent({ connect: { timeout: CONNECT_MS } });
  return async ({ method, path, query = {}, yaml, json, etag, patienceMs = ANSWER_MS }) => {
    const target = new URL(url + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const body = yaml ?? (json === undefined ? undefined : JSON.stringify(json));
    const answer = await request(target, {
      method,
      dispatcher: agent,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
      headers: {
        authorization: `token ${accessToken.reveal()}`,
        accept: 'application/json, application/x-yaml',
        ...(yaml !== undefined && { 'content-type': 'application/x-yaml' }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(etag !== undefined && { etag }),
      },
      ...(body !== undefined && { body }),
    }).catch((cause: unknown) => {
      throw unreachable(url, cause);
    });
    const { statusCode: status, headers } = answer;
    const text = await readAnswer(url, answer.body);
    if (status === 401) throw refusedBy({ status, text }, `the access token is from ${source}`);
    const [found, revision] = [headers['etag'], headers['pulumi-esc-revision']];
    return {
      status,
      text,
      ...(typeof found === 'string' && { etag: found }),
      ...(typeof revision === 'string' && { revision }),
    };
  };
};

export const isGranted = ({ status }: Pick<RawAnswer, 'status'>): boolean => status >= 200 && status < 300;

/** The answer as JSON, with every digit. */
export const readJsonAnswer = (text: string): Plain => {
  try {
    return text === '' ? new Map() : readExactJson(text);
  } catch (cause) {
    throw failed(
      'The server did not answer with JSON.',
      'RUNPASS_URL must be the public URL of a Runpass server',
      cause,
    );
  }
};

/** What the server said, in its own words; its stable code goes with them. */
export const refusedBy = ({ status, text }: Pick<RawAnswer, 'status' | 'text'>, given?: string): CommandFailure => {
  const body = text.startsWith('{') ? readJsonAnswer(text) : undefined;
  const [message, code, requestId] = ['message', 'refusal', 'requestId'].map((key) => member(body, key));
  if (typeof message !== 'string') {
    return failed(
      `The server answered with status ${status}.`,
      'RUNPASS_URL must be the public URL of a Runpass server',
    );
  }
  const hint =
    code === 'internal' && typeof requestId === 'string' ? `look for ${requestId} in the log of the server` : given;
  return new CommandFailure(1, message, {
    ...(typeof code === 'string' && { code }),
    ...(hint !== undefined && { hint }),
  });
};
