import assert from 'node:assert/strict';
import { REFUSALS, type RefusalCode } from '../../../src/errors.ts';
import type { TestServer } from '../../server.ts';
import type { Answer } from '../ask.ts';

/** Asserts a refusal in the form of `/api/*`: status and code of the table, a sentence, the request's id, never stored. */
export const assertRefused = (answer: Answer, code: RefusalCode, message?: RegExp): void => {
  const { status } = REFUSALS[code];
  assert.deepEqual([answer.status, answer.json.refusal], [status, code], answer.text);
  assert.deepEqual(Object.keys(answer.json).sort(), ['code', 'message', 'refusal', 'requestId']);
  assert.equal(answer.json.code, status);
  assert.equal(answer.json.requestId, answer.headers['x-request-id']);
  assert.match(answer.json.message, message ?? /^.{10,}$/s);
  assert.doesNotMatch(answer.json.message, /\{\w+\}|undefined/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  if (status === 401) assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
  else assert.equal(answer.headers['www-authenticate'], undefined);
};

/** Everything that the server knows of acme's runs and audit records: to show that a request changed nothing. */
export const stateOf = async (server: TestServer): Promise<string> => {
  const runs = await server.ask('GET', '/api/orgs/acme/runs?pageSize=100', { as: 'admin' });
  const granted = await server.ask('GET', '/api/orgs/acme/audit?pageSize=100', { as: 'admin' });
  assert.deepEqual([runs.status, granted.status], [200, 200]);
  const records = (granted.json.records as { outcome: string }[]).filter(({ outcome }) => outcome === 'granted');
  return JSON.stringify([runs.json, records]);
};

/** Path and query of a URL. */
export const targetOf = (url: string): string => new URL(url).pathname + new URL(url).search;
