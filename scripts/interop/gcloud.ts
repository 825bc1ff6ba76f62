import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { type GoogleIam, startStrictGoogleIam } from '../../test/interop/strict-google-iam.ts';
import type { Conversation } from './conversation.ts';
import { openTrustDesk, SCOPES, type TrustDesk } from './trust-desk.ts';

const PROJECT = { id: 'acme-prod', number: '123456789012' };
const ACCOUNT = `deploy@${PROJECT.id}.iam.gserviceaccount.com`;

/** Somebody else may do something on weekdays: a policy with a condition, of which gcloud is careful. */
const ALREADY = {
  role: 'roles/iam.serviceAccountUser',
  members: ['user:ada@example.com'],
  condition: { title: 'weekdays', expression: 'request.time.getDayOfWeek() < 5' },
};

/** The command line of Google, against a strict IAM on this machine: it saves what was proved. */
export const talkAsGcloud = async (conversation: Conversation, gcloud: string): Promise<void> => {
  const desk = await openTrustDesk(conversation, 'https://id.example.com');
  const [one] = SCOPES;
  const keys = one && (['one stack, with its keys', [...one[1], '--google-keys', await exportedKeys(desk)]] as const);
  try {
    for (const [name, flags] of [...SCOPES, ...(keys ? [keys] : [])]) {
      await conversation.line(`gcloud, twice as printed: ${name}`, async () => {
        const iam = await startStrictGoogleIam({ ...PROJECT, serviceAccounts: { [ACCOUNT]: [ALREADY] } });
        return followed(desk, iam, gcloud, flags).finally(() => iam.stop());
      });
    }
  } finally {
    await desk.close();
  }
};

const followed = async (desk: TrustDesk, iam: GoogleIam, gcloud: string, flags: readonly string[]): Promise<string> => {
  const given = [
    ...['--google-project', PROJECT.id, '--google-project-number', PROJECT.number],
    ...['--google-service-account', ACCOUNT],
  ];
  const { document } = await desk.generate('google', [...flags, ...given]);
  assert.equal(basename(gcloud), 'gcloud');
  await desk.follow('google', [...flags, ...given], {
    CLOUDSDK_CONFIG: `${desk.home.folder}/gcloud`,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: await desk.home.file('google-token', 'ya29.of-nobody'),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: `${iam.url}/`,
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
  });
  const { provider, policy } = JSON.parse(document);
  const saved = { ...iam.resources.get(provider.name) };
  const { state, disabled, oidc, ...others } = saved as Record<string, object | string | boolean>;
  const { jwksJson, ...rest } = oidc as Record<string, unknown>;
  assert.deepEqual([state, disabled], ['ACTIVE', false]);
  assert.deepEqual({ ...others, oidc: rest }, provider);
  assert.equal(typeof jwksJson, flags.includes('--google-keys') ? 'string' : 'undefined');
  const bindings = iam.policies.get(ACCOUNT)?.bindings ?? [];
  assert.deepEqual(bindings, [ALREADY, ...policy.bindings]);
  // As the token says which of the keys it is signed with, and a draft does not: without them.
  const [pool, kept] = [dirname(dirname(provider.name)), { ...others, state, disabled, oidc: rest }];
  assert.ok(iam.resources.has(pool));
  const asked = flags.filter((flag, at) => flag !== '--google-keys' && flags[at - 1] !== '--google-keys');
  await desk.verify({ provider: kept, policy: { bindings } }, [...asked, ...audienceOf(provider.oidc, flags)]);
  return `${Object.keys(provider.attributeMapping).length} mapped, ${provider.attributeCondition}`;
};

/** Audiences of v2 have the provider's name in them, so `verify` wants to be told. */
const audienceOf = (oidc: { readonly allowedAudiences: readonly string[] }, flags: readonly string[]) =>
  flags.includes('v2') ? ['--audience', oidc.allowedAudiences[0] ?? ''] : [];

/** The keys as an operator exports them, for issuers that Google cannot reach. */
const exportedKeys = async ({ server, home }: TrustDesk): Promise<string> => {
  const folder = `${home.folder}/public`;
  const command = `cd '${server.folder}' && '${home.folder}/bin/runpass' keys export --static '${folder}'`;
  const { status, stderr } = await home.run('bash', ['-c', command]);
  assert.equal(status, 0, stderr);
  return `${folder}/oidc/.well-known/jwks`;
};
