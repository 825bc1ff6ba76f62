import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findPlatformToken, type PlatformPlace, platformHint } from '../../src/runner/platforms.ts';

const AUDIENCE = 'urn:pulumi:org:acme';

/** A job of a platform; what it is asked is written down. */
const job = (place: {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}) => {
  const asked: unknown[] = [];
  const made: PlatformPlace = {
    env: place.env ?? {},
    readFile: async (path) => place.files?.[path],
    async run(file, args) {
      asked.push([file, ...args]);
      return 'buildkite.jwt.token\n';
    },
    async get(url, headers) {
      asked.push([url, headers['authorization']]);
      return '{"count":1,"value":"github.jwt.token"}';
    },
  };
  return {
    asked,
    async find() {
      const found = await findPlatformToken(() => AUDIENCE, made);
      return found && [found.token.reveal(), found.source];
    },
  };
};

const GITHUB = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.test/token?v=2', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'gh' };

describe('the token of the platform that a job runs on', () => {
  test('GitHub Actions: asked for with the audience of the organization', async () => {
    const { find, asked } = job({ env: GITHUB });
    assert.deepEqual(await find(), ['github.jwt.token', 'GitHub Actions']);
    assert.deepEqual(asked, [['https://github.test/token?v=2&audience=urn%3Apulumi%3Aorg%3Aacme', 'Bearer gh']]);
  });

  test('the same variables in a command of ours lead back to us, and are not asked', async () => {
    const url = GITHUB.ACTIONS_ID_TOKEN_REQUEST_URL;
    const { find, asked } = job({ env: { ...GITHUB, RUNPASS_ID_TOKEN_REQUEST_URL: url } });
    assert.deepEqual([await find(), asked], [undefined, []]);
  });

  test('Buildkite: its agent is asked', async () => {
    const { find, asked } = job({ env: { BUILDKITE: 'true' } });
    assert.deepEqual(await find(), ['buildkite.jwt.token', 'Buildkite']);
    assert.deepEqual(asked, [['buildkite-agent', 'oidc', 'request-token', '--audience', AUDIENCE]]);
  });

  for (const [what, env, expected] of [
    ['a variable that was set for us', { RUNPASS_ID_TOKEN: ' a.b.c\n' }, ['a.b.c', 'RUNPASS_ID_TOKEN']],
    ["Pulumi's name for it", { PULUMI_ID_TOKEN: 'a.b.c' }, ['a.b.c', 'PULUMI_ID_TOKEN']],
    ['CircleCI', { CIRCLE_OIDC_TOKEN: 'one', CIRCLE_OIDC_TOKEN_V2: 'two' }, ['two', 'CIRCLE_OIDC_TOKEN_V2']],
    ['CircleCI, before', { CIRCLE_OIDC_TOKEN: 'one' }, ['one', 'CIRCLE_OIDC_TOKEN']],
    ['GitLab', { GITLAB_CI: 'true', ID_TOKEN: 'a.b.c' }, ['a.b.c', 'ID_TOKEN']],
    ['a name that means nothing elsewhere', { ID_TOKEN: 'a.b.c' }, undefined],
    ['an empty variable', { RUNPASS_ID_TOKEN: '  ' }, undefined],
    ['nothing at all', {}, undefined],
  ] as const) {
    test(what, async () => assert.deepEqual(await job({ env }).find(), expected));
  }

  test('Kubernetes: a token that was projected for us, and never the one of the pod', async () => {
    const pod = { '/var/run/secrets/kubernetes.io/serviceaccount/token': 'opens.the.cluster' };
    assert.equal(await job({ files: pod }).find(), undefined);
    const projected = { ...pod, '/var/run/secrets/runpass/token': 'a.b.c\n' };
    assert.deepEqual(await job({ files: projected }).find(), ['a.b.c', '/var/run/secrets/runpass/token']);
    const env = { RUNPASS_OIDC_TOKEN_FILE: '/elsewhere' };
    assert.deepEqual(await job({ env, files: { '/elsewhere': 'd.e.f' } }).find(), ['d.e.f', '/elsewhere']);
  });

  test('what somebody set for us on purpose comes before what a platform gives to all', async () => {
    const env = { ...GITHUB, CIRCLE_OIDC_TOKEN_V2: 'two', RUNPASS_ID_TOKEN: 'a.b.c' };
    const { find, asked } = job({ env });
    assert.deepEqual([await find(), asked], [['a.b.c', 'RUNPASS_ID_TOKEN'], []]);
  });

  test('a job that gets no token is told how it gets one', () => {
    for (const [env, hint] of [
      [{ GITHUB_ACTIONS: 'true' }, /id-token: write/],
      [{ GITLAB_CI: 'true' }, /id_tokens/],
      [{ CIRCLECI: 'true' }, /CIRCLE_OIDC_TOKEN_V2/],
      [{ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, /project a service account token/],
    ] as const) {
      assert.match(platformHint(env) ?? '', hint);
    }
    assert.equal(platformHint({}), undefined);
  });
});
