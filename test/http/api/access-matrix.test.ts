import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RefusalCode } from '../../../src/errors.ts';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, stateOf } from './answers.ts';

const TARGETS = {
  'own stack': { project: 'core', stack: 'dev', operation: 'update' },
  'own stack, second operation': { project: 'core', stack: 'dev', operation: 'preview' },
  'other stack': { project: 'core', stack: 'prod', operation: 'update' },
  'other project': { project: 'other', stack: 'dev', operation: 'update' },
  'other operation': { project: 'core', stack: 'dev', operation: 'destroy' },
  'operation of the drift detector': { project: 'core', stack: 'dev', operation: 'detect-drift' },
} as const;
type Target = keyof typeof TARGETS;

const ALL = Object.keys(TARGETS) as Target[];
const OWN: readonly Target[] = ['own stack', 'own stack, second operation'];

/** Who may start what; everything else is refused. */
const MAY: Readonly<Record<Caller, readonly Target[]>> = {
  admin: ALL,
  organizationAdmin: ALL,
  bob: [],
  carol: OWN,
  ops: OWN,
  organization: OWN,
  client: OWN,
  stranger: [],
};

describe('who may start what', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());

  for (const [caller, may] of Object.entries(MAY) as [Caller, readonly Target[]][]) {
    for (const target of ALL) {
      const allowed = may.includes(target);
      test(`${caller} ${allowed ? 'may' : 'may not'} start and preview a run of: ${target}`, async () => {
        const json = TARGETS[target];
        const refusal: RefusalCode = caller === 'stranger' ? 'organization_not_found' : 'run_not_permitted';
        const before = allowed ? '' : await stateOf(server);
        const start = await server.ask('POST', '/api/orgs/acme/runs', { as: caller, json });
        const preview = await server.ask('POST', '/api/orgs/acme/claims/preview', { as: caller, json: { run: json } });
        if (allowed) {
          assert.deepEqual([start.status, preview.status], [201, 200]);
        } else {
          for (const answer of [start, preview]) assertRefused(answer, refusal);
          assert.equal(await stateOf(server), before, 'a refused request changed something');
        }
      });
    }
    test(`${caller} may not touch another organization, nor one that does not exist`, async () => {
      const elsewhere = caller === 'stranger' ? 'acme' : 'umbrella';
      for (const org of [elsewhere, 'nobody', 'ACME', 'acme%00', '%2e%2e']) {
        for (const [method, path, json] of [
          ['POST', 'runs', TARGETS['own stack']],
          ['GET', 'runs', undefined],
          ['GET', 'audit', undefined],
          ['GET', 'audit/export', undefined],
          ['POST', 'claims/preview', { run: TARGETS['own stack'] }],
          ['POST', 'trust/explain', { document: '{}', run: TARGETS['own stack'] }],
          ['POST', 'trust/generate', { target: 'aws', scope: TARGETS['own stack'] }],
          ['GET', 'trust/documents', undefined],
          ['GET', 'trust/held-names', undefined],
          ['POST', 'trust/held-names/release', { kind: 'stack', name: 'core/dev', reason: 'because' }],
          ['POST', 'trust/verify', { document: '{}', scope: TARGETS['own stack'] }],
        ] as const) {
          assertRefused(
            await server.ask(method, `/api/orgs/${org}/${path}`, { as: caller, json }),
            'organization_not_found',
          );
        }
      }
    });
  }

  test('a role shows the runs of the stacks that it covers, and no others', async () => {
    await server.startRun(TARGETS['own stack']);
    const hidden = await server.startRun(TARGETS['other stack']);
    const list = (as: Caller, query: string) => server.ask('GET', `/api/orgs/acme/runs${query}`, { as });
    for (const caller of ['carol', 'ops', 'organization', 'client'] as const) {
      assert.equal((await list(caller, '?project=core&stack=dev')).status, 200);
      for (const query of ['', '?project=core', '?project=core&stack=prod'])
        assertRefused(await list(caller, query), 'not_permitted');
      assertRefused(await server.ask('GET', `/api/orgs/acme/runs/${hidden.id}`, { as: caller }), 'run_not_found');
    }
    assertRefused(await list('bob', '?project=core&stack=dev'), 'not_permitted');
    assert.equal((await list('admin', '')).status, 200);
  });

  test('a refused start leaves its trace in the audit log, with who and why', async () => {
    await server.ask('POST', '/api/orgs/acme/runs', { as: 'bob', json: TARGETS['own stack'] });
    const audit = await server.ask('GET', '/api/orgs/acme/audit?kind=run.start&pageSize=100', { as: 'admin' });
    const refused = audit.json.records.find(
      (record: { actor: string; outcome: string }) => record.actor === 'personal:bob' && record.outcome === 'refused',
    );
    assert.equal(refused.code, 'run_not_permitted');
  });

  test('without a valid token every door of the API is shut, with a challenge', async () => {
    const doors = [
      ['POST', '/api/orgs/acme/runs'],
      ['GET', '/api/orgs/acme/runs'],
      ['GET', '/api/orgs/acme/runs/x'],
      ['POST', '/api/orgs/acme/runs/x/finish'],
      ['POST', '/api/orgs/acme/runs/x/renew'],
      ['POST', '/api/orgs/acme/claims/preview'],
      ['GET', '/api/orgs/acme/audit'],
      ['GET', '/api/orgs/acme/audit/verify'],
      ['GET', '/api/orgs/acme/audit/export'],
      ['DELETE', '/api/stacks/acme/core/dev'],
      ['GET', '/api/user'],
      ['GET', '/api/user/organizations/default'],
    ] as const;
    const { bob } = server.tokens;
    const revoked = await server.parts.accessTokens.issue(
      { kind: 'personal', organization: 'acme', name: 'bob', tokenName: 'x' },
      60,
    );
    await server.parts.accessTokens.revoke('acme', revoked.entry.id);
    const gone = (
      await server.parts.accessTokens.issue(
        { kind: 'personal', organization: 'acme', name: 'nobody', tokenName: 'x' },
        60,
      )
    ).token;
    const credentials = [
      '',
      'Bearer',
      `Basic ${Buffer.from(bob).toString('base64')}`,
      `Bearer ${bob}x`,
      `Bearer ${bob.slice(0, -1)}`,
      `Bearer ${revoked.token.reveal()}`,
      `Bearer ${gone.reveal()}`,
      `Bearer ${bob} ${bob}`,
    ];
    for (const [method, path] of doors) {
      for (const authorization of credentials) {
        const answer = await server.ask(method, path, {
          headers: authorization ? { authorization } : {},
          ...(method === 'POST' && { json: {} }),
        });
        assertRefused(answer, 'unauthenticated');
        assert.equal(answer.headers['www-authenticate'], authorization ? 'Bearer error="invalid_token"' : 'Bearer');
      }
    }
  });
});
