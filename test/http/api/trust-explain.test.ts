import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type Caller, startTestServer, type TestServer } from '../../server.ts';
import { assertRefused, stateOf, targetOf } from './answers.ts';

const RUN = { project: 'core', stack: 'dev', operation: 'update' };
const SUB = 'pulumi:deploy:org:acme:project:core:stack:dev:operation:update:scope:write';
const ROLE = 'arn:aws:iam::123456789012:role/deploy';

describe('POST /api/orgs/{org}/trust/explain', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.startRun(RUN);
  });
  after(() => server.stop());
  const explain = (json: object, as: Caller = 'admin') =>
    server.ask('POST', '/api/orgs/acme/trust/explain', { as, json });

  /** A trust policy for `sub` and `aud` under one of this server's issuers. */
  const policy = (sub: string, aud = 'acme', path = '/oidc'): string => {
    const key = `${server.url.replace('http://', '')}${path}`;
    return JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${key}` },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: { StringEquals: { [`${key}:sub`]: sub, [`${key}:aud`]: aud } },
        },
      ],
    });
  };
  const codes = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code);

  test('a document that admits the run: allowed, no reason, and what it cannot say is assumed', async () => {
    const { status, json, headers } = await explain({ document: policy(SUB), run: RUN });
    assert.equal(status, 200);
    assert.deepEqual([json.party, json.allowed, json.reasons], ['aws', true, []]);
    assert.deepEqual(json.presented, { iss: `${server.url}/oidc`, sub: SUB, aud: 'acme' });
    assert.ok(json.assumptions.length > 0);
    assert.equal(headers['cache-control'], 'no-store');
  });

  test('that our own issuer is http, loopback or has a port is a warning and no denial', async () => {
    const { json } = await explain({ document: policy(SUB), run: RUN });
    assert.equal(json.allowed, true);
    assert.equal(json.warnings.length, 1, JSON.stringify(json.warnings));
  });

  test('one that does not: the condition, what it wants and is shown, and an edit that admits it when it is made', async () => {
    const wrong = SUB.replace('update', 'preview');
    const { json } = await explain({ document: policy(wrong), run: RUN });
    const [reason] = json.reasons;
    assert.deepEqual([json.allowed, reason.code, reason.safe], [false, 'aws_sub_mismatch', true]);
    assert.deepEqual(Object.keys(reason).sort(), ['code', 'condition', 'edit', 'presented', 'safe', 'wanted']);
    assert.ok(reason.condition.startsWith('Statement[0].Condition.StringEquals['));
    assert.ok(reason.wanted.includes(wrong) && reason.presented === SUB && reason.edit.includes(SUB));
  });

  test('the issuer is the one that the document names, and its audience what the relying party gets', async () => {
    const v2 = (await server.ask('POST', '/api/orgs/acme/claims/preview', { as: 'admin', json: V2 })).json.claims.sub;
    const { json } = await explain({ document: policy(v2, 'sts.amazonaws.com', '/oidc/v2'), run: RUN });
    assert.deepEqual([json.allowed, json.presented.aud], [true, 'sts.amazonaws.com']);
    const other = await explain({ document: policy(v2, 'sts.amazonaws.com', '/oidc/v2'), run: RUN, issuer: 'v1' });
    assert.equal(other.json.allowed, false);
  });
  const V2 = { issuer: 'v2', audience: 'sts.amazonaws.com', run: RUN };

  test('a stack that is not there is assumed, told of as unknown, and does not come into being', async () => {
    const run = { ...RUN, stack: 'unborn' };
    const before = await stateOf(server);
    const v1 = await explain({ document: policy(SUB.replace('dev', 'unborn')), run });
    assert.deepEqual(
      [v1.json.allowed, codes(v1.json.warnings)],
      [true, ['aws_issuer_unreachable', 'aws_subject_unknown_name']],
    );
    assert.match(v1.json.assumptions[0], /^There is no stack core\/unborn yet/);
    const v2 = await explain({ document: policy(SUB, 'sts.amazonaws.com', '/oidc/v2'), run });
    assert.match(v2.json.presented.sub, /:00000000-0000-0000-0000-000000000000:/);
    const login = { environment: { root: 'aws/unborn' } };
    assert.match(
      (await explain({ document: policy(SUB), ...login })).json.assumptions[0],
      /no environment aws\/unborn yet/,
    );
    assert.deepEqual(await stateOf(server), before);
  });

  test('an API server is shown the organization on v1, and on v2 an audience of its own', async () => {
    const shown = async (path: string) => {
      const issuer = { url: `${server.url}${path}`, audiences: ['acme'] };
      const jwt = [{ issuer, claimMappings: { username: { claim: 'sub', prefix: 'x:' } } }];
      const api = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
      return (await explain({ document: JSON.stringify({ ...api, jwt }), run: RUN })).json.presented.aud;
    };
    assert.deepEqual([await shown('/oidc'), await shown('/oidc/v2')], ['acme', 'kubernetes:acme']);
  });

  test("a login of an environment presents its provider's audience on v1, and the cloud's own on v2", async () => {
    const credential = [{ name: 'x', issuer: `${server.url}/oidc/v2`, subject: 's', audiences: ['a'] }];
    const shown = async (document: string, issuer: string) =>
      (await explain({ document, issuer, environment: { root: 'infra/aws' } })).json.presented.aud;
    assert.equal(await shown(policy(SUB), 'v1'), 'aws:acme');
    assert.equal(await shown(policy(SUB), 'v2'), 'sts.amazonaws.com');
    assert.equal(await shown(JSON.stringify(credential), 'v1'), 'azure:acme');
    assert.equal(await shown(JSON.stringify(credential), 'v2'), 'api://AzureADTokenExchange');
  });

  test('a document that names more than a hundred is told of none that is gone', async () => {
    const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['acme'] };
    const warned = async (count: number) => {
      const sub = [SUB, ...Array.from({ length: count }, (_, at) => SUB.replace('dev', `gone-${at}`))];
      const { json } = await explain({ document: JSON.stringify({ ...role, bound_claims: { sub } }), run: RUN });
      return codes(json.warnings).includes('vault_name_gone');
    };
    assert.deepEqual([await warned(3), await warned(100)], [true, false]);
  });

  test('a run that was started presents its own claims, with the tags that its stack asks for', async () => {
    const aws = { roleArn: ROLE, sessionName: 'run', tags: { stack: 'stack' } };
    const settings = '/api/stacks/acme/core/tagged/deployments/settings';
    await server.ask('POST', settings, { as: 'admin', json: { operationContext: { oidc: { aws } } } });
    const { id } = await server.startRun({ ...RUN, stack: 'tagged' });
    const document = policy(SUB.replace('dev', 'tagged'));
    const { json } = await explain({ document, run: id });
    assert.deepEqual([json.allowed, codes(json.reasons)], [false, ['aws_tag_session_missing']]);
    const open = document.replace(
      '"sts:AssumeRoleWithWebIdentity"',
      '["sts:AssumeRoleWithWebIdentity","sts:TagSession"]',
    );
    assert.equal((await explain({ document: open, run: id })).json.allowed, true);
    assertRefused(await explain({ document, run: id }, 'bob'), 'run_not_found');
    assertRefused(await explain({ document, run: '00000000-0000-0000-0000-000000000000' }), 'run_not_found');
  });

  test('the claims of a token say exactly the same as its run', async () => {
    const run = await server.startRun(RUN);
    const answer = await server.ask('GET', targetOf(run.tokenRequest.urls.v1), {
      headers: { authorization: `Bearer ${run.tokenRequest.token}` },
    });
    const [claims, header] = [decodeJwt(answer.json.value), decodeProtectedHeader(answer.json.value)];
    for (const document of [policy(SUB), policy('x')]) {
      const told = (await explain({ document, claims, header })).json;
      assert.ok(told.assumptions[0].startsWith("The token's signature"));
      const same = (await explain({ document, run: run.id })).json;
      assert.deepEqual({ ...told, assumptions: told.assumptions.slice(1) }, same);
    }
  });

  test('a login of an environment presents the audience that its provider is given', async () => {
    const sub = 'pulumi:environments:org:acme:env:infra/aws';
    const { json } = await explain({ document: policy(sub, 'aws:acme'), environment: { root: 'infra/aws' } });
    assert.deepEqual([json.allowed, json.presented.aud], [true, 'aws:acme']);
  });

  test('a name that nobody has any more is told of, but not to those who may not see it', async () => {
    const gone = policy(SUB).replace('stack:dev', 'stack:gone');
    const shown = (await explain({ document: gone, run: RUN })).json.warnings;
    assert.ok(codes(shown).includes('aws_subject_unknown_name'), JSON.stringify(shown));
    const hidden = (await explain({ document: gone, run: RUN }, 'carol')).json.warnings;
    assert.ok(!codes(hidden).includes('aws_subject_unknown_name'), JSON.stringify(hidden));
  });

  test('who may not preview the claims is told nothing, and a question that is none is refused', async () => {
    const document = policy(SUB);
    assertRefused(await explain({ document, run: RUN }, 'bob'), 'run_not_permitted');
    assertRefused(await explain({ document, environment: { root: 'infra/aws' } }, 'carol'), 'not_permitted');
    assertRefused(await explain({ document, run: RUN }, 'stranger'), 'organization_not_found');
    assertRefused(await explain({ document, run: RUN, audience: 'sigstore' }), 'audience_not_allowed');
    const before = await stateOf(server);
    for (const json of [
      { run: RUN },
      { document },
      { document, run: RUN, environment: { root: 'a/b' } },
      { document, run: 5 },
      { document, claims: {}, issuer: 'v1' },
      { document, claims: {}, audience: 'x' },
      { document, claims: 'eyJ' },
      { document: { a: 1 }, run: RUN },
      { document: 'x'.repeat(256 * 1024 + 1), run: RUN },
    ]) {
      assertRefused(await explain(json), 'invalid_request');
    }
    assertRefused(await explain({ document: 'x'.repeat(700 * 1024), run: RUN }), 'body_too_large');
    assert.equal(await stateOf(server), before);
  });

  test('a text that is no trust document is refused with its place', async () => {
    const answer = await explain({ document: '{\n "Statement": 5}', run: RUN });
    assertRefused(answer, 'trust_document_unusable');
    assert.match(answer.json.message, /line \d+, column \d+: /);
  });
});
