/** What each login takes, refuses and points out: a refused case differs from an accepted one in one thing. */

const ROLE = { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'runpass' };
const STATIC = { accessKeyId: 'AKIA', secretAccessKey: 's' };
const aws = (changes: object) => ({ oidc: { ...ROLE, ...changes } });
const POLICY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

const AZURE = { clientId: 'c', tenantId: 't' };

const POOL = { workloadPoolId: 'the-pool', providerId: 'the-provider', serviceAccount: 'a@b.iam.gserviceaccount.com' };
const gcp = (changes: object) => ({ project: 951040570662, oidc: { ...POOL, ...changes } });

const VAULT = { address: 'https://vault.example.com:8200', jwt: { role: 'reader' } };
const vault = (changes: object) => ({ ...VAULT, ...changes });
const vaultToken = (changes: object) => ({
  address: 'https://vault.example.com',
  token: { token: 'hvs.p', ...changes },
});

const UUID = '00000000-0000-4000-8000-000000000000';
const V2 = { audience: 'https://registry.example.com', identityToken: { version: 'v2' } };
const snowflake = (changes: object) => ({ oidc: { account: 'org-account', user: 'ESC_USER', ...changes } });

const SIX = [
  'rootEnvironment.name',
  'currentEnvironment.name',
  'pulumi.user.login',
  'pulumi.organization.login',
  'pulumi.token.type',
  'pulumi.token.team',
];
const NOT_LISTED =
  'expected one of ["pulumi.user.login","pulumi.organization.login","pulumi.token.type","pulumi.token.team","currentEnvironment.name","rootEnvironment.name"]';
const DURATION = 'string must match the pattern "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"';
const EMPTY_DURATION = 'must be hours, minutes and seconds, such as 1h30m';
const NO_ADDRESS = 'must be https:// and a host, perhaps with a port, and no path';

type Case = readonly [provider: string, inputs: unknown];
type ProblemCase = readonly [provider: string, inputs: unknown, problem: string];

export const ACCEPTED: readonly Case[] = [
  ['aws-login', aws({})],
  ['aws-login', aws({ duration: '15m', policyArns: [POLICY], subjectAttributes: SIX })],
  ['aws-login', aws({ duration: '12h', subjectAttributes: [] })],
  ['aws-login', aws({ sessionName: 'a_b+=,.@-9' })],
  ['aws-login', { static: STATIC }],
  ['aws-login', { static: { ...STATIC, sessionToken: 't' } }],
  ['azure-login', { ...AZURE, oidc: true, subscriptionId: '/subscriptions/s', subjectAttributes: SIX }],
  ['azure-login', { ...AZURE, clientSecret: 's' }],
  ['azure-login', { ...AZURE, oidc: false, clientSecret: 's' }],
  ['gcp-login', gcp({})],
  ['gcp-login', gcp({ region: 'global', tokenLifetime: '30m', subjectAttributes: SIX })],
  ['gcp-login', { project: 1, accessToken: { accessToken: 'ya29.a' } }],
  ['gcp-login', { project: 1, accessToken: { accessToken: 'ya29.a', serviceAccount: 'a@b', tokenLifetime: '12h' } }],
  ['vault-login', VAULT],
  ['vault-login', vault({ address: 'HTTPS://Vault.example.com/', namespace: 'admin/example' })],
  ['vault-login', vault({ address: 'https://[2001:db8::1]:8200' })],
  ['vault-login', vault({ jwt: { role: 'r', mount: 'team/jwt-1', subjectAttributes: SIX } })],
  ['vault-login', vaultToken({})],
  [
    'vault-login',
    vaultToken({ displayName: 'd', maxTtl: '768h', metadata: { a: 'b', n: 1, y: true }, policies: ['p'] }),
  ],
  ['oidc', V2],
  ['oidc', { ...V2, duration: '1m' }],
  ['oidc', { ...V2, duration: '60m', audience: 'x'.repeat(512) }],
  ['debug-oidc-claims', { ...V2, duration: '15m' }],
  ['debug-oidc-claims', { audiencePrefix: 'vault', subjectAttributes: SIX }],
  ['doppler-login', { oidc: { identityId: UUID, subjectAttributes: SIX } }],
  ['infisical-login', { oidc: { identityId: 'aaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' } }],
  ['infisical-login', { siteUrl: 'https://eu.infisical.com', oidc: { identityId: UUID, subjectAttributes: SIX } }],
  ['infisical-login', { static: { clientId: 'c', clientSecret: 's' } }],
  ['snowflake-login', snowflake({})],
  ['snowflake-login', snowflake({ user: 'someone@example.com', role: 'ESC_ROLE$1' })],
];

export const REFUSED: readonly ProblemCase[] = [
  ['aws-login', {}, ': write exactly one of "oidc" and "static"'],
  ['aws-login', { ...aws({}), static: STATIC }, ': write exactly one of "oidc" and "static"'],
  ['aws-login', { oidc: { sessionName: 'runpass' } }, 'oidc: missing required properties: roleArn'],
  ['aws-login', { static: { accessKeyId: 'a' } }, 'static: missing required properties: secretAccessKey'],
  ['aws-login', { oidc: null }, 'oidc: expected object, got null'],
  ['aws-login', aws({ roleArn: 'arn:aws:iam::1:role' }), 'oidc.roleArn: expected a string of at least length 20'],
  ['aws-login', aws({ roleArn: 'a'.repeat(2049) }), 'oidc.roleArn: expected a string of at most length 2048'],
  ['aws-login', aws({ sessionName: 'x' }), 'oidc.sessionName: expected a string of at least length 2'],
  ['aws-login', aws({ sessionName: 'x'.repeat(65) }), 'oidc.sessionName: expected a string of at most length 64'],
  ['aws-login', aws({ sessionName: 'a/b' }), 'oidc.sessionName: string must match the pattern "^[A-Za-z0-9_+=,.@-]*$"'],
  ['aws-login', aws({ sessionName: 5 }), 'oidc.sessionName: expected string, got number'],
  ['aws-login', aws({ duration: '1.5h' }), `oidc.duration: ${DURATION}`],
  ['aws-login', aws({ duration: '' }), `oidc.duration: ${EMPTY_DURATION}`],
  ['aws-login', aws({ duration: '899s' }), 'oidc.duration: must be from 15m to 12h'],
  ['aws-login', aws({ duration: '12h1s' }), 'oidc.duration: must be from 15m to 12h'],
  ['aws-login', aws({ duration: `${'9'.repeat(400)}h` }), `oidc.duration: ${EMPTY_DURATION}`],
  ['aws-login', aws({ policyArns: [POLICY, 'short'] }), 'oidc.policyArns[1]: expected a string of at least length 20'],
  ['aws-login', aws({ policyArns: Array(11).fill(POLICY) }), 'oidc.policyArns: AWS takes at most 10 policies'],
  ['aws-login', aws({ subjectAttributes: ['pulumi.token.name'] }), `oidc.subjectAttributes[0]: ${NOT_LISTED}`],
  ['aws-login', aws({ subjectAttributes: 'pulumi.user.login' }), 'oidc.subjectAttributes: expected array, got string'],
  [
    'aws-login',
    aws({ subjectAttributes: ['pulumi.user.login', 'pulumi.token.type', 'pulumi.user.login'] }),
    'oidc.subjectAttributes[2]: "pulumi.user.login" is listed twice',
  ],
  ['azure-login', { clientId: 'c', oidc: true }, ': missing required properties: tenantId'],
  ['azure-login', { ...AZURE, oidc: 'true' }, 'oidc: expected boolean, got string'],
  [
    'azure-login',
    { ...AZURE, oidc: true, clientSecret: 's' },
    ': write exactly one of "oidc: true" and "clientSecret"',
  ],
  [
    'azure-login',
    { ...AZURE, oidc: true, subjectAttributes: ['pulumi.token.type', 'pulumi.token.type'] },
    'subjectAttributes[1]: "pulumi.token.type" is listed twice',
  ],
  ['gcp-login', { oidc: POOL }, ': missing required properties: project'],
  ['gcp-login', { ...gcp({}), project: '951040570662' }, 'project: expected number, got string'],
  ...[0, -1, 1.5].map(
    (project): ProblemCase => [
      'gcp-login',
      { ...gcp({}), project },
      "project: must be the project's number: gcloud projects describe ID --format='value(projectNumber)'",
    ],
  ),
  ['gcp-login', { project: 1 }, ': write exactly one of "oidc" and "accessToken"'],
  ['gcp-login', { ...gcp({}), accessToken: { accessToken: 'a' } }, ': write exactly one of "oidc" and "accessToken"'],
  [
    'gcp-login',
    gcp({ workloadPoolId: 'a/b' }),
    'oidc.workloadPoolId: string must match the pattern "^[A-Za-z0-9_-]{1,63}$"',
  ],
  ['gcp-login', gcp({ providerId: '' }), 'oidc.providerId: string must match the pattern "^[A-Za-z0-9_-]{1,63}$"'],
  ['gcp-login', gcp({ region: '../x' }), 'oidc.region: string must match the pattern "^[A-Za-z0-9_-]{1,63}$"'],
  ['gcp-login', gcp({ tokenLifetime: '9m59s' }), 'oidc.tokenLifetime: must be from 10m to 12h'],
  ['gcp-login', gcp({ tokenLifetime: '' }), `oidc.tokenLifetime: ${EMPTY_DURATION}`],
  [
    'gcp-login',
    gcp({ subjectAttributes: ['rootEnvironment.name', 'rootEnvironment.name'] }),
    'oidc.subjectAttributes[1]: "rootEnvironment.name" is listed twice',
  ],
  [
    'gcp-login',
    { project: 1, accessToken: { accessToken: 'a\r\nb' } },
    'accessToken.accessToken: string must match the pattern "^[\\\\x21-\\\\x7e]+$"',
  ],
  [
    'gcp-login',
    { project: 1, accessToken: { accessToken: 'a', tokenLifetime: '13h' } },
    'accessToken.tokenLifetime: must be from 10m to 12h',
  ],
  ['vault-login', { jwt: { role: 'r' } }, ': missing required properties: address'],
  ...[
    'http://vault.example.com',
    'vault.example.com',
    'https://vault.example.com/v1',
    'https://vault.example.com?x=1',
    'https://vault.example.com#x',
    'https://user@vault.example.com',
    'https://',
    'https:///vault.example.com',
    'https://vault.example.com\\x',
    'https://vault.example.com:99999',
    ' https://vault.example.com',
    '',
  ].map((address): ProblemCase => ['vault-login', vault({ address }), `address: ${NO_ADDRESS}`]),
  ['vault-login', { address: 'https://v.test' }, ': write exactly one of "jwt" and "token"'],
  ['vault-login', vault({ token: { token: 't' } }), ': write exactly one of "jwt" and "token"'],
  ['vault-login', vault({ namespace: 'a\nb' }), 'namespace: string must match the pattern "^[\\\\x21-\\\\x7e]+$"'],
  ...['../sys', 'a/../b', '.', 'a//b', '/jwt', 'jwt/', 'a?b', 'a%2fb'].map(
    (mount): ProblemCase => [
      'vault-login',
      vault({ jwt: { role: 'r', mount } }),
      'jwt.mount: string must match the pattern "^(?!\\\\.{1,2}(?:/|$))[A-Za-z0-9_.-]+(?:/(?!\\\\.{1,2}(?:/|$))[A-Za-z0-9_.-]+)*$"',
    ],
  ),
  [
    'vault-login',
    vault({ jwt: { role: 'r', subjectAttributes: ['pulumi.token.team', 'pulumi.token.team'] } }),
    'jwt.subjectAttributes[1]: "pulumi.token.team" is listed twice',
  ],
  ['vault-login', vaultToken({ maxTtl: '0s' }), 'token.maxTtl: must be from 1s to 768h'],
  ['vault-login', vaultToken({ token: 'a b' }), 'token.token: string must match the pattern "^[\\\\x21-\\\\x7e]+$"'],
  ['vault-login', vaultToken({ metadata: { a: ['b'] } }), 'token.metadata.a: must be a text, number or boolean'],
  ['oidc', { identityToken: { version: 'v2' } }, ': missing required properties: audience'],
  ['oidc', { audience: 'a' }, ': missing required properties: identityToken'],
  ['oidc', { ...V2, identityToken: { version: 'v1' } }, 'identityToken.version: expected "v2"'],
  ['oidc', { ...V2, audience: ' ' }, 'audience: must not be blank'],
  ['oidc', { ...V2, audience: 'x'.repeat(513) }, 'audience: must be 1 to 512 bytes'],
  ['oidc', { ...V2, audience: ['a'] }, 'audience: expected string, got array'],
  ['oidc', { ...V2, duration: '59s' }, 'duration: duration must be between 1m0s and 1h0m0s'],
  ['oidc', { ...V2, duration: '1h1s' }, 'duration: duration must be between 1m0s and 1h0m0s'],
  ['oidc', { ...V2, duration: '' }, `duration: ${EMPTY_DURATION}`],
  ['oidc', { ...V2, subjectAttributes: [] }, 'subjectAttributes: fn::open::oidc does not accept subjectAttributes'],
  ['oidc', { ...V2, lifetime: '1h' }, 'lifetime: fn::open::oidc does not accept an input named "lifetime"'],
  [
    'oidc',
    { ...V2, identityToken: { version: 'v2', kid: 'a' } },
    'identityToken.kid: fn::open::oidc does not accept an input named "identityToken.kid"',
  ],
  [
    'debug-oidc-claims',
    {},
    ': write "audiencePrefix" for the claims of a login, or "audience" and "identityToken" for those of oidc',
  ],
  [
    'debug-oidc-claims',
    { audiencePrefix: 'acme' },
    'audiencePrefix: expected one of ["aws","azure","gcp","vault","doppler","infisical","snowflake"]',
  ],
  [
    'debug-oidc-claims',
    { audiencePrefix: 'aws', audience: 'a' },
    'audience: fn::open::debug-oidc-claims does not accept an input named "audience" without identityToken',
  ],
  [
    'debug-oidc-claims',
    { audiencePrefix: 'aws', duration: '1h' },
    'duration: fn::open::debug-oidc-claims does not accept an input named "duration" without identityToken',
  ],
  [
    'debug-oidc-claims',
    { audiencePrefix: 'aws', subjectAttributes: ['pulumi.user.login', 'pulumi.user.login'] },
    'subjectAttributes[1]: "pulumi.user.login" is listed twice',
  ],
  [
    'debug-oidc-claims',
    { ...V2, subjectAttributes: [] },
    'subjectAttributes: fn::open::debug-oidc-claims does not accept subjectAttributes',
  ],
  [
    'debug-oidc-claims',
    { ...V2, audiencePrefix: 'aws' },
    'audiencePrefix: fn::open::debug-oidc-claims does not accept an input named "audiencePrefix"',
  ],
  ['debug-oidc-claims', { identityToken: { version: 'v2' } }, 'audience: must not be blank'],
  ['debug-oidc-claims', { ...V2, duration: '2h' }, 'duration: duration must be between 1m0s and 1h0m0s'],
  [
    'debug-oidc-claims',
    { ...V2, other: 1 },
    'other: fn::open::debug-oidc-claims does not accept an input named "other"',
  ],
  ['doppler-login', {}, ': missing required properties: oidc'],
  [
    'doppler-login',
    { oidc: { identityId: `${UUID}0` } },
    'oidc.identityId: string must match the pattern "^[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}$"',
  ],
  [
    'doppler-login',
    { oidc: { identityId: UUID, subjectAttributes: ['pulumi.user.login', 'pulumi.user.login'] } },
    'oidc.subjectAttributes[1]: "pulumi.user.login" is listed twice',
  ],
  ['infisical-login', {}, ': write exactly one of "oidc" and "static"'],
  [
    'infisical-login',
    { siteUrl: 'https://infisical.example.com/api', oidc: { identityId: 'i' } },
    `siteUrl: ${NO_ADDRESS}`,
  ],
  ['infisical-login', { static: { clientId: 'c' } }, 'static: missing required properties: clientSecret'],
  [
    'infisical-login',
    { oidc: { identityId: 'i', subjectAttributes: ['pulumi.user.login', 'pulumi.user.login'] } },
    'oidc.subjectAttributes[1]: "pulumi.user.login" is listed twice',
  ],
  ['snowflake-login', { oidc: { account: 'a' } }, 'oidc: missing required properties: user'],
  ...['a,session:role:ADMIN', 'a b', 'a"b', '', 'x'.repeat(256)].flatMap((text): readonly ProblemCase[] =>
    ['user', 'role'].map((name) => [
      'snowflake-login',
      snowflake({ [name]: text }),
      `oidc.${name}: must be 1 to 255 of A-Z, a-z, 0-9, "_", ".", "@", "$", "+" and "-"`,
    ]),
  ),
];

export const WARNED: readonly ProblemCase[] = [
  ['aws-login', { ...aws({}), region: 'eu' }, 'region: aws-login has no input named "region"'],
  ['aws-login', aws({ rolearn: 'x' }), 'oidc.rolearn: aws-login has no input named "rolearn"; did you mean "roleArn"?'],
  ['azure-login', AZURE, ': this logs nobody in: write exactly one of "oidc: true" and "clientSecret"'],
  [
    'azure-login',
    { ...AZURE, clientSecret: 's', subjectAttributes: SIX },
    'subjectAttributes: has no effect without "oidc: true"',
  ],
  ['gcp-login', gcp({ poolId: 'x' }), 'oidc.poolId: gcp-login has no input named "poolId"'],
  ['vault-login', vault({ role: 'x' }), 'role: vault-login has no input named "role"'],
  [
    'snowflake-login',
    snowflake({ subjectAttributes: [] }),
    'oidc.subjectAttributes: snowflake-login has no input named "subjectAttributes"',
  ],
];
