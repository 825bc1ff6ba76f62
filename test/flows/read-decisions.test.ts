import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getDecision, listDecisions } from '../../src/flows/read-decisions.ts';
import { makeExchangeWorld } from './exchange-world.ts';
import { PRINCIPALS, refuses } from './world.ts';

const PAGE = { count: 10 };

test('an administrator reads a decision by the id that the caller was told', async () => {
  const { refused, parts } = await makeExchangeWorld();
  const { detail } = await refused({ admin: true });
  const decision = await getDecision(parts, PRINCIPALS.admin, 'acme', String(detail['decision']));
  assert.deepEqual([decision.id, decision.code], [detail['decision'], 'policy_unmatched']);
});

test('nobody else reads decisions, neither one nor a list of them', async () => {
  const { exchange, parts } = await makeExchangeWorld();
  const { decision } = await exchange();
  for (const principal of [PRINCIPALS.bob, PRINCIPALS.carol]) {
    await assert.rejects(getDecision(parts, principal, 'acme', decision), refuses('not_permitted'));
    await assert.rejects(getDecision(parts, principal, 'acme', 'nothing'), refuses('not_permitted'));
    await assert.rejects(listDecisions(parts, principal, 'acme', {}, PAGE), refuses('not_permitted'));
  }
});

test('a decision of another organization, of nothing, or with an odd id is not there', async () => {
  const { exchange, refused, parts } = await makeExchangeWorld();
  const { decision } = await exchange();
  const nothing = String((await refused({ organization: 'umbrella' })).detail['decision']);
  await assert.rejects(getDecision(parts, PRINCIPALS.admin, 'umbrella', decision), refuses('decision_not_found'));
  for (const id of [
    nothing,
    '',
    '..',
    'a/b',
    '__proto__',
    `${decision}0`,
    decision.slice(1),
    'é',
    'x'.repeat(10_000),
  ]) {
    await assert.rejects(
      getDecision(parts, PRINCIPALS.admin, 'acme', id),
      refuses('decision_not_found'),
      id.slice(0, 40),
    );
  }
});

test('a list is newest first, by issuer, outcome and time, and leads on page by page', async () => {
  const { clock, exchange, refused, parts, trusted } = await makeExchangeWorld();
  const ids: string[] = [];
  for (let at = 0; at < 5; at++) {
    ids.unshift(at % 2 ? String((await refused({ admin: true })).detail['decision']) : (await exchange()).decision);
    clock.advance(60);
  }
  const list = async (filter = {}, page: Parameters<typeof listDecisions>[4] = PAGE) => {
    const { decisions, next } = await listDecisions(parts, PRINCIPALS.admin, 'acme', filter, page);
    return { ids: decisions.map(({ id }) => id), next };
  };
  assert.deepEqual(await list(), { ids, next: undefined });
  assert.deepEqual((await list({ outcome: 'refused' })).ids, [ids[1], ids[3]]);
  assert.deepEqual((await list({ since: clock.seconds - 120 })).ids, ids.slice(0, 2));
  assert.deepEqual((await list({ issuer: trusted.id })).ids, ids);
  assert.deepEqual((await list({ issuer: 'another' })).ids, []);
  const paged: string[] = [];
  let after: string | undefined;
  do {
    const page = await list({}, { count: 2, ...(after !== undefined && { after }) });
    paged.push(...page.ids);
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(paged, ids);
});
