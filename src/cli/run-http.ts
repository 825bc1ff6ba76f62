import { Agent, type Dispatcher, request } from 'undici';
import { RunProblem } from '../runner/run-desk.ts';
import type { Secret } from '../secret.ts';
import { readAnswer } from './client.ts';
import { CommandFailure } from './failure.ts';

export interface RunRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly token: Secret;
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
}

/** Requests of runs and agents: what goes wrong is told apart by whether it passes. */
export interface RunHttp {
  /** The answer as JSON; `undefined` for an empty one. Throws `RunProblem`. */
  send(what: RunRequest): Promise<unknown>;
  close(): Promise<void>;
}

/** One answer; a server that is there answers in less. */
const ANSWER_MS = 10_000;
const CONNECT_MS = 5_000;

/** Follows no redirect: it could lead a token elsewhere. */
export const openRunHttp = (): RunHttp => {
  const agent = new Agent({ connect: { timeout: CONNECT_MS } });
  return {
    async send({ method, url, token, body, signal }) {
      const server = new URL(url).origin;
      const patience = AbortSignal.timeout(ANSWER_MS);
      const answer = await request(url, {
        method,
        dispatcher: agent,
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }).catch((cause: unknown) => {
        throw new RunProblem('passing', `${server} cannot be reached (${codeOf(cause)}).`, { cause });
      });
      return readJson(server, answer);
    },
    close: () => agent.destroy(),
  };
};

const codeOf = (cause: unknown): string => {
  const { code, name } = Object(cause) as { readonly code?: unknown; readonly name?: string };
  return typeof code === 'string' ? code : (name ?? 'unknown error');
};

/** Refusals that say that the run has ended: the word in quotes or parentheses is how. */
const OVER: ReadonlySet<unknown> = new Set(['run_over', 'run_finished']);

const readJson = async (server: string, { statusCode, body }: Dispatcher.ResponseData): Promise<unknown> => {
  const text = await readAnswer(server, body).catch((cause: unknown) => {
    throw new RunProblem('passing', cause instanceof CommandFailure ? cause.message : 'The answer was cut short.');
  });
  const json = parse(text);
  if (statusCode >= 200 && statusCode < 300) return json;
  const { message, refusal } = Object(json) as { readonly message?: unknown; readonly refusal?: unknown };
  const sentence = typeof message === 'string' ? message : `${server} answered with status ${statusCode}.`;
  const about = typeof refusal === 'string' ? { code: refusal } : {};
  if (statusCode === 429 || statusCode >= 500) throw new RunProblem('passing', sentence, about);
  if (!OVER.has(refusal)) throw new RunProblem('refused', sentence, about);
  const status = /["(](succeeded|failed|cancelled|expired)[")]/.exec(sentence)?.[1];
  throw new RunProblem('over', sentence, { ...about, ...(status !== undefined && { status }) });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
