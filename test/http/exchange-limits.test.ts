import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Middleware } from 'koa';
import { Refusal } from '../../src/errors.ts';
import { type Door, FORM, granted, openDoor, tokenOf } from './exchange-door.ts';

/** Grants tokens that say so, and refuses all others. */
const story = async ({ subjectToken }: { readonly subjectToken: string }) => {
  const payload = Buffer.from(subjectToken.split('.')[1] ?? '', 'base64url').toString();
  if (payload.includes('"good":true')) return granted();
  throw new Refusal('exchange_refused', { decision: '20261121093045-0123456789abcdef' });
};

const send = async (door: Door, subjectToken: string, audience = FORM.audience) =>
  door.send({ form: { ...FORM, audience, subject_token: subjectToken } });
const statusOf = async (...parameters: Parameters<typeof send>) => (await send(...parameters)).status;

test('after so many refusals of one issuer in a minute the next are answered 429, until the minute is over', async (t) => {
  const door = await openDoor(t, { story, perIssuer: 3 });
  for (let index = 0; index < 3; index++) assert.equal(await statusOf(door, tokenOf('https://a.example')), 400);
  door.clock.advance(20);
  const limited = await send(door, tokenOf('https://a.example', { jti: 'another' }));
  assert.equal(limited.status, 429);
  assert.equal(limited.headers['retry-after'], '40');
  assert.deepEqual(Object.keys(limited.json), ['error', 'error_description']);
  assert.equal(limited.headers['cache-control'], 'no-store');

  assert.equal(await statusOf(door, tokenOf('https://a.example', { good: true })), 200, 'a success passes');
  door.clock.advance(40);
  assert.equal(await statusOf(door, tokenOf('https://a.example')), 400);
});

test('refusals are counted for organization and issuer together, whether either exists or not', async (t) => {
  const door = await openDoor(t, { story, perIssuer: 1 });
  const a = tokenOf('https://a.example');
  assert.equal(await statusOf(door, a), 400);
  assert.equal(await statusOf(door, tokenOf('https://b.example')), 400, 'another issuer');
  assert.equal(await statusOf(door, a, 'urn:pulumi:org:umbrella'), 400, 'another organization');
  assert.equal(await statusOf(door, 'unreadable'), 400, 'and what names no issuer is counted by itself');
  for (const [token, audience] of [
    [a],
    [tokenOf('https://b.example')],
    [a, 'urn:pulumi:org:umbrella'],
    ['x.y.z'],
  ] as const) {
    assert.equal(await statusOf(door, token, audience), 429);
  }
});

test('successes and malformed requests are not counted', async (t) => {
  const door = await openDoor(t, { story, perIssuer: 1, perAddress: 1 });
  for (let index = 0; index < 5; index++) {
    assert.equal(await statusOf(door, tokenOf('https://a.example', { good: true })), 200);
    assert.equal(await statusOf(door, tokenOf('https://a.example'), 'nonsense'), 400);
  }
  assert.equal(await statusOf(door, tokenOf('https://a.example')), 400);
});

test('whatever else goes wrong behind the door is neither counted nor changed', async (t) => {
  const door = await openDoor(t, {
    story: async () => {
      throw new Refusal('issuing_paused');
    },
    perIssuer: 1,
  });
  const token = tokenOf('https://a.example');
  assert.deepEqual([await statusOf(door, token), await statusOf(door, token)], [503, 503]);
});

test('refused exchanges count for the address, whatever issuers they name, also those that were limited already', async (t) => {
  const door = await openDoor(t, { story, perAddress: 3, perIssuer: 1 });
  const a = tokenOf('https://a.example');
  assert.deepEqual([await statusOf(door, a), await statusOf(door, a)], [400, 429]);
  assert.equal(await statusOf(door, tokenOf('https://b.example')), 400);
  assert.equal(await statusOf(door, tokenOf('https://c.example')), 429, 'the fourth of this address');
  assert.equal(await statusOf(door, tokenOf('https://c.example', { good: true })), 200);
});

test('what the provider refused is counted alike', async (t) => {
  const before: Middleware = (ctx, next) => {
    if (ctx.path !== '/oidc/token') return next();
    Object.assign(ctx.state, { route: ctx.path, refusal: ctx.get('x-refusal') });
    ctx.status = 400;
    return undefined;
  };
  const door = await openDoor(t, { perAddress: 2, before });
  const refused = async (code: string) =>
    (await door.send({ path: '/oidc/token', form: FORM, headers: { 'x-refusal': code } })).status;
  for (let index = 0; index < 4; index++) assert.equal(await refused('invalid_request'), 400);
  assert.deepEqual([await refused('exchange_refused'), await refused('exchange_refused')], [400, 400]);
  assert.equal(await refused('exchange_refused'), 429);
});
