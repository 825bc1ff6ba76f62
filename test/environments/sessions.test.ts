import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openEnvironmentSessions } from '../../src/environments/sessions.ts';
import { Refusal } from '../../src/errors.ts';
import { newSealingKey, open, parseSealingKeys, type SealingKeys, seal } from '../../src/keys/seal.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { realRandom, StandingClock } from '../clock.ts';

const MIB = 1024 * 1024;
const newKeys = (): SealingKeys => parseSealingKeys(newSealingKey(realRandom));

const opened = (random = realRandom) => {
  const clock = new StandingClock();
  const store = memoryStore(clock);
  const state = { keys: newKeys() };
  const sealer = {
    seal: (purpose: string, plain: string) => seal(state.keys, purpose, plain),
    open: (purpose: string, sealed: string) => open(state.keys, purpose, sealed),
  };
  const sessions = openEnvironmentSessions({ store, clock, random, sealer });
  return { clock, store, state, sessions };
};

const SESSION = {
  organizationId: 'org-1',
  holder: 'personal:alice',
  environment: 'core/dev',
  content: '{"password":"hunter2"}',
};

test('a session is read by the principal who opened it, until its end', async () => {
  const { sessions, clock } = opened();
  const id = await sessions.keep(SESSION, 7200);
  const { content, environment } = SESSION;
  clock.advance(7199);
  assert.deepEqual(await sessions.read({ ...SESSION, id }), { content, environment });
  clock.advance(1);
  assert.equal(await sessions.read({ ...SESSION, id }), undefined);
});

test('for everybody else, and in every other organization, there is no session', async () => {
  const { sessions } = opened();
  const id = await sessions.keep(SESSION, 60);
  for (const other of [
    { holder: 'personal:bob' },
    { holder: 'team:alice' },
    { holder: 'personal:alice ' },
    { organizationId: 'org-2' },
  ]) {
    assert.equal(await sessions.read({ ...SESSION, id, ...other }), undefined, JSON.stringify(other));
  }
});

test('an id that was never given finds nothing', async () => {
  const { sessions } = opened();
  await sessions.keep(SESSION, 60);
  for (const id of ['', 'x', '../../x', 'A'.repeat(22), 'A'.repeat(600), 'ü'.repeat(22), `-${'A'.repeat(21)}`])
    assert.equal(await sessions.read({ ...SESSION, id }), undefined, id);
});

test('an id is 128 random bits in characters that need no quotes, and never looks like a flag', async () => {
  const { sessions } = opened();
  const ids = await Promise.all(Array.from({ length: 300 }, () => sessions.keep(SESSION, 60)));
  assert.equal(new Set(ids).size, 300);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);

  // A first byte of 0xf8 is "-" in base64url.
  let calls = 0;
  const bytes = (length: number) => new Uint8Array(length).fill(calls++ === 0 ? 0xf8 : 0x01);
  const id = await opened({ ...realRandom, bytes }).sessions.keep(SESSION, 60);
  assert.equal(id, Buffer.alloc(16, 1).toString('base64url'));
});

test('nothing of the content lies open in the store, and a session that is moved to another id does not open', async () => {
  const { sessions, store } = opened();
  const [id, other] = [await sessions.keep(SESSION, 60), await sessions.keep({ ...SESSION, content: '{}' }, 60)];
  const stored = await store.get(`open-session/org-1/${id}`);
  assert.ok(stored);
  assert.doesNotMatch(stored.value, /hunter2|password/);
  await store.put(`open-session/org-1/${other}`, stored.value);
  assert.equal(await sessions.read({ ...SESSION, id: other }), undefined);
});

test('a session whose sealing key has left the file is not there', async () => {
  const { sessions, state } = opened();
  const id = await sessions.keep(SESSION, 60);
  const [fresh, old] = [newKeys(), state.keys];
  state.keys = [fresh[0], ...old];
  assert.ok(await sessions.read({ ...SESSION, id }), 'an older key still opens it');
  state.keys = fresh;
  assert.equal(await sessions.read({ ...SESSION, id }), undefined);
});

test('16 MiB of content are kept, and one byte more is refused', async () => {
  const { sessions } = opened();
  const content = `${'"'.repeat(15 * MIB)}${'ü'.repeat(MIB / 2)}`;
  const id = await sessions.keep({ ...SESSION, content }, 60);
  assert.equal((await sessions.read({ ...SESSION, id }))?.content, content);
  await assert.rejects(sessions.keep({ ...SESSION, content: `${content}x` }, 60), tooLarge);
});

test('content that does not shrink is refused beyond 2 MiB', async () => {
  const { sessions } = opened();
  const noise = (bytes: number) => randomBytes(bytes).toString('latin1').toWellFormed();
  await assert.rejects(sessions.keep({ ...SESSION, content: noise(3 * MIB) }, 60), tooLarge);
  const id = await sessions.keep({ ...SESSION, content: noise(MIB) }, 60);
  assert.ok(await sessions.read({ ...SESSION, id }));
});

const tooLarge = (error: unknown): boolean =>
  error instanceof Refusal && error.code === 'invalid_request' && /too large to be kept/.test(error.message);
