import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rewrapEnvironmentKeys } from '../../src/environments/rewrap-keys.ts';
import { openEnvironmentSecrets } from '../../src/environments/secrets.ts';
import { newSealingKey, open, parseSealingKeys, SealingError, type SealingKeys, seal } from '../../src/keys/seal.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { realRandom, StandingClock } from '../clock.ts';
import { STORES } from '../exchange/stores.ts';

const newKeys = (): SealingKeys => parseSealingKeys(newSealingKey(realRandom));

const secretsOn = (store: Store, keys: SealingKeys) =>
  openEnvironmentSecrets({
    store,
    random: realRandom,
    sealer: {
      seal: (purpose, plain) => seal(keys, purpose, plain),
      open: (purpose, sealed) => open(keys, purpose, sealed),
    },
  });

const opened = () => {
  const store = memoryStore(new StandingClock());
  const keys = newKeys();
  return { store, keys, secrets: secretsOn(store, keys) };
};

test('what was encrypted for an environment is decrypted for it, on every replica and after a restart', async () => {
  const { store, keys, secrets } = opened();
  const first = await secrets.of('org-1');
  const again = await secretsOn(store, keys).of('org-1');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const bytes = first.encrypt('env-1', text);
      assert.equal(again.decrypt('env-1', bytes), text);
      if (text.length > 3) assert.ok(!Buffer.from(bytes).toString('utf8').includes(text));
    }),
  );
  assert.equal(again.decrypt('env-1', first.encrypt('env-1', '')), '');
});

test('the key of an organization is opened once, and again when it was sealed anew', async () => {
  const { store, keys } = opened();
  let times = 0;
  const sealer = {
    seal: (purpose: string, plain: string) => seal(keys, purpose, plain),
    open: (purpose: string, sealed: string) => {
      times++;
      return open(keys, purpose, sealed);
    },
  };
  const secrets = openEnvironmentSecrets({ store, random: realRandom, sealer });
  const bytes = (await secrets.of('org-1')).encrypt('env-1', 'hunter2');
  assert.equal((await secrets.of('org-1')).decrypt('env-1', bytes), 'hunter2');
  assert.equal(times, 1);
  const [older] = keys;
  const [newer] = newKeys();
  await rewrapEnvironmentKeys(store, [newer, older]);
  await assert.rejects(secrets.of('org-1'), SealingError);
  assert.equal(times, 2);
});

test('the same text is another ciphertext every time', async () => {
  const { secrets } = opened();
  const cipher = await secrets.of('org-1');
  const seen = new Set(
    Array.from({ length: 100 }, () => Buffer.from(cipher.encrypt('env-1', 'same')).toString('base64')),
  );
  assert.equal(seen.size, 100);
});

test('a ciphertext opens in no other environment and in no other organization', async () => {
  const { secrets } = opened();
  const [acme, beta] = [await secrets.of('org-1'), await secrets.of('org-2')];
  const bytes = acme.encrypt('env-1', 'hunter2');
  assert.equal(acme.decrypt('env-2', bytes), undefined);
  assert.equal(beta.decrypt('env-1', bytes), undefined);
  assert.equal(acme.decrypt('env-1', bytes), 'hunter2');
});

test('a ciphertext that was changed, cut or invented does not open', async () => {
  const { secrets } = opened();
  const cipher = await secrets.of('org-1');
  const bytes = cipher.encrypt('env-1', 'hunter2');
  for (const [at, byte] of bytes.entries()) {
    const changed = Uint8Array.from(bytes);
    changed[at] = byte ^ 1;
    assert.equal(cipher.decrypt('env-1', changed), undefined, `byte ${at}`);
  }
  for (let length = 0; length < bytes.length; length++)
    assert.equal(cipher.decrypt('env-1', bytes.subarray(0, length)), undefined, `${length} bytes`);
  assert.equal(cipher.decrypt('env-1', realRandom.bytes(100)), undefined);
});

test('the key of an organization lies sealed in the store, for that organization alone', async () => {
  const { store, keys, secrets } = opened();
  await secrets.of('org-1');
  const stored = await store.get('environment-key/org-1');
  assert.ok(stored);
  const key = await open(keys, 'environment-key org-1', stored.value);
  assert.match(key, /^[A-Za-z0-9_-]{43}$/);
  assert.ok(!stored.value.includes(key));
  await store.put('environment-key/org-2', stored.value);
  await assert.rejects(secrets.of('org-2'), SealingError);
  await assert.rejects(secretsOn(store, newKeys()).of('org-1'), SealingError);
});

for (const { name, skip, open: openStores } of STORES) {
  test(`twenty who ask first get one key (${name})`, { skip }, async (t) => {
    const keys = newKeys();
    const ends = (await openStores(t)).map((store) => secretsOn(store, keys));
    const ciphers = await Promise.all(Array.from({ length: 20 }, (_, at) => ends[at % 2]?.of('org-1')));
    const bytes = ciphers[0]?.encrypt('env-1', 'hunter2');
    assert.ok(bytes);
    for (const cipher of ciphers) assert.equal(cipher?.decrypt('env-1', bytes), 'hunter2');
  });
}

test('rewrapping seals every key with the first sealing key, and what was encrypted still opens', async () => {
  const { store, keys, secrets } = opened();
  const organizations = Array.from({ length: 205 }, (_, at) => `org-${at}`);
  for (const id of organizations) await secrets.of(id);
  const bytes = (await secrets.of('org-7')).encrypt('env-1', 'hunter2');
  assert.deepEqual(await rewrapEnvironmentKeys(store, keys), { [keys[0].id]: 205 });

  const [fresh] = newKeys();
  const version = (await store.get('environment-key/org-7'))?.version;
  assert.deepEqual(await rewrapEnvironmentKeys(store, [fresh, ...keys]), { [fresh.id]: 205 });
  assert.equal((await secretsOn(store, [fresh]).of('org-7')).decrypt('env-1', bytes), 'hunter2');
  await rewrapEnvironmentKeys(store, [fresh]);
  assert.equal((await store.get('environment-key/org-7'))?.version, (version ?? 0) + 1, 'nothing is written twice');
  await assert.rejects(rewrapEnvironmentKeys(store, newKeys()), SealingError);
});

test('an organization that was listed, and whose key was never made, is passed over', async () => {
  const { store, keys } = opened();
  await store.add('environment-keys', 'org-1', 0);
  assert.deepEqual(await rewrapEnvironmentKeys(store, keys), {});
});
