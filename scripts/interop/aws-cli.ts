import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startStrictAws } from '../../test/interop/strict-aws.ts';
import { freePort } from '../../test/redis.ts';
import type { Conversation } from './conversation.ts';
import type { PythonPrograms } from './python-programs.ts';
import { openWalk, readJson, sameVerdicts, type Walk } from './trust-walk.ts';
import { run, type Step } from './walk-steps.ts';

/** The command line of AWS, the linter of its templates, and somebody who plays AWS: all as released. */
export const awsCli: PythonPrograms = {
  name: 'aws-cli',
  version: '1.46.3',
  packages: ['awscli==1.46.3', 'moto[server,iam,cloudformation]==5.2.5', 'cfn-lint==1.58.0'],
};

const PLAYED_AWS = fileURLToPath(new URL('played-aws.py', import.meta.url));
const ACCOUNT = '123456789012';

interface RoleStep extends Step {
  readonly role: string;
  /** Beside the scope. */
  readonly flags?: string;
}

const STEPS: readonly RoleStep[] = [
  {
    what: 'one stack, one operation',
    scope: run('core', 'dev'),
    role: 'deploy',
    within: run('core', 'dev'),
    beyond: run('core', 'dev', 'preview'),
  },
  {
    what: 'one stack, two operations, names that begin with a dash',
    scope: '--project=-core --stack=.dev --operation update --operation preview',
    role: '-a=b,c@d+e',
    within: run('-core', '.dev', 'preview'),
    beyond: run('-core', '.dev', 'destroy'),
  },
  {
    what: 'a pattern of stacks',
    scope: "--project core --stack 'prod-*'",
    role: 'prod',
    within: run('core', 'prod-eu'),
    beyond: run('core', 'prod'),
  },
  {
    what: 'every stack, destroy alone',
    scope: "--project '*' --operation destroy",
    role: 'destroyer',
    within: run('core', 'prod-eu', 'destroy'),
    beyond: run('core', 'prod-eu'),
  },
  { what: 'an environment', scope: '--environment core/base', role: 'environment' },
  {
    what: 'on v2, one stack by its id, an audience that is a URL',
    scope: `${run('core', 'dev')} --issuer v2 --audience https://127.0.0.1:1/aws`,
    role: 'by-id',
    within: run('core', 'dev'),
    beyond: run('core', 'prod'),
  },
];

/**
 * What `runpass trust generate aws` and `cloudformation` print, followed to the letter with the AWS CLI; then the role
 * and its provider as AWS gives them back, and tokens of real runs at an STS that knows nothing but those.
 */
export const walkAsAws = async ({ line }: Conversation, programs: string): Promise<void> => {
  const port = await freePort();
  const moto = spawn(join(programs, 'python'), [PLAYED_AWS, String(port)], { stdio: 'ignore' });
  const gone = once(moto, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const walk = await openWalk(programs, {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  try {
    await untilServed(`${url}/moto-api/`);
    // Known by their ids from now on.
    for (const each of [run('core', 'dev'), run('core', 'prod')]) await walk.read(`runpass run start ${each}`);
    // moto's CloudFormation has no identity providers, so this template is checked against AWS's schema alone.
    await line('cloudformation, a template that makes the provider', async () => {
      const folder = await walk.folder();
      await walk.read(
        `runpass trust generate cloudformation ${run('core', 'dev')} --aws-account ${ACCOUNT} --out .`,
        folder,
      );
      assert.equal(await walk.read('cfn-lint trust.template.json', folder), '');
      const { Resources } = await readJson(folder, 'trust.template.json');
      assert.equal(Resources.Provider.Type, 'AWS::IAM::OIDCProvider');
      return 'cfn-lint has nothing to say';
    });
    for (const step of STEPS) {
      await line(`aws, ${step.what}`, () => installed(walk, 'aws', step));
      await line(`cloudformation, ${step.what}`, () =>
        installed(walk, 'cloudformation', {
          ...step,
          role: `cfn${step.role}`,
          flags: '--aws-provider=existing',
        }),
      );
    }
    await line('aws, a role that is there trusts what is generated anew', async () => {
      const anew = { ...(STEPS[2] as RoleStep), role: 'deploy' };
      return installed(walk, 'aws', anew);
    });
  } finally {
    await walk.close();
    moto.kill();
    await gone;
  }
};

const installed = async (walk: Walk, target: 'aws' | 'cloudformation', step: RoleStep): Promise<string> => {
  const { scope, role, flags = '' } = step;
  const { folder, commands } = await walk.follow(
    target,
    `${scope} ${flags} --aws-account ${ACCOUNT} --aws-role='${role}'`,
  );
  const aws = async (words: string) => JSON.parse(await walk.read(`aws ${words}`));
  const trust = await readJson(folder, 'trust.json');
  const arn = `arn:aws:iam::${ACCOUNT}:oidc-provider/${trust.provider.Url.replace('https://', '')}`;
  const readBack = {
    provider: await aws(`iam get-open-id-connect-provider --open-id-connect-provider-arn ${arn}`),
    role: (await aws(`iam get-role --role-name='${role}'`)).Role,
  };
  assert.deepEqual(readBack.role.AssumeRolePolicyDocument, trust.role.AssumeRolePolicyDocument);
  const verdicts = await sameVerdicts(walk, folder, readBack, scope);
  if (target === 'cloudformation') {
    assert.equal(await walk.read('cfn-lint trust.template.json', folder), '');
    const described = await aws(`cloudformation describe-stacks --stack-name ${stackOf(role)}`);
    assert.match(described.Stacks[0].StackStatus, /^(?:CREATE|UPDATE)_COMPLETE$/);
  }
  const assumed = await assume(walk, step, readBack);
  return `${commands} commands; ${verdicts}${assumed}`;
};

const stackOf = (role: string): string => `runpass-${role.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;

/** `aws sts assume-role-with-web-identity` with tokens of real runs, at a strict STS that has what AWS gave back. */
const assume = async (
  walk: Walk,
  { within, beyond, scope }: RoleStep,
  // biome-ignore lint/suspicious/noExplicitAny: JSON of AWS
  { provider, role }: any,
): Promise<string> => {
  if (within === undefined || beyond === undefined) return '';
  const issuer = `https://${provider.Url}`;
  const version = scope.includes('--issuer v2') ? 'v2' : 'v1';
  const conditions = role.AssumeRolePolicyDocument.Statement.flatMap(
    (statement: { Condition: Record<string, Record<string, string | readonly string[]>> }) =>
      Object.values(statement.Condition),
  );
  const valuesOf = (key: string): readonly string[] =>
    conditions.flatMap((each: Record<string, string>) => each[`${provider.Url}:${key}`] ?? []);
  const [audience = ''] = valuesOf('aud');
  const sts = await startStrictAws({
    issuer,
    keysAt: issuer.replace(new URL(issuer).origin, walk.url),
    clientIds: provider.ClientIDList,
    roleArn: role.Arn,
    audience,
    subject: valuesOf('sub'),
    maxSessionDuration: role.MaxSessionDuration,
    mayTag: false,
    clockAhead: 0,
  });
  try {
    const ask = async (which: string) => {
      const token = await walk.token(which, version, audience);
      return walk.sh(
        `AWS_ENDPOINT_URL_STS=${sts.url} aws sts assume-role-with-web-identity --role-arn '${role.Arn}' --role-session-name walk --web-identity-token ${token}`,
      );
    };
    const [taken, refused] = [await ask(within), await ask(beyond)];
    assert.equal(taken.status, 0, taken.stderr);
    assert.match(JSON.parse(taken.stdout).Credentials.AccessKeyId, /^ASIA/);
    assert.notEqual(refused.status, 0, 'a run beyond the scope was taken');
    assert.match(refused.stderr, /\(AccessDenied\).*Not authorized to perform sts:AssumeRoleWithWebIdentity/);
    return '; STS takes the run within, refuses the one beyond';
  } finally {
    await sts.stop();
  }
};

const PATIENCE = 300;

const untilServed = async (url: string): Promise<void> => {
  for (let time = 0; time < PATIENCE; time++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error('moto does not serve');
};
