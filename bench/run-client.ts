import { Pool } from 'undici';
import { ORGANIZATION } from './installation.ts';

/** What a run needs to ask for tokens. */
export interface StartedRun {
  readonly id: string;
  readonly version: number;
  readonly token: string;
  /** Path and query of its token door at v1. */
  readonly tokenPath: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** From sending the request to the last byte of the answer. */
  readonly ms: number;
}

/** A deployment runner and its control plane, on one server, with as many connections as may be in flight. */
export const openRunClient = (origin: string, administrator: string, connections: number) => {
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 5_000, bodyTimeout: 5_000 });
  const ask = async (method: 'GET' | 'POST', path: string, token?: string, body?: object): Promise<Answer> => {
    const startedMs = performance.now();
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const answer = await pool.request({ method, path, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.body.text();
    return { status: answer.statusCode, text, ms: performance.now() - startedMs };
  };
  return {
    ask,
    async startRun(stack: string): Promise<StartedRun> {
      const body = { project: 'core', stack, operation: 'update' };
      const { status, text } = await ask('POST', `/api/orgs/${ORGANIZATION}/runs`, administrator, body);
      if (status !== 201) throw new Error(`starting a run answered ${status}: ${text}`);
      const { id, version, tokenRequest } = JSON.parse(text);
      const { pathname, search } = new URL(tokenRequest.url);
      return { id, version, token: tokenRequest.token, tokenPath: pathname + search };
    },
    /** The answer of the token door, whatever it is. */
    askToken: (run: Pick<StartedRun, 'token' | 'tokenPath'>): Promise<Answer> => ask('GET', run.tokenPath, run.token),
    async mint(run: Pick<StartedRun, 'token' | 'tokenPath'>): Promise<string> {
      const { status, text } = await ask('GET', run.tokenPath, run.token);
      if (status !== 200) throw new Error(`the token door answered ${status}: ${text}`);
      return JSON.parse(text).value;
    },
    close: (): Promise<void> => pool.destroy(),
  };
};

export type RunClient = ReturnType<typeof openRunClient>;

/** Does `work` for 0, 1, … `count - 1`, with so many of them in flight all the time. */
export const inFlight = async (
  lanes: number,
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
};
