import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Middleware } from 'koa';
import type { ExchangeQuestion } from '../../src/exchange/question.ts';
import type { ExchangedToken } from '../../src/flows/exchange-token.ts';
import { makeApp } from '../../src/http/app.ts';
import { limitRefusedExchanges } from '../../src/http/exchange-limit.ts';
import { exchangeRoute } from '../../src/http/routes/exchange.ts';
import { Secret } from '../../src/secret.ts';
import { systemRandom } from '../../src/system.ts';
import { StandingClock } from '../clock.ts';
import { type Answer, type Ask, ask } from './ask.ts';

export interface DoorOptions {
  /** What the story says; absent: it grants 7200 seconds. */
  readonly story?: (question: ExchangeQuestion) => Promise<ExchangedToken>;
  /** Refusals of an address, and of an organization and issuer, in a minute; absent: as good as none. */
  readonly perAddress?: number;
  readonly perIssuer?: number;
  /** What stands before the door, in the place of the provider. */
  readonly before?: Middleware;
}

export interface Door {
  readonly address: string;
  readonly clock: StandingClock;
  /** What reached the story. */
  readonly questions: readonly ExchangeQuestion[];
  /** Everything that the log was told. */
  readonly log: () => string;
  readonly observed: readonly string[];
  send(what: Partial<Ask>): Promise<Answer>;
}

export const granted = async (): Promise<ExchangedToken> => ({
  token: new Secret('rpa_granted'),
  lifetime: 7200,
  decision: '20261121093045-0123456789abcdef',
});

const pass: Middleware = (_, next) => next();

/** Serves the door for exchanges as the server does, with a story of the test's own behind it. */
export const openDoor = async (t: TestContext, options: DoorOptions = {}): Promise<Door> => {
  const { story = granted, perAddress = 100_000, perIssuer = 100_000, before = pass } = options;
  const clock = new StandingClock();
  const [questions, observed, lines]: [ExchangeQuestion[], string[], string[]] = [[], [], []];
  const line = (...all: unknown[]): void => void lines.push(JSON.stringify(all));
  const app = makeApp({
    system: { clock, random: systemRandom, log: { debug: line, info: line, warn: line, error: line } },
    metrics: {
      storeError: () => undefined,
      observe: (route, method, status) => observed.push(`${method} ${route} ${status}`),
    },
    limits: { refusalsPerMinute: perAddress, trustedProxies: [] },
    provider: before,
    routes: [
      exchangeRoute({
        exchange: limitRefusedExchanges(
          (question) => {
            questions.push(question);
            return story(question);
          },
          clock,
          perIssuer,
        ),
      }),
    ],
  });
  const server = createServer(app.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    clock,
    questions,
    observed,
    log: () => lines.join('\n'),
    send: (what) => ask(address, { method: 'POST', path: '/api/oauth/token', ...what }),
  };
};

export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** A complete request, as a form. */
export const FORM = {
  audience: 'urn:pulumi:org:acme',
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  requested_token_type: 'urn:pulumi:token-type:access_token:organization',
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  subject_token: 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln',
};

/** An unsigned text that has the form of a token of this issuer: nobody verifies it here. */
export const tokenOf = (iss: string, more: object = {}): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss, ...more })}.c2ln`;
};
