import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deleteIssuer, type IssuerChange, regenerateThumbprints, updateIssuer } from '../../src/flows/change-issuer.ts';
import { type HttpsHost, TEST_THUMBPRINT } from '../issuers/https-host.ts';
import { declaration } from '../issuers/registrations.ts';
import { JWK, JWKS, makeTrustWorld, OWN, publish, startIssuerHost } from './trust-world.ts';
import { PRINCIPALS, refuses } from './world.ts';

const { admin, bob } = PRINCIPALS;
const NOBODY = '0b1f7c4e-8a55-4e0a-9d52-2b1f6a1d9c01';
const OLD = 'ab'.repeat(32);

let host: HttpsHost;
before(async () => {
  host = await startIssuerHost();
});
after(() => host.stop());

describe('an administrator changes a trusted issuer', () => {
  test('everything but url and iss may change; what is not said stays', async () => {
    const { register, parts, clock, events, forgotten } = await makeTrustWorld(host);
    const made = await register({ thumbprints: [OLD] });
    clock.advance(60);
    const change: IssuerChange = {
      name: 'renamed',
      thumbprints: [],
      maxExpiration: 60,
      jwks: { keys: [{ ...JWK, kid: 'b' }] },
      replay: 'once',
      capToSubjectToken: true,
      maxTokenAge: 120,
    };
    const changed = await updateIssuer(parts, admin, made.id, change);
    assert.deepEqual(changed, { ...made, ...change, modified: made.modified + 60 });
    assert.deepEqual(await parts.issuers.get('acme', made.id), changed);
    assert.deepEqual(forgotten, [made.id]);
    assert.deepEqual(events.at(-1)?.detail, {
      id: made.id,
      name: 'renamed',
      issuer: made.issuer,
      changed: 'name thumbprints maxExpiration jwks replay capToSubjectToken maxTokenAge',
    });
    const again = await updateIssuer(parts, admin, made.id, { name: 'again' });
    assert.deepEqual(again, { ...changed, name: 'again' });
  });

  test('absent thumbprints stay, an empty list clears them, others are stored in one form', async () => {
    const { register, parts } = await makeTrustWorld(host);
    const { id } = await register({ thumbprints: [OLD] });
    const after = async (change: object) =>
      (await updateIssuer(parts, admin, id, { name: 'ci', ...change })).thumbprints;
    assert.deepEqual(await after({}), [OLD]);
    assert.deepEqual(await after({ thumbprints: ['CD'.repeat(32)] }), ['cd'.repeat(32)]);
    assert.deepEqual(await after({ thumbprints: [] }), []);
  });

  test('url and iss are fixed, and may be repeated', async () => {
    const { register, parts } = await makeTrustWorld(host);
    const { id, url, issuer } = await register();
    await updateIssuer(parts, admin, id, { name: 'ci', url, issuer });
    for (const change of [{ url: `${url}/` }, { issuer: `${issuer}/` }]) {
      await assert.rejects(updateIssuer(parts, admin, id, { name: 'ci', ...change }), refuses('invalid_request'));
    }
  });

  test('the name is required, and what is written is checked', async () => {
    const { register, parts, registerAs } = await makeTrustWorld(host);
    const { id } = await register();
    for (const change of [{}, { name: '' }, { name: ' ' }, { name: 'ci', thumbprints: ['x'] }]) {
      await assert.rejects(updateIssuer(parts, admin, id, change), refuses('invalid_request'));
    }
    await assert.rejects(
      updateIssuer(parts, admin, id, { name: 'ci', jwks: { keys: [{ ...JWK, d: 'x' }] } }),
      refuses('trusted_issuer_unusable'),
    );
    const own = await registerAs({ name: 'own', url: OWN[0] ?? '' });
    await assert.rejects(
      updateIssuer(parts, admin, own.id, { name: 'own', jwks: JWKS }),
      refuses('trusted_issuer_unusable'),
    );
  });

  test('of two at once one is told that somebody was faster, and that is recorded', async () => {
    const { register, parts, events } = await makeTrustWorld(host);
    const { id } = await register();
    const answers = await Promise.allSettled(['a', 'b'].map((name) => updateIssuer(parts, admin, id, { name })));
    const [lost] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
    refuses('conflict')(lost);
    assert.equal(events.at(-1)?.code, 'conflict');
  });

  test('the certificate of now takes the place of the old one, whoever vouches for it', async () => {
    const { parts, events, clock, registerAs } = await makeTrustWorld(host, { trusted: false });
    const made = await registerAs({
      name: 'ci',
      url: host.origin,
      thumbprints: [TEST_THUMBPRINT],
    });
    await updateIssuer(parts, admin, made.id, { name: 'ci', thumbprints: [OLD] });
    clock.advance(60);
    const changed = await regenerateThumbprints(parts, admin, made.id);
    assert.deepEqual([changed.thumbprints, changed.modified], [[TEST_THUMBPRINT], made.modified + 60]);
    assert.deepEqual(await parts.issuers.get('acme', made.id), changed);
    assert.equal(events.at(-1)?.detail['changed'], 'thumbprints');
  });

  test('no certificate is taken over where none is asked for, or somebody else answers', async () => {
    const { register, parts, registerAs } = await makeTrustWorld(host);
    const uploaded = await register();
    const own = await registerAs({ name: 'own', url: OWN[0] ?? '' });
    for (const { id } of [uploaded, own]) {
      await assert.rejects(regenerateThumbprints(parts, admin, id), refuses('invalid_request'));
    }
    publish(host, '/moved');
    const moved = await registerAs({ name: 'moved', url: `${host.origin}/moved` });
    publish(host, '/moved', { issuer: `${host.origin}/moved/` });
    await assert.rejects(regenerateThumbprints(parts, admin, moved.id), refuses('trusted_issuer_unusable'));
    assert.deepEqual(await parts.issuers.get('acme', moved.id), moved);
  });
});

describe('an administrator ends the trust', () => {
  test('the registration is gone with its pins, and the same issuer may be registered as another one', async () => {
    const { register, parts, events, forgotten } = await makeTrustWorld(host);
    const made = await register();
    const identities = Array.from({ length: 250 }, (_, at) => ({
      claim: 'repository',
      name: `acme/${at}`,
      idClaim: 'repository_id',
      id: String(at),
    }));
    await parts.pins.pin('acme', made.policy.id, identities, 1);
    await deleteIssuer(parts, admin, made.id);
    assert.equal(await parts.issuers.get('acme', made.id), undefined);
    assert.equal((await parts.pins.list('acme', made.policy.id, 0, 1)).total, 0);
    assert.deepEqual(forgotten, [made.id]);
    assert.deepEqual(events.at(-1), {
      kind: 'trusted-issuer.delete',
      organization: 'acme',
      actor: 'personal:admin',
      outcome: 'granted',
      detail: { id: made.id, name: made.name, issuer: made.issuer },
    });
    const again = await register();
    assert.notEqual(again.id, made.id);
    assert.notEqual(again.policy.id, made.policy.id);
  });

  test('without its audit record nothing is deleted or changed', async () => {
    const { register, parts, state } = await makeTrustWorld(host);
    const made = await register();
    state.auditFails = true;
    await assert.rejects(deleteIssuer(parts, admin, made.id), /the audit log is full/);
    await assert.rejects(updateIssuer(parts, admin, made.id, { name: 'x' }), /the audit log is full/);
    assert.deepEqual(await parts.issuers.get('acme', made.id), made);
  });
});

const STORIES: Readonly<Record<string, (...call: Parameters<typeof deleteIssuer>) => Promise<unknown>>> = {
  'a change': (parts, principal, id) => updateIssuer(parts, principal, id, { name: 'x' }),
  'a new thumbprint': (parts, principal, id) => regenerateThumbprints(parts, principal, id),
  'an end': (parts, principal, id) => deleteIssuer(parts, principal, id),
};

for (const [name, story] of Object.entries(STORIES)) {
  test(`${name} is for administrators, for an issuer that is there, and that no file declares`, async () => {
    const declared = [declaration()];
    const { parts, events, register } = await makeTrustWorld(host, { declared });
    const made = await register();
    const [file] = await parts.issuers.list('acme');
    assert.ok(file?.declared);
    await assert.rejects(story(parts, bob, made.id), refuses('not_permitted'));
    await assert.rejects(story(parts, admin, NOBODY), refuses('trusted_issuer_not_found'));
    await assert.rejects(story(parts, admin, 'no id'), refuses('trusted_issuer_not_found'));
    await assert.rejects(
      story(parts, { ...admin, organization: 'umbrella' }, made.id),
      refuses('trusted_issuer_not_found'),
    );
    await assert.rejects(story(parts, admin, file.id), refuses('declared_in_file'));
    assert.deepEqual(
      events.slice(1).map(({ outcome, code }) => `${outcome} ${code}`),
      ['not_permitted', ...Array(3).fill('trusted_issuer_not_found'), 'declared_in_file'].map(
        (code) => `refused ${code}`,
      ),
    );
    assert.deepEqual(await parts.issuers.get('acme', made.id), made);
  });
}
