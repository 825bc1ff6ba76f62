import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeApp } from '../../src/http/app.ts';
import { openApiDoor } from '../../src/http/routes/api.ts';
import { addEnvironmentRoutes } from '../../src/http/routes/environments.ts';
import { systemRandom } from '../../src/system.ts';
import { ACME, makeEnvironmentWorld, USERS, type User } from '../flows/environment-world.ts';
import { type Answer, type Ask, ask } from './ask.ts';
import { assertPublished } from './environment-openapi.ts';

export const BASE = '/api/esc/environments';
export const DEV_PATH = `${BASE}/acme/core/dev`;

export type EnvironmentAsk = Partial<Ask> & { readonly as?: User };

/** Serves the paths of environments as the server does; an access token is the login of its holder. */
export const openEnvironmentDoor = async () => {
  const world = makeEnvironmentWorld();
  const lines: string[] = [];
  const line = (...all: unknown[]): void => void lines.push(JSON.stringify(all));
  const known = new Set<string>(USERS);
  const holderOf = async (token: string) =>
    known.has(token)
      ? ({ kind: 'personal', organization: 'acme', name: token, tokenName: 'test' } as const)
      : undefined;
  const door = openApiDoor({ holderOf }, () => new Map([['acme', ACME]]));
  addEnvironmentRoutes(door, world.parts);
  const app = makeApp({
    system: {
      clock: world.clock,
      random: systemRandom,
      log: { debug: line, info: line, warn: line, error: line },
    },
    metrics: { storeError: () => undefined, observe: () => undefined },
    limits: { refusalsPerMinute: 1_000_000, trustedProxies: [] },
    provider: (_, next) => next(),
    routes: door.middleware(),
  });
  const server = createServer(app.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** Sends a request, and asserts that the published document has the answer. */
  const call = async (method: string, path: string, { as = 'writer', headers, ...what }: EnvironmentAsk = {}) => {
    const answer = await ask(address, { method, path, ...what, headers: { authorization: `token ${as}`, ...headers } });
    assertPublished(method, path, answer);
    return answer;
  };
  return {
    ...world,
    log: () => lines.join('\n'),
    call,
    make: (name = 'dev', what: EnvironmentAsk = {}): Promise<Answer> =>
      call('POST', `${BASE}/acme`, { json: { project: 'core', name }, ...what }),
    /** Sends a definition as stock clients do: as YAML that is called JSON, with the tag in `ETag`. */
    save: (yaml: string, etag?: string, what: EnvironmentAsk = {}): Promise<Answer> => {
      const headers = { 'content-type': 'application/json', ...(etag !== undefined && { etag }), ...what.headers };
      return call('PATCH', DEV_PATH, { ...what, body: yaml, headers });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** What changes an environment, below its path, with a body that is taken. */
export const CHANGES: readonly (readonly [method: string, below: string, what?: EnvironmentAsk])[] = [
  ['PATCH', '', { body: 'values: { a: 1 }', headers: { 'content-type': 'application/x-yaml' } }],
  ['POST', '/tags', { json: { name: 'new', value: 'x' } }],
  ['PATCH', '/tags/team', { json: { currentTag: { value: 'x' }, newTag: { name: '', value: 'x' } } }],
  ['DELETE', '/tags/team'],
  ['POST', '/versions/tags', { json: { name: 'new' } }],
  ['PATCH', '/versions/tags/stable', { json: { revision: 1 } }],
  ['DELETE', '/versions/tags/stable'],
];
