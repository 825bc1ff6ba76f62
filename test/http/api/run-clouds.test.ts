// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the contract, not of this language
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { type StartedRun, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, targetOf } from './answers.ts';

const ROLE = 'arn:aws:iam::123456789012:role/deploy';
const AWS = { roleArn: ROLE, sessionName: '${stack.name}-${operation}-${deployment.version}' };
const OPT_IN = {
  ...AWS,
  pinRole: true,
  sourceIdentity: '${project.name}.${stack.name}',
  tags: { Stack: 'stackId', Version: 'deployment' },
  transitiveTags: ['Stack'],
};
const GCP = {
  projectId: '123456789012',
  workloadPoolId: 'runpass',
  providerId: 'runpass-v2',
  serviceAccount: 'deploy@my-project.iam.gserviceaccount.com',
};
const LONG = 'a-stack-of-a-name-that-nobody-should-give-to-a-stack-of-theirs-but-everybody-may';
const AWS_NAMES = ['tags', 'source_identity', 'roles'].map((name) => `https://aws.amazon.com/${name}`);

describe('a run with settings of clouds', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.stop());

  const save = async (stack: string, oidc: object) => {
    const path = `/api/stacks/acme/core/${stack}/deployments/settings`;
    const answer = await server.ask('PUT', path, { as: 'admin', json: { operationContext: { oidc } } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.warnings;
  };
  const start = async (stack: string) => {
    const json = { project: 'core', stack, operation: 'update' };
    const answer = await server.ask('POST', '/api/orgs/acme/runs', { as: 'admin', json });
    // biome-ignore lint/suspicious/noExplicitAny: what is looked at here
    return answer.json as StartedRun & { operationContext?: any };
  };
  const ask = (run: StartedRun, query: string, issuer: 'v1' | 'v2' = 'v1') =>
    server.ask('GET', targetOf(run.tokenRequest.urls[issuer]) + query, {
      headers: { authorization: `Bearer ${run.tokenRequest.token}` },
    });
  const claims = async (run: StartedRun, query = '', issuer: 'v1' | 'v2' = 'v1') => {
    const { status, json, text } = await ask(run, query, issuer);
    assert.equal(status, 200, text);
    return decodeJwt(json.value) as Record<string, unknown>;
  };
  const preview = (stack: string, more: object) =>
    server.ask('POST', '/api/orgs/acme/claims/preview', {
      as: 'admin',
      json: { run: { project: 'core', stack, operation: 'update' }, ...more },
    });

  test('is told them when it starts, with the name of its AWS session, and whoever looks at the run is told the same', async () => {
    await save('told', { aws: { ...AWS, duration: '1h' }, gcp: GCP });
    const run = await start('told');
    const oidc = { aws: { ...AWS, duration: '1h0m0s', resolvedSessionName: 'told-update-1' }, gcp: GCP };
    assert.deepEqual(run.operationContext, { oidc });
    const shown = await server.ask('GET', `/api/orgs/acme/runs/${run.id}`, { as: 'admin' });
    assert.deepEqual(shown.json.operationContext, { oidc });
    assert.equal((await start('told')).operationContext.oidc.aws.resolvedSessionName, 'told-update-2');
  });

  test('keeps those that it started with, whatever becomes of the settings', async () => {
    await save('kept', { aws: { ...AWS, pinRole: true } });
    const run = await start('kept');
    await save('kept', { aws: AWS });
    assert.deepEqual((await claims(run))['https://aws.amazon.com/roles'], [ROLE]);
    assert.equal((await claims(await start('kept')))['https://aws.amazon.com/roles'], undefined);
  });

  test('without settings says nothing of clouds, in no answer and no token', async () => {
    const run = await start('plain');
    assert.equal(run.operationContext, undefined);
    const shown = await server.ask('GET', `/api/orgs/acme/runs/${run.id}`, { as: 'admin' });
    assert.equal('operationContext' in shown.json, false);
    for (const query of ['', '&target=aws', '&target=azure', '&target=google', '&target=vault']) {
      const names = Object.keys(await claims(run, query));
      assert.deepEqual(
        names.filter((name) => name.includes('amazon')),
        [],
        query,
      );
    }
  });

  test('whose stack did not opt in has nothing of AWS in its tokens', async () => {
    await save('plain-aws', { aws: AWS });
    const said = Object.keys(await claims(await start('plain-aws'), '&target=aws'));
    assert.deepEqual(
      said.filter((name) => AWS_NAMES.includes(name)),
      [],
    );
  });

  test('whose stack opted in has tags, source identity and role, in tokens for AWS or for anywhere', async () => {
    await save('opted', { aws: OPT_IN });
    const run = await start('opted');
    const expected = {
      'https://aws.amazon.com/tags': {
        principal_tags: { Stack: ['acme/core/opted'], Version: ['1'] },
        transitive_tag_keys: ['Stack'],
      },
      'https://aws.amazon.com/source_identity': 'core.opted',
      'https://aws.amazon.com/roles': [ROLE],
    };
    for (const [query, issuer] of [
      ['', 'v1'],
      ['&target=aws', 'v1'],
      ['&target=aws', 'v2'],
      ['&audience=x', 'v2'],
    ] as const) {
      const said = await claims(run, query, issuer);
      assert.deepEqual(Object.fromEntries(AWS_NAMES.map((name) => [name, said[name]])), expected, query + issuer);
    }
    for (const target of ['azure', 'vault']) {
      const said = Object.keys(await claims(run, `&target=${target}`));
      assert.deepEqual(
        said.filter((name) => AWS_NAMES.includes(name)),
        [],
        target,
      );
    }
    const { json } = await preview('opted', { target: 'aws' });
    assert.deepEqual(Object.fromEntries(AWS_NAMES.map((name) => [name, json.claims[name]])), {
      ...expected,
      'https://aws.amazon.com/tags': {
        principal_tags: { Stack: ['acme/core/opted'], Version: ['2'] },
        transitive_tag_keys: ['Stack'],
      },
    });
  });

  test('that opted in to one thing says that one alone', async () => {
    await save('tagged', { aws: { ...AWS, tags: { Org: 'org' } } });
    const said = await claims(await start('tagged'));
    assert.deepEqual(said['https://aws.amazon.com/tags'], { principal_tags: { Org: ['acme'] } });
    assert.deepEqual(
      Object.keys(said).filter((name) => AWS_NAMES.includes(name)),
      ['https://aws.amazon.com/tags'],
    );
  });

  test('says nothing that discovery does not list', async () => {
    const run = await start('opted');
    for (const [issuer, path] of [
      ['v1', '/oidc'],
      ['v2', '/oidc/v2'],
    ] as const) {
      const { json } = await server.ask('GET', `${path}/.well-known/openid-configuration`);
      for (const name of Object.keys(await claims(run, '&target=aws', issuer))) {
        assert.ok(json.claims_supported.includes(name), name);
      }
    }
  });

  test('gets the audience of its target on v2, and the organization on v1', async () => {
    await save('aimed', { aws: { ...AWS, audience: 'my-aws' }, gcp: GCP });
    const run = await start('aimed');
    const audiences = {
      aws: 'my-aws',
      azure: 'api://AzureADTokenExchange',
      google:
        'https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/runpass/providers/runpass-v2',
      vault: 'vault:acme',
    };
    for (const [target, aud] of Object.entries(audiences)) {
      assert.equal((await claims(run, `&target=${target}`, 'v2')).aud, aud);
      assert.equal((await claims(run, `&target=${target}&audience=other`, 'v2')).aud, 'other');
      assert.equal((await claims(run, `&target=${target}`)).aud, 'acme');
      assert.equal((await preview('aimed', { target, issuer: 'v2' })).json.claims.aud, aud);
    }
    assertRefused(await ask(await start('plain'), '&target=google', 'v2'), 'audience_required');
    assertRefused(await ask(run, '&target=aws&audience=nobody'), 'audience_not_allowed');
  });

  test('asks for no target that there is not', async () => {
    const run = await start('plain');
    assertRefused(
      await ask(run, '&target=oracle'),
      'invalid_request',
      /^target: must be one of aws, azure, google, vault/,
    );
    assertRefused(await ask(run, '&target=gcp'), 'invalid_request');
    assert.equal((await ask(run, '&target=')).status, 200);
    const json = { environment: { root: 'a/b' }, target: 'aws' };
    assertRefused(
      await server.ask('POST', '/api/orgs/acme/claims/preview', { as: 'admin', json }),
      'invalid_request',
      /^target: /,
    );
  });

  test('gets no token that its target can only refuse, and is told why, with the subject; saving warned before', async () => {
    const warnings = await save(LONG, { gcp: GCP });
    const subject = `pulumi:deploy:org:acme:project:core:stack:${LONG}:operation:update:scope:write`;
    const problem = `has ${subject.length} bytes; Google takes 127 as google.subject`;
    assert.equal(warnings.length, 6);
    assert.deepEqual(warnings[0], {
      target: 'google',
      issuer: 'v1',
      field: 'subject',
      problem,
      operation: 'update',
      subject,
    });
    const run = await start(LONG);
    const refused = await ask(run, '&target=google');
    assertRefused(refused, 'target_impossible', /google: its subject has 151 bytes; Google takes 127/);
    assert.ok(refused.json.message.endsWith(subject));
    assertRefused(await preview(LONG, { target: 'google' }), 'target_impossible');
    // Elsewhere, and on v2, it works.
    assert.equal((await ask(run, '')).status, 200);
    assert.equal((await ask(run, '&target=aws')).status, 200);
    assert.equal((await ask(run, '&target=google', 'v2')).status, 200);
    const { json } = await server.ask('GET', '/api/orgs/acme/audit?kind=token.issue&pageSize=100', { as: 'admin' });
    const record = json.records.find(({ code }: { code?: string }) => code === 'target_impossible');
    assert.deepEqual(
      [record.detail.target, record.detail.field, record.detail.subject],
      ['google', 'subject', subject],
    );
    assert.deepEqual(await save(LONG, { gcp: { ...GCP, mapsSubject: true } }), []);
    assert.equal((await ask(await start(LONG), '&target=google')).status, 200);
  });

  test('is warned of what Microsoft Entra must be told', async () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const [one, two, ...more] = await save('azure', { azure: { clientId: id } });
    assert.deepEqual([one.field, one.target, more], ['tenantId', 'azure', []]);
    assert.match(two.problem, /6 of the 20 credentials/);
    assert.deepEqual(await save('azure', { azure: { clientId: id, tenantId: id } }), [two]);
    const path = '/api/stacks/acme/short/stack/deployments/settings';
    const json = { operationContext: { oidc: { azure: { clientId: id, tenantId: id } } } };
    assert.deepEqual((await server.ask('PUT', path, { as: 'admin', json })).json.warnings, []);
  });
});

describe('keys of ES256', () => {
  test('sign nothing for Microsoft Entra, which is told when settings are saved and when a run asks', async () => {
    const server = await startTestServer({ alg: 'ES256' });
    try {
      const id = '01234567-89ab-cdef-0123-456789abcdef';
      const vault = { address: 'https://vault.example.com', role: 'deploy' };
      const json = { operationContext: { oidc: { azure: { clientId: id, tenantId: id }, vault } } };
      const saved = await server.ask('PUT', '/api/stacks/acme/short/stack/deployments/settings', { as: 'admin', json });
      const algorithms = saved.json.warnings.filter(({ field }: { field: string }) => field === 'algorithm');
      assert.deepEqual(
        algorithms.map(({ target, issuer }: { target: string; issuer: string }) => `${target} ${issuer}`),
        [...Array(6).fill('azure v1'), ...Array(6).fill('azure v2'), 'vault v1', 'vault v2'],
      );
      const run = await server.startRun({ project: 'short', stack: 'stack', operation: 'update' });
      const ask = (target: string) =>
        server.ask('GET', `${targetOf(run.tokenRequest.url)}&target=${target}`, {
          headers: { authorization: `Bearer ${run.tokenRequest.token}` },
        });
      assertRefused(await ask('azure'), 'target_impossible', /algorithm is ES256/);
      assert.equal((await ask('vault')).status, 200);
    } finally {
      await server.stop();
    }
  });
});
