// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { AWS, AWS_GRANTS, AZURE, type OpeningWorld, openingWorld, somebody } from './opening-world.ts';
import { refuses } from './world.ts';

const OIDC = '{fn::open::oidc: {audience: registry, identityToken: {version: v2}}}';
const allowed = (...list: readonly (readonly [string, 'read' | 'open' | 'write'])[]) =>
  somebody({ environments: list.map(([environment, access]) => ({ project: 'p', environment, access })) });

let world: OpeningWorld;
beforeEach(async () => {
  world = await openingWorld();
  await world.define('p/base', `values: {secret: {fn::secret: hunter2}, login: ${AZURE}}`);
  await world.define('p/r', 'imports: [p/base]');
});
afterEach(() => world.cloud.stop());
const refusals = () =>
  world.events.filter(({ outcome }) => outcome === 'refused').map(({ code, detail }) => [code, detail]);
const nothingOpened = async () => {
  assert.deepEqual([world.minted(), world.cloud.asked], [[], []]);
  assert.deepEqual(
    world.events.filter(({ outcome }) => outcome === 'granted'),
    [],
  );
};

describe('who may open', () => {
  test('an environment that one may not read is not there, and one that is only readable says so', async () => {
    await assert.rejects(world.open('p/r', { as: allowed(['base', 'open']) }), refuses('environment_not_found'));
    await assert.rejects(world.open('p/none'), refuses('environment_not_found'));
    await assert.rejects(
      world.open('p/r', { as: allowed(['base', 'open'], ['r', 'read']) }),
      refuses('environment_not_permitted'),
    );
    await assert.rejects(world.open('p/r@9'), refuses('revision_not_found'));
    await nothingOpened();
    assert.deepEqual(refusals(), [
      ['environment_not_found', { root: 'p/r', environment: 'p/r' }],
      ['environment_not_found', { root: 'p/none', environment: 'p/none' }],
      ['environment_not_permitted', { root: 'p/r', environment: 'p/r', access: 'open' }],
      ['revision_not_found', { root: 'p/r', version: '9', environment: 'p/r' }],
    ]);
  });

  test('an import that one may not open reads like one that is not there', async () => {
    const absent = 'error imports[0]: environment "p/base" not found';
    assert.deepEqual(await world.problems('p/r', { as: allowed(['r', 'open'], ['base', 'read']) }), [absent]);
    assert.deepEqual(await world.problems('p/r', { as: allowed(['r', 'open']) }), [absent]);
    await world.define('p/q', 'values: {x: "${environments.p.base.secret}"}');
    const inline = await world.problems('p/q', { as: allowed(['q', 'open']) });
    assert.match(String(inline), /environment "p\/base" not found/);
    assert.doesNotMatch(String(inline), /hunter2|login|secret not/);
    await nothingOpened();
    assert.deepEqual(refusals()[0], ['definition_invalid', { root: 'p/r', problems: 1 }]);
  });

  test('every edge counts, not only the first', async () => {
    await world.define('p/top', 'imports: [p/r]');
    const problems = await world.problems('p/top', { as: allowed(['top', 'open'], ['r', 'open']) });
    assert.match(String(problems), /environment "p\/base" not found/);
    await nothingOpened();
  });

  test('another organization’s environment cannot be imported, and the sentence says so', async () => {
    assert.match(String(await world.problems({ text: 'imports: [umbrella/p/base]' })), /own organization only/);
  });
});

describe('what is wrong opens nothing', () => {
  test('an input that is wrong, beside logins that are right', async () => {
    for (const wrong of [
      '{fn::open::aws-login: {}}',
      '{fn::open::oidc: {audience: x, identityToken: {version: v2}, duration: 2h}}',
      '{fn::open::azure-login: {clientId: c, tenantId: t, oidc: true, subjectAttributes: [pulumi.token.team]}}',
      '{fn::open::gcp-login: {project: many}}',
    ]) {
      await world.define('p/x', `values: {a: ${AZURE}, b: ${wrong}, c: ${AWS}}`);
      assert.ok((await world.problems('p/x')).length > 0, wrong);
    }
    await nothingOpened();
  });

  test('an input that is wrong, also where what is asked for does not need it', async () => {
    await world.define('p/x', `values: {a: {fn::open::aws-login: {}}, b: ${AZURE}}`);
    assert.match(String(await world.problems('p/x', { property: ['b'] })), /^error values\.a/);
    await nothingOpened();
  });

  test('a cloud that refuses ends the opening: no session, and no call after that', async () => {
    world.cloud.answer(403, { Error: { Code: 'AccessDenied', Message: 'no' } });
    const next = '{fn::open::azure-login: {clientId: "${a.accessKeyId}", tenantId: t, oidc: true}}';
    await world.define(
      'p/x',
      `values: {a: ${AWS}, b: ${AZURE}, c: {fn::open::azure-login: {clientId: "\${b.clientId}", tenantId: t, oidc: true}}, d: ${next}}`,
    );
    const problems = await world.problems('p/x');
    assert.match(String(problems), /^error values\.a: AWS.*AccessDenied/);
    assert.equal(world.minted().length, 2);
    assert.equal(world.cloud.asked.length, 1);
    assert.equal(refusals()[0]?.[0], 'definition_invalid');
  });

  test('no problem shows a token, whatever a cloud says and a definition does with it', async () => {
    const said: string[] = [];
    world.cloud.handle((_request, response) => {
      const token = new URLSearchParams(world.cloud.asked.at(-1)?.body).get('WebIdentityToken') ?? '';
      said.push(token);
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ Error: { Code: 'InvalidIdentityToken', Message: `bad ${token}` } }));
    });
    await world.define('p/x', `values: {a: ${AWS}}`);
    const echoed = String(await world.problems('p/x'));
    assert.match(said[0] ?? '', /^ey/);
    assert.ok(!echoed.includes(said[0]?.slice(0, 30) ?? assert.fail()), echoed);
    for (const use of [
      '{fn::fromJSON: "${t}"}',
      '{fn::fromBase64: "${t}"}',
      '{fn::open::oidc: {audience: "${t} ${t}", identityToken: {version: "${t}"}}}',
      '{fn::open::aws-login: {static: {accessKeyId: "${t}", secretAccessKey: ["${t}"]}}}',
      '{fn::open::vault-login: {address: "${t}", jwt: {role: r}}}',
      '{fn::concat: "${t}"}',
    ]) {
      await world.define('p/y', `values: {t: ${OIDC}, u: ${use}}`);
      const problems = String(await world.problems('p/y'));
      assert.doesNotMatch(problems, /eyJ/, use);
    }
  });

  test('a store for audit records that is full: no record, no token, no session', async () => {
    world.state.auditFails = true;
    await assert.rejects(world.open('p/r'), /the audit log is full/);
    await world.define('p/aws', `values: {a: ${AWS}}`);
    await assert.rejects(world.open('p/aws'), /the audit log is full/);
    assert.deepEqual(world.cloud.asked, []);
    await world.define('p/plain', 'values: {a: 1}');
    await assert.rejects(world.open('p/plain'), /the audit log is full/);
  });

  test('issuing that is paused is a refusal', async () => {
    world.state.paused = true;
    await assert.rejects(world.open('p/r'), refuses('issuing_paused'));
    assert.deepEqual(refusals(), [['issuing_paused', { root: 'p/r' }]]);
  });

  test('more time than an opening may take, in a call that is under way', async () => {
    world.state.openingMs = 50;
    let asked = 0;
    world.cloud.handle(() => {
      asked++;
    });
    await world.define('p/x', `values: {a: ${AWS}}`);
    const started = performance.now();
    assert.match(
      String(await world.problems('p/x')),
      /values\.a: opening the environment took longer than 0\.05 seconds/,
    );
    assert.ok(performance.now() - started < 3000);
    assert.equal(asked, 1);
  });

  test('more time than an opening may take, before the next calls', async () => {
    world.cloud.handle((_request, response) => {
      world.clock.advance(30);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(AWS_GRANTS));
    });
    const second = '{fn::open::azure-login: {clientId: "${a.accessKeyId}", tenantId: t, oidc: true}}';
    await world.define('p/x', `values: {a: ${AWS}, b: ${second}}`);
    assert.match(
      String(await world.problems('p/x')),
      /^error values\.b: opening the environment took longer than 30 seconds/,
    );
    assert.equal(world.minted().length, 1);
  });
});

describe('tokens without their clouds', () => {
  const writer = somebody({
    environments: [
      { project: 'p', environment: '*', access: 'open' },
      { project: 'p', environment: 'base', access: 'write' },
    ],
  });

  test('take write on the environment that declares the login, not on the one that is opened', async () => {
    const { tokens } = await world.tokensOnly('p/r', { as: writer });
    assert.deepEqual(
      tokens.map(({ environment, provider }) => [environment, provider]),
      [['p/base', 'azure-login']],
    );
    assert.deepEqual(world.minted(), ['p/base|p/r']);
  });

  test('are refused as a whole where one is not permitted', async () => {
    await world.define('p/r', `imports: [p/base]\nvalues: {mine: ${AWS}}`);
    await assert.rejects(world.tokensOnly('p/r', { as: writer }), refuses('environment_not_permitted'));
    await nothingOpened();
    assert.deepEqual(refusals(), [['environment_not_permitted', { root: 'p/r', environment: 'p/r', access: 'write' }]]);
  });

  test('are refused as a whole where one cannot be', async () => {
    await world.define(
      'p/r',
      `imports: [p/base]\nvalues: {mine: {fn::open::aws-login: {static: {accessKeyId: a, secretAccessKey: b}, oidc: {roleArn: "arn:aws:iam::123456789012:role/deploy", sessionName: runpass}}}}`,
    );
    const { tokens, diagnostics } = await world.tokensOnly('p/r', { as: somebody({ administrator: true }) });
    assert.deepEqual([tokens, diagnostics.length], [[], 1]);
    const nameless =
      '{fn::open::azure-login: {clientId: c, tenantId: t, oidc: true, subjectAttributes: [pulumi.token.team]}}';
    await world.define('p/r', `imports: [p/base]\nvalues: {mine: ${nameless}}`);
    const refused = await world.tokensOnly('p/r', { as: somebody({ administrator: true }) });
    assert.deepEqual([refused.tokens, refused.diagnostics.length], [[], 1]);
    await nothingOpened();
    assert.equal(refusals().length, 2);
  });

  test('ask no cloud, and leave out what needs no token', async () => {
    await world.define(
      'p/r',
      `values: {a: ${AWS}, b: {fn::open::aws-login: {static: {accessKeyId: a, secretAccessKey: b}}}}`,
    );
    const { tokens } = await world.tokensOnly('p/r', { as: somebody({ administrator: true }) });
    assert.deepEqual([tokens.length, world.cloud.asked], [1, []]);
  });
});
