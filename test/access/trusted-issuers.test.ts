import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { ID, OTHER_ID, problemsOf, sound } from './folder.ts';

const MAIN = {
  decision: 'allow',
  tokenType: 'organization',
  roleID: 'deployer',
  rules: { aud: 'urn:pulumi:org:acme', sub: 'repo:acme/core:ref:refs/heads/main' },
};
const GITHUB = {
  name: 'GitHub',
  url: 'https://token.actions.githubusercontent.com',
  replay: 'retry-window',
  policy: { policies: [MAIN] },
};
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const JWK = { ...P256, kid: 'a', alg: 'ES256', use: 'sig' };
const UPLOADED = { name: 'k8s', url: 'https://kubernetes.default.svc', jwks: { keys: [JWK] } };

const file = (...trustedIssuers: object[]) => ({
  'acme.yaml': stringify({ name: 'acme', roles: [{ name: 'deployer', allow: [] }], trustedIssuers }),
});
const issuersOf = async (...issuers: object[]) =>
  (await sound(file(...issuers))).organizations.get('acme')?.trustedIssuers ?? [];
/** The problems, without file, line and column. */
const told = async (...issuers: object[]): Promise<string> =>
  (await problemsOf(file(...issuers))).replaceAll(/^acme\.yaml:\d+:\d+: /gm, '');
const withPolicy = (policy: object) => ({ ...GITHUB, policy });
const withRules = (rules: object, more: object = {}) => withPolicy({ policies: [{ ...MAIN, ...more, rules }] });

describe('the trusted issuers of a file', () => {
  test('are completed: the URL as iss, the defaults of the API, the strict dialect, enforced', async () => {
    assert.deepEqual(await issuersOf(GITHUB), [
      {
        name: 'GitHub',
        url: GITHUB.url,
        issuer: GITHUB.url,
        thumbprints: [],
        maxExpiration: 90_000,
        replay: 'retry-window',
        capToSubjectToken: false,
        maxTokenAge: 90_000,
        policy: { dialect: 'strict', mode: 'enforce', policies: [{ ...MAIN, authorizedPermissions: [] }] },
      },
    ]);
  });

  test('may say everything that the API knows', async () => {
    const thumbprint = 'AB:'.repeat(31).concat('CD');
    const written = {
      ...UPLOADED,
      id: ID,
      issuer: 'kubernetes/serviceaccount',
      url: 'http://10.0.0.1',
      thumbprints: [thumbprint],
      maxExpiration: 60,
      replay: 'once',
      capToSubjectToken: true,
      maxTokenAge: 3600,
      policy: { dialect: 'pulumi', mode: 'audit', policies: [{ ...MAIN, reason: 'x' }] },
    };
    const [issuer] = await issuersOf(written);
    assert.deepEqual(issuer, {
      ...written,
      thumbprints: ['ab'.repeat(31).concat('cd')],
      policy: { ...written.policy, policies: [{ ...MAIN, reason: 'x', authorizedPermissions: [] }] },
    });
    assert.ok(Object.isFrozen(issuer?.policy.policies[0]?.rules));
  });

  test('deny everything without a policy', async () => {
    const [issuer] = await issuersOf(UPLOADED);
    assert.deepEqual(issuer?.policy, { dialect: 'strict', mode: 'enforce', policies: [] });
  });

  test('are told with file, line and column', async () => {
    const text = `name: acme\ntrustedIssuers:\n  - name: GitHub\n    url: https://x.example.com?a\n`;
    assert.equal(
      await problemsOf({ 'acme.yaml': text }),
      'acme.yaml:4:10: trustedIssuers[0].url: has a query; write https://x.example.com/',
    );
  });

  test('change the hash of the organizations', async () => {
    const before = await sound(file(GITHUB));
    assert.notEqual((await sound(file({ ...GITHUB, maxExpiration: 3600 }))).hash, before.hash);
    assert.equal((await sound(file({ ...GITHUB, maxExpiration: 90_000 }))).hash, before.hash);
  });
});

const MISTAKES: Readonly<Record<string, readonly [object | readonly object[], RegExp]>> = {
  'a name twice': [
    [GITHUB, { ...UPLOADED, name: 'GitHub' }],
    /^trustedIssuers\[1\]\.name: declares the name "GitHub" again; leave one of them out$/,
  ],
  'an issuer twice': [
    [GITHUB, { ...GITHUB, name: 'b' }],
    /^trustedIssuers\[1\]\.url: declares the issuer "https:.+" again; leave/,
  ],
  'an issuer that is the URL of another': [
    [GITHUB, { ...UPLOADED, issuer: GITHUB.url }],
    /^trustedIssuers\[1\]\.issuer: declares the issuer "https:.+" again; leave/,
  ],
  'an id twice': [
    [
      { ...GITHUB, id: ID },
      { ...UPLOADED, id: ID },
    ],
    /^trustedIssuers\[1\]\.id: is the id of trusted issuer acme\/GitHub, too; give each an id of its own$/,
  ],
  'no name': [{ url: GITHUB.url }, /^trustedIssuers\[0\]: has no "name"; add "name:"/],
  'a name of spaces': [
    { ...GITHUB, name: '  ' },
    /^trustedIssuers\[0\]\.name: is not a name; write 1 to 100 printable/,
  ],
  'a name that hides something': [{ ...GITHUB, name: 'a\u202eb' }, /^trustedIssuers\[0\]\.name: is not a name; write/],
  'an unknown key': [
    { ...GITHUB, thumbprint: [] },
    /^trustedIssuers\[0\]\.thumbprint: is not a known key; write "thumbprints"$/,
  ],
  'http without keys': [{ ...GITHUB, url: 'http://x.example.com' }, /^trustedIssuers\[0\]\.url: is http:, over which/],
  'no URL': [{ ...GITHUB, url: 'x.example.com' }, /\.url: is not an https URL; write one such as/],
  'another protocol': [{ ...GITHUB, url: 'ftp://x.example.com' }, /\.url: is not an https URL/],
  'a user in the URL': [
    { ...GITHUB, url: 'https://a:b@x.example.com' },
    /\.url: holds a user or password; write https:\/\/x/,
  ],
  'a fragment': [{ ...GITHUB, url: 'https://x.example.com#' }, /\.url: has a fragment; write https:\/\/x/],
  'an iss with white space': [
    { ...UPLOADED, issuer: 'a b' },
    /\.issuer: cannot be the "iss" of a token; write 1 to 255/,
  ],
  'a SHA-1 thumbprint': [
    { ...GITHUB, thumbprints: ['ab'.repeat(20)] },
    /\.thumbprints\[0\]: is a SHA-1 thumbprint; write the SHA-256/,
  ],
  'a thumbprint that is none': [
    { ...GITHUB, thumbprints: ['xy'.repeat(32)] },
    /\.thumbprints\[0\]: is not a thumbprint; write the SHA-256/,
  ],
  'too long a life': [
    { ...GITHUB, maxExpiration: 2_678_401 },
    /\.maxExpiration: is 2678401; write a whole number from 60 to 2678400$/,
  ],
  'too short a life': [{ ...GITHUB, maxExpiration: 59 }, /\.maxExpiration: is 59; write/],
  'too great an age': [{ ...GITHUB, maxTokenAge: 2_592_001 }, /\.maxTokenAge: is 2592001; write/],
  'an unknown replay rule': [
    { ...GITHUB, replay: 'never' },
    /\.replay: is the text "never"; write one of allow, retry-window, once$/,
  ],
  'an empty key set': [{ ...UPLOADED, jwks: { keys: [] } }, /\.jwks\.keys: is an empty list; write/],
  'a private key': [
    { ...UPLOADED, jwks: { keys: [{ ...JWK, d: 'x' }] } },
    /\.jwks\.keys\[0\]: d \(kid "a"\) belongs to a private/,
  ],
  'a kid twice': [{ ...UPLOADED, jwks: { keys: [JWK, JWK] } }, /\.jwks\.keys\[1\]: has the kid of another key; write/],
  'a point beside its curve': [
    { ...UPLOADED, jwks: { keys: [{ ...JWK, y: P256.x }] } },
    /\.jwks\.keys\[0\]: is no point of its curve; write the key as its issuer publishes it$/,
  ],
  'only keys for encryption': [
    { ...UPLOADED, jwks: { keys: [{ ...JWK, use: 'enc' }] } },
    /^trustedIssuers\[0\]\.jwks: has no key that can verify a signature; write/,
  ],
  'an empty policy': [
    withPolicy({ policies: [] }),
    /\.policy\.policies: is empty; write definitions, or leave "policy" out$/,
  ],
  'an unknown dialect': [
    withPolicy({ dialect: 'glob', policies: [MAIN] }),
    /\.policy\.dialect: is the text "glob"; write/,
  ],
  'a definition without a decision': [
    withPolicy({ policies: [{ tokenType: 'team' }] }),
    /\.policy\.policies\[0\]: has no "decision"/,
  ],
  'a team token without a team': [
    withRules(MAIN.rules, { tokenType: 'team', roleID: undefined }),
    /\.policy\.policies\[0\]: has no "teamName"; add "teamName:"/,
  ],
  'a rule that no file of ours can mean': [withRules({ 'a..b': 'x' }), /\.policy\.policies\[0\]\.rules\.a\.\.b: /],
};

describe('mistakes in the trusted issuers of a file', () => {
  for (const [name, [issuers, expected]] of Object.entries(MISTAKES)) {
    test(`${name} is refused with its place and what to write instead`, async () => {
      const problems = await told(...(Array.isArray(issuers) ? issuers : [issuers]));
      assert.match(problems, expected);
      assert.equal(problems.split('\n').length, 1, problems);
      assert.match(problems, /; .+$/);
    });
  }

  test('an id belongs to one thing in all files', async () => {
    const problems = await problemsOf({
      ...file({ ...GITHUB, id: ID }),
      'beta.yaml': `name: beta\nusers: [{login: a, id: ${ID}}, {login: b, id: ${OTHER_ID}}]`,
    });
    assert.match(problems, /^beta\.yaml:2:24: users\[0\]\.id: is the id of trusted issuer acme\/GitHub, too/);
  });
});

describe('what the linter points at in a file', () => {
  const OPEN = { aud: 'urn:pulumi:org:acme', repository_owner_id: '1', sub: 'repo:acme*' };

  test('is an error, with a rule to write instead, unless a reason stands beside the definition', async () => {
    assert.match(
      await told(withRules(OPEN)),
      /^trustedIssuers\[0\]\.policy\.policies\[0\]\.rules\.sub: open_prefix: The "\*" stands right after "repo:acme".+; write sub: "repo:acme\/\*", or a "reason" beside the definition/,
    );
    assert.equal(await told(withRules(OPEN, { reason: 'all of our organizations begin so' })), '');
  });

  test('each definition needs a reason of its own', async () => {
    const policies = [
      { ...MAIN, rules: OPEN, reason: 'x' },
      { ...MAIN, rules: OPEN },
    ];
    assert.match(
      await told(withPolicy({ policies })),
      /^trustedIssuers\[0\]\.policy\.policies\[1\]\.rules\.sub: open_prefix/,
    );
  });

  test('no reason lets every token in', async () => {
    for (const rules of [{}, { sub: '*' }, { aud: '*', sub: '**' }]) {
      assert.match(
        await told(withRules(rules, { reason: 'because' })),
        /\.policies\[0\]: matches_everything: [^\n]+; write sub: "repo:<owner>\/<repository>:\*"$/m,
      );
    }
  });

  test('a role that the file does not have is one', async () => {
    assert.match(
      await told(withRules(MAIN.rules, { roleID: 'deploier' })),
      /unknown_role: The organization has no role "deploier", .+; write roleID: "deployer", or a "reason"/,
    );
  });

  test('that tokens may be used again is answered by saying so', async () => {
    const { replay: _, ...silent } = GITHUB;
    assert.match(
      await told(silent),
      /^trustedIssuers\[0\]\.replay: replay_allowed: GitHub Actions makes a token .+; write replay: retry-window, or "replay: allow" if that is meant$/,
    );
    assert.equal(await told({ ...silent, replay: 'allow' }), '');
    const reasoned = { ...silent, policy: { policies: [{ ...MAIN, reason: 'x' }] } };
    assert.match(await told(reasoned), /replay_allowed/);
  });

  test('a deny is not linted', async () => {
    const deny = { decision: 'deny', tokenType: 'organization', rules: {} };
    assert.equal(await told(withPolicy({ policies: [MAIN, deny] })), '');
  });
});
