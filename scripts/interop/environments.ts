import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { type FakeCloud, startFakeCloud } from '../../test/clouds/fake-cloud.ts';
import { startTestServer, type TestServer } from '../../test/server.ts';
import type { Conversation, Home, Ran } from './conversation.ts';

const BASE = `# What all share.
values:
  region: eu-west-1
  aws:
    login:
      fn::open::aws-login:
        oidc: { roleArn: "arn:aws:iam::123456789012:role/deploy", sessionName: runpass, duration: 1h }
`;
const PROD = (project: string): string => `imports:
  - ${project}/base
values:
  environmentVariables:
    AWS_REGION: \${region}
    AWS_ACCESS_KEY_ID: \${aws.login.accessKeyId}
    AWS_SECRET_ACCESS_KEY: \${aws.login.secretAccessKey}
`;
const CREDENTIALS = {
  AccessKeyId: 'ASIAINTEROP',
  SecretAccessKey: 'interop/secret+key',
  SessionToken: 'interop/session',
};
const GRANTED = {
  AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials: CREDENTIALS } },
};

/**
 * The life of two environments, one of which imports the other and its login, by a stock command line.
 *
 * `name` is what stands in front of `env`: `esc`, or `pulumi`, which brought the same commands along.
 */
export const talkAboutEnvironments = async (
  conversation: Conversation,
  name: 'esc' | 'pulumi',
  binary: string,
): Promise<void> => {
  const cloud = await startFakeCloud();
  cloud.answer(200, GRANTED);
  const server = await startTestServer({ lines: ['clouds:', '  endpoints:', `    awsSts: ${cloud.url}`] });
  try {
    await live({ conversation, server, cloud, name, binary, home: await conversation.home() });
  } finally {
    await server.stop();
    await cloud.stop();
  }
};

interface Stage {
  readonly conversation: Conversation;
  readonly server: TestServer;
  readonly cloud: FakeCloud;
  readonly name: string;
  readonly binary: string;
  readonly home: Home;
}

const live = async ({ conversation, server, cloud, name, binary, home }: Stage): Promise<void> => {
  const credentials = { PULUMI_ACCESS_TOKEN: server.tokens.admin, PULUMI_BACKEND_URL: server.url };
  const env = (...parameters: readonly string[]): Promise<Ran> => home.run(binary, ['env', ...parameters], credentials);
  const [base, prod] = [`acme/${name}/base`, `acme/${name}/prod`];
  const baseFile = await home.file('base.yaml', BASE);
  const prodFile = await home.file('prod.yaml', PROD(name));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the environment language
  const brokenFile = await home.file('broken.yaml', 'values:\n  a: ${nothing}\n');
  /** A line of the table: the command as a person types it, and what its standard output must match. */
  const line = (parameters: readonly string[], expected: RegExp, look: (ran: Ran) => void = () => {}): Promise<void> =>
    conversation.line(`${name} env ${parameters.join(' ').replaceAll(`${home.folder}/`, '')}`, async () => {
      const ran = await env(...parameters);
      assert.equal(ran.status, 0, `status ${ran.status}: ${withoutBanner(ran.stderr) || ran.stdout.trim()}`);
      assert.match(ran.stdout, expected);
      look(ran);
      return oneLine(ran.stdout) || 'done';
    });

  await line(['init', base], /Environment created/);
  await line(['init', prod], /Environment created/);
  await line(['edit', base, '--file', baseFile], /Environment updated/);
  await line(['edit', prod, '--file', prodFile], /Environment updated/);
  await conversation.line(`${name} env edit ${prod} --file broken.yaml, refused with the place`, async () => {
    // Its status is 0 all the same: that is how the program is.
    const { stdout, stderr } = await env('edit', prod, '--file', brokenFile);
    assert.doesNotMatch(stdout, /Environment updated/);
    assert.match(stderr, /unknown property "nothing"\s+on \w+\/prod line 2:/);
    return oneLine(withoutBanner(stderr));
  });
  await line(['set', prod, 'greeting', 'hello'], /^$/);
  await line(['set', prod, 'password', 'hunter-two', '--secret'], /^$/);
  await line(['get', prod, 'greeting'], /hello/);
  await line(['get', prod, 'password'], /ciphertext/, ({ stdout }) => assert.doesNotMatch(stdout, /hunter-two/));
  await line(['get', prod, 'password', '--show-secrets'], /fn::secret: hunter-two/);
  await line(['get', prod, '--value', 'json'], /"password": "\[secret\]"/);
  await line(['get', prod, '--definition'], /imports:\n {2,4}- \w+\/base/);

  await line(['open', prod], /"accessKeyId": "ASIAINTEROP"/, () => {
    const form = new URLSearchParams(cloud.asked.at(-1)?.body);
    const { sub, aud, current_env, root_env, trigger_user } = decodeJwt(form.get('WebIdentityToken') ?? '');
    assert.deepEqual(
      { sub, aud, current_env, root_env, trigger_user },
      {
        sub: `pulumi:environments:org:acme:env:${name}/prod`,
        aud: 'aws:acme',
        current_env: `${name}/base`,
        root_env: `${name}/prod`,
        trigger_user: 'admin',
      },
    );
  });
  await line(['open', prod, 'greeting', '--format', 'string'], /^hello\n?$/);
  await line(['open', prod, '--format', 'yaml'], /region: eu-west-1/);
  await line(['open', prod, '--format', 'dotenv'], /AWS_REGION="eu-west-1"/);
  await line(['open', prod, '--format', 'shell'], /export AWS_REGION="eu-west-1"/);
  await line(['open', prod, '--format', 'detailed'], /"trace"/);
  await line(['open', prod, '--lifetime', '15m', 'region'], /eu-west-1/);
  await line(['run', prod, '--', 'printenv', 'AWS_REGION'], /^eu-west-1\n?$/);
  await line(['run', prod, '--', 'printenv', 'AWS_SECRET_ACCESS_KEY'], /^\[secret\]\n?$/);
  await line(['ls', '-o', 'acme'], new RegExp(`${name}/base\\s[\\s\\S]*${name}/prod`));

  await line(['version', 'history', prod], /revision 4[\s\S]*revision 1/);
  await line(['version', `${prod}@2`], /revision 2/);
  await line(['version', 'tag', `${prod}@stable`, '@3'], /^$/);
  await line(['version', 'tag', 'ls', prod], /latest[\s\S]*stable/);
  await line(['open', `${prod}@stable`, 'greeting'], /hello/);
  await line(['diff', `${prod}@2`, '@3'], /\+.*greeting: hello/);
  await line(['version', 'rollback', `${prod}@2`], /Environment updated/);
  await line(['version', 'tag', 'rm', `${prod}@stable`], /^$/);
  await line(['tag', prod, 'team', 'ops'], /team[\s\S]*ops/);
  await line(['tag', 'ls', prod], /team[\s\S]*ops/);
  await line(['tag', 'get', prod, 'team'], /ops/);
  await line(['tag', 'mv', prod, 'team', 'owner'], /owner/);
  await line(['tag', 'rm', prod, 'owner'], /deleted environment tag: owner/);
  await line(['clone', prod, `${name}/copy`], /cloned/);
  await line(['rm', prod, 'environmentVariables.AWS_REGION'], /^$/);
  // A trust document names it: our answer says so, with a body that these clients have never seen.
  const trusted = await conversation.server.ask('POST', '/api/orgs/acme/trust/generate', {
    as: 'admin',
    json: {
      target: 'aws',
      scope: { environment: prod.replace(/^acme\//, '') },
      inputs: { awsAccount: '123456789012' },
    },
  });
  assert.equal(trusted.status, 200, trusted.text);
  await line(['rm', prod, '--yes'], /has been removed/);
  await conversation.line(`${name} env open ${prod}, which is gone`, async () => {
    const { status, stderr } = await env('open', prod);
    assert.notEqual(status, 0);
    assert.match(stderr, /\[404\]/);
    return oneLine(withoutBanner(stderr));
  });
};

/** The notice that `esc` puts before everything. */
const withoutBanner = (text: string): string => text.replaceAll(/^[┌│└].*\n/gm, '').trim();

const WIDTH = 90;
const oneLine = (text: string): string => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line;
};
