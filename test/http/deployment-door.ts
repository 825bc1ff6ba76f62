import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Caller, TestServer } from '../server.ts';
import type { Answer } from './ask.ts';

export const BASE = '/api/stacks/acme/core/dev/deployments';

export interface CreatedDeployment {
  readonly id: string;
  readonly version: number;
}

/** What an agent is handed, as far as tests look at it. */
// biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects, and fails where they are missing
export type Work = Readonly<Record<'jobToken' | 'oidcToken' | 'deploymentID', string>> & { readonly deployment: any };

export interface Pool {
  readonly id: string;
  readonly token: string;
}

/** What tests do again and again with a server's deployments. */
export const openDeploymentDoor = (server: TestServer) => {
  const bearing = (token: string) => ({ headers: { authorization: `token ${token}` } });
  return {
    bearing,
    async makePool(name: string): Promise<Pool> {
      const made = await server.ask('POST', '/api/orgs/acme/agent-pools', { as: 'admin', json: { name } });
      assert.equal(made.status, 200, made.text);
      return { id: made.json.id, token: made.json.tokenValue };
    },
    async create(body: object = {}, as: Caller = 'admin', base = BASE): Promise<CreatedDeployment> {
      const created = await server.ask('POST', base, { as, json: { operation: 'update', ...body } });
      assert.equal(created.status, 202, created.text);
      return created.json;
    },
    poll: (pool: Pool): Promise<Answer> => server.ask('GET', '/api/deployments/poll', bearing(pool.token)),
    /** Takes the next deployment; there must be one. */
    async take(pool: Pool): Promise<Work> {
      const answer = await server.ask('GET', '/api/deployments/poll', bearing(pool.token));
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    },
    get: (id: string, as: Caller = 'admin'): Promise<Answer> => server.ask('GET', `${BASE}/${id}`, { as }),
    status: async (id: string, token: string): Promise<string> =>
      (await server.ask('GET', `/api/deployments/${id}/status`, bearing(token))).json,
    cancel: (id: string, as: Caller = 'admin'): Promise<Answer> => server.ask('POST', `${BASE}/${id}/cancel`, { as }),
    finish: (id: string, token: string, status: string): Promise<Answer> =>
      server.ask('POST', `/api/orgs/acme/runs/${id}/finish`, { ...bearing(token), json: { status } }),
    log: (id: string, token: string, step: string, lines: readonly string[]): Promise<Answer> =>
      server.ask('POST', `/api/deployments/${id}/logs`, {
        ...bearing(token),
        json: { step, lines: lines.map((line) => ({ timestamp: '2026-01-31T12:00:00.5Z', line })) },
      }),
    mint: (id: string, token: string, query = ''): Promise<Answer> =>
      server.ask('GET', `/oidc/runs/${id}/token?v=1${query}`, bearing(token)),
  };
};

export type DeploymentDoor = ReturnType<typeof openDeploymentDoor>;

const FILE = new URL('../../../shared/reference/pulumi-openapi.json', import.meta.url);

/** Why answers are not compared with the published schemas here; false where they are. */
export const skipSchemas = existsSync(FILE) ? false : 'the published OpenAPI is not on this machine';

const loadSchemas = () => {
  const document = JSON.parse(readFileSync(FILE, 'utf8'));
  // The file leaves out what some unions point to; nothing of ours answers with those.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(document, 'published');
  return ajv;
};
const schemas = skipSchemas === false ? loadSchemas() : undefined;

/** Asserts that a body is what the published schema of this name describes; nothing where the file is not at hand. */
export const assertPublishedBody = (name: string, body: unknown): void => {
  if (!schemas) return;
  const validate = schemas.getSchema(`published#/components/schemas/${name}`);
  assert.ok(validate, name);
  assert.ok(validate(body), `${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(body)}`);
};
