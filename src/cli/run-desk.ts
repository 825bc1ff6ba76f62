import { Agent, type Dispatcher, request } from 'undici';
import { readIdToken } from '../runner/id-token.ts';
import { type RunDesk, RunProblem } from '../runner/run-desk.ts';
import { Secret } from '../secret.ts';
import type { Clock } from '../system.ts';
import { apiPath, readAnswer } from './client.ts';
import { CommandFailure } from './failure.ts';

/** A run that was started, as far as it can speak for itself. */
export interface OwnRun {
  /** Base URL of the server. */
  readonly url: string;
  readonly organization: string;
  readonly id: string;
  /** Where the chosen issuer gives tokens; has a query. */
  readonly tokenUrl: string;
  readonly requestToken: Secret;
}

/** One answer; a server that is there answers in less. */
const ANSWER_MS = 10_000;
const CONNECT_MS = 5_000;

/** Speaks for a run by its request token, and for nobody else. Follows no redirect. */
export const openRunDesk = (run: OwnRun, clock: Clock): RunDesk & { close(): Promise<void> } => {
  const agent = new Agent({ connect: { timeout: CONNECT_MS } });
  const send = async (
    method: 'GET' | 'POST',
    url: string,
    { body, signal }: { readonly body?: object; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> => {
    const patience = AbortSignal.timeout(ANSWER_MS);
    const answer = await request(url, {
      method,
      dispatcher: agent,
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      headers: {
        authorization: `Bearer ${run.requestToken.reveal()}`,
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new RunProblem('passing', `${run.url} cannot be reached (${codeOf(cause)}).`, { cause });
    });
    return readJson(run, answer);
  };
  const pathOf = (action: string): string => run.url + apiPath`/api/orgs/${run.organization}/runs/${run.id}` + action;

  return {
    async mint({ target, audience, lifetime }, signal) {
      const query = new URLSearchParams({
        ...(target && { target }),
        ...(audience !== undefined && { audience }),
        ...(lifetime !== undefined && { lifetime: String(lifetime) }),
      });
      const askedMs = clock.nowMs();
      const { value } = Object(await send('GET', `${run.tokenUrl}&${query}`, { signal })) as {
        readonly value?: unknown;
      };
      const token = typeof value === 'string' ? readIdToken(new Secret(value), askedMs) : undefined;
      if (!token) throw new RunProblem('refused', `${run.url} did not answer with an ID token.`);
      return token;
    },
    async renew() {
      await send('POST', pathOf('/renew'));
    },
    async finish(status) {
      await send('POST', pathOf('/finish'), { body: { status } });
    },
    close: () => agent.destroy(),
  };
};

const codeOf = (cause: unknown): string => {
  const { code, name } = Object(cause) as { readonly code?: string; readonly name?: string };
  return code === undefined || typeof code === 'number' ? (name ?? 'unknown error') : code;
};

/** Refusals that say that the run has ended: the word in quotes or parentheses is how. */
const OVER: ReadonlySet<unknown> = new Set(['run_over', 'run_finished']);

const readJson = async (run: OwnRun, { statusCode, body }: Dispatcher.ResponseData): Promise<unknown> => {
  const text = await readAnswer(run.url, body).catch((cause: unknown) => {
    throw new RunProblem('passing', cause instanceof CommandFailure ? cause.message : 'The answer was cut short.');
  });
  const json = parse(text);
  if (statusCode >= 200 && statusCode < 300) return json;
  const { message, refusal } = Object(json) as { readonly message?: unknown; readonly refusal?: unknown };
  const sentence = typeof message === 'string' ? message : `${run.url} answered with status ${statusCode}.`;
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
