import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openTrustedIssuers } from '../../src/issuers/directory.ts';
import type { DeclaredIssuer } from '../../src/issuers/trusted-issuer.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { StandingClock } from '../clock.ts';
import { declaration, registration } from './registrations.ts';

const open = (options: { wrap?: (store: Store) => Store; declared?: readonly DeclaredIssuer[] } = {}) => {
  const clock = new StandingClock();
  const bare = memoryStore(clock);
  const store = (options.wrap ?? ((all) => all))(bare);
  const { declared = [] } = options;
  const issuers = openTrustedIssuers({ store, declared: (name) => (name === 'acme' ? declared : []) });
  return { clock, store: bare, issuers };
};

/** The same store, with some of its calls replaced. */
const changed = (store: Store, calls: Partial<Store>): Store => ({ ...store, ...calls });

describe('trusted issuers', () => {
  test('a registration is found by its iss, its id and the id of its policy, as it was written', async () => {
    const { issuers } = open();
    const github = registration({ jwks: { keys: [{ kty: 'RSA' }] }, thumbprints: ['ab'.repeat(32)] });
    assert.equal(await issuers.create(github), 'created');
    for (const found of [
      await issuers.find('acme', github.issuer),
      await issuers.get('acme', github.id),
      await issuers.ofPolicy('acme', github.policy.id),
    ]) {
      assert.deepEqual(found, github);
    }
    assert.deepEqual(await issuers.list('acme'), [github]);
  });

  test('an iss is compared byte for byte', async () => {
    const { issuers } = open();
    const github = registration();
    await issuers.create(github);
    for (const iss of [`${github.issuer}/`, github.issuer.toUpperCase(), `${github.issuer} `, '']) {
      assert.equal(await issuers.find('acme', iss), undefined, iss);
    }
  });

  test('another organization finds nothing of it', async () => {
    const { issuers } = open();
    const github = registration();
    await issuers.create(github);
    assert.equal(await issuers.find('umbrella', github.issuer), undefined);
    assert.equal(await issuers.get('umbrella', github.id), undefined);
    assert.equal(await issuers.ofPolicy('umbrella', github.policy.id), undefined);
    assert.deepEqual(await issuers.list('umbrella'), []);
  });

  test('the id of a policy is no id of an issuer, nor the other way round', async () => {
    const { issuers } = open();
    const github = registration();
    await issuers.create(github);
    assert.equal(await issuers.get('acme', github.policy.id), undefined);
    assert.equal(await issuers.ofPolicy('acme', github.id), undefined);
  });

  test('what is no id is answered without asking the store', async () => {
    const { issuers } = open({
      wrap: (store) => changed(store, { get: () => assert.fail('the store was asked') }),
    });
    for (const id of ['', '../../ring/v1', 'x'.repeat(600), 'a b', registration().id.toUpperCase()]) {
      assert.equal(await issuers.get('acme', id), undefined);
      assert.equal(await issuers.ofPolicy('acme', id), undefined);
    }
  });

  test('an exchange finds its issuer with one read, and what is stored is parsed once', async () => {
    let reads = 0;
    const { issuers } = open({
      wrap: (store) =>
        changed(store, {
          get: (key) => {
            reads += 1;
            return store.get(key);
          },
        }),
    });
    const github = registration();
    await issuers.create(github);
    reads = 0;
    const first = await issuers.find('acme', github.issuer);
    assert.equal(reads, 1);
    assert.equal(await issuers.find('acme', github.issuer), first);
    assert.equal(reads, 2);
    assert.equal(await issuers.get('acme', github.id), first);
    reads = 0;
    await issuers.get('acme', github.id);
    assert.equal(reads, 1);
    assert.ok(Object.isFrozen(first?.policy.document.policies));
  });

  test('a change by another replica is seen at once', async () => {
    const { issuers, store } = open();
    const other = openTrustedIssuers({ store, declared: () => [] });
    const github = registration();
    await issuers.create(github);
    assert.deepEqual(await other.find('acme', github.issuer), github);
    assert.equal(await issuers.replace(github, { ...github, name: 'Other' }), 'replaced');
    assert.equal((await other.find('acme', github.issuer))?.name, 'Other');
    assert.equal((await other.get('acme', github.id))?.name, 'Other');
    await issuers.remove(github);
    assert.equal(await other.find('acme', github.issuer), undefined);
    assert.equal(await other.get('acme', github.id), undefined);
  });

  test('a list has the oldest first, also where it is longer than a page of the store', async () => {
    const { issuers } = open({
      wrap: (store) => changed(store, { page: (key, offset, _count, up) => store.page(key, offset, 2, up) }),
    });
    const all = [3, 1, 2, 5, 4].map((created) => registration({ created, url: `https://i${created}.example.com` }));
    for (const one of all) await issuers.create(one);
    assert.deepEqual(
      (await issuers.list('acme')).map(({ created }) => created),
      [1, 2, 3, 4, 5],
    );
  });

  test('a use is noted at most once a minute, and forgotten with the registration', async () => {
    let writes = 0;
    const { issuers } = open({
      wrap: (store) =>
        changed(store, {
          put: (key, ...rest) => {
            if (key.startsWith('trusted-issuer-used/')) writes += 1;
            return store.put(key, ...rest);
          },
        }),
    });
    const github = registration();
    await issuers.create(github);
    assert.equal(await issuers.lastUsed(github), undefined);
    const at = github.created;
    await issuers.used(github, at);
    await issuers.used(github, at + 59);
    assert.deepEqual([await issuers.lastUsed(github), writes], [at, 1]);
    await issuers.used(github, at + 60);
    assert.deepEqual([await issuers.lastUsed(github), writes], [at + 60, 2]);
    await issuers.remove(github);
    assert.equal(await issuers.lastUsed(github), undefined);
  });

  test('a use that cannot be noted is no reason to refuse a token', async () => {
    const { issuers } = open({
      wrap: (store) => changed(store, { put: () => Promise.reject(new Error('the store is gone')) }),
    });
    await issuers.used(registration(), 1);
  });
});

describe('trusted issuers of a file', () => {
  const ID = '0b1f7c4e-8a55-4e0a-9d52-2b1f6a1d9c01';

  test('have ids that come from organization and iss, or the one that the file gives', async () => {
    const declared = [declaration(), declaration({ id: ID, issuer: 'https://other.example.com' })];
    const [gitlab, other] = await open({ declared }).issuers.list('acme');
    assert.ok(gitlab && other);
    assert.match(gitlab.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(gitlab.policy.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(other.id, ID);
    assert.equal(new Set([gitlab.id, gitlab.policy.id, other.id, other.policy.id]).size, 4);
    // Fixed: a later version that gave other ids would end every token and forget every pin.
    assert.equal(gitlab.id, 'd1b58f89-31ce-8344-a4fd-08d7ab3c4936');
    assert.equal(gitlab.policy.id, '2366906f-160d-8668-b7de-f778b573bbdf');
    assert.deepEqual([gitlab.declared, gitlab.policy.version, gitlab.organization], [true, 1, 'acme']);
  });

  test('are found in every way, and by their own organization only', async () => {
    const { issuers } = open({ declared: [declaration()] });
    const [gitlab] = await issuers.list('acme');
    assert.ok(gitlab);
    assert.equal(await issuers.find('acme', 'https://gitlab.com'), gitlab);
    assert.equal(await issuers.get('acme', gitlab.id), gitlab);
    assert.equal(await issuers.ofPolicy('acme', gitlab.policy.id), gitlab);
    assert.equal(await issuers.find('umbrella', 'https://gitlab.com'), undefined);
    assert.equal(await issuers.get('umbrella', gitlab.id), undefined);
    assert.equal(await issuers.ofPolicy('umbrella', gitlab.policy.id), undefined);
  });

  test('win over a registration of the same iss, which stays to be seen and removed; another one is refused', async () => {
    const { issuers: before, store } = open();
    const stored = registration({ url: 'https://gitlab.com' });
    await before.create(stored);
    const issuers = openTrustedIssuers({ store, declared: () => [declaration()] });
    assert.equal((await issuers.find('acme', 'https://gitlab.com'))?.declared, true);
    assert.deepEqual(
      (await issuers.list('acme')).map(({ declared }) => declared),
      [true, false],
    );
    assert.deepEqual(await issuers.get('acme', stored.id), stored);
    assert.equal(await issuers.remove(stored), true);
    assert.equal(await issuers.create(registration({ url: 'https://gitlab.com' })), 'exists');
  });

  test('take the place of a registration whose id they have', async () => {
    const { issuers: before, store } = open();
    const stored = registration({ url: 'https://gitlab.com' });
    await before.create(stored);
    const issuers = openTrustedIssuers({ store, declared: () => [declaration({ id: stored.id })] });
    assert.equal((await issuers.get('acme', stored.id))?.declared, true);
    assert.equal((await issuers.list('acme')).length, 1);
  });
});
