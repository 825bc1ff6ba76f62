import assert from 'node:assert/strict';
import { TEST_THUMBPRINT } from '../../test/issuers/https-host.ts';
import type { Conversation, Home, Ran } from './conversation.ts';

/** What `pulumi whoami -v --json` says. */
interface WhoAmI {
  readonly user: string;
  readonly organizations: readonly string[];
  readonly tokenInformation?: { readonly name: string; readonly organization?: string; readonly team?: string };
}

/** `pulumi login --oidc-token`, in every form that it has, then `pulumi whoami`. Contract sections 5.1 and 5.3. */
export const talkAsPulumi = async (conversation: Conversation, pulumi: string): Promise<void> => {
  const { server, github } = conversation;
  const login = (home: Home, ...more: readonly string[]): Promise<Ran> =>
    home.run(pulumi, ['login', '--cloud-url', server.url, ...more]);
  const whoAmI = async (home: Home, env?: Readonly<Record<string, string>>): Promise<WhoAmI> =>
    JSON.parse(succeeded(await home.run(pulumi, ['whoami', '-v', '--json'], env)).stdout);

  await conversation.line('pulumi login, an organization token, then whoami', async () => {
    const home = await conversation.home();
    const said = succeeded(await login(home, '--oidc-token', await github.token(), '--oidc-org', 'acme')).stdout;
    assert.match(said, /Logged in to http:\/\/localhost:\d+ as acme/);
    const { user, organizations, tokenInformation } = await whoAmI(home);
    assert.deepEqual([user, organizations], ['acme', ['acme']]);
    assert.deepEqual([tokenInformation?.name, tokenInformation?.organization], ['github', 'acme']);
    return said.trim();
  });
  await conversation.line('pulumi login, the organization read from the token’s audience', async () => {
    const home = await conversation.home();
    return succeeded(await login(home, '--oidc-token', await github.token())).stdout.trim();
  });
  await conversation.line('pulumi login, the token in a file', async () => {
    const home = await conversation.home();
    const path = await home.file('token', `${await github.token()}\n`);
    return succeeded(await login(home, '--oidc-token', `file://${path}`, '--oidc-org', 'acme')).stdout.trim();
  });
  await conversation.line('pulumi login, a team token, then whoami', async () => {
    const home = await conversation.home();
    succeeded(await login(home, '--oidc-token', await github.token(), '--oidc-org', 'acme', '--oidc-team', 'ops'));
    const { user, tokenInformation } = await whoAmI(home);
    assert.deepEqual([user, tokenInformation?.team], ['acme', 'ops']);
    return `whoami: ${user}, team ${tokenInformation?.team}`;
  });
  await conversation.line('pulumi login, a personal token, then whoami', async () => {
    const home = await conversation.home();
    succeeded(await login(home, '--oidc-token', await github.token(), '--oidc-org', 'acme', '--oidc-user', 'carol'));
    const { user } = await whoAmI(home);
    assert.equal(user, 'carol');
    return `whoami: ${user}`;
  });
  await conversation.line('pulumi login, a token for one hour', async () => {
    const home = await conversation.home();
    succeeded(await login(home, '--oidc-token', await github.token(), '--oidc-org', 'acme', '--oidc-expiration', '1h'));
    const { json } = await server.ask('GET', '/api/orgs/acme/decisions?pageSize=1', { as: 'admin' });
    const [{ time, grant }] = json.decisions;
    const lifetime = (Date.parse(grant.expires) || grant.expires * 1000) / 1000 - Date.parse(time) / 1000;
    assert.equal(lifetime, 3600);
    return `lives ${lifetime} s`;
  });
  await conversation.line('pulumi login with a slash at the end of the URL', async () => {
    const home = await conversation.home();
    const parameters = ['login', '--cloud-url', `${server.url}/`, '--oidc-token', await github.token()];
    return succeeded(await home.run(pulumi, parameters)).stdout.trim();
  });
  await conversation.line('pulumi whoami with PULUMI_ACCESS_TOKEN, as actions set it, then logout', async () => {
    const home = await conversation.home();
    succeeded(await login(home, '--oidc-token', await github.token(), '--oidc-org', 'acme'));
    const env = { PULUMI_ACCESS_TOKEN: server.tokens.ops, PULUMI_BACKEND_URL: server.url };
    const { tokenInformation } = await whoAmI(home, env);
    assert.equal(tokenInformation?.team, 'ops');
    return succeeded(await home.run(pulumi, ['logout', '--cloud-url', server.url])).stdout.trim();
  });
  await conversation.line('pulumi login, refused: our sentence, and the decision for the administrator', async () => {
    const home = await conversation.home();
    const token = await github.token({ sub: 'repo:acme/other:ref:refs/heads/main' });
    return refusedWith(conversation, await login(home, '--oidc-token', token, '--oidc-org', 'acme'));
  });
};

/** `esc login` with the same flags. Contract section 5.5. */
export const talkAsEsc = async (conversation: Conversation, esc: string): Promise<void> => {
  const { server, github } = conversation;
  const login = async (...more: readonly string[]): Promise<Ran> =>
    (await conversation.home()).run(esc, ['login', server.url, '--oidc-org', 'acme', ...more]);
  await conversation.line('esc login, an organization token', async () =>
    succeeded(await login('--oidc-token', await github.token())).stdout.trim(),
  );
  await conversation.line('esc login, a personal token', async () => {
    const said = succeeded(await login('--oidc-token', await github.token(), '--oidc-user', 'carol')).stdout.trim();
    assert.match(said, /as carol/);
    return said;
  });
  await conversation.line('esc login, refused', async () => {
    const token = await github.token({ event_name: 'pull_request' });
    return refusedWith(conversation, await login('--oidc-token', token));
  });
};

/** The provider's own client: create, read the policy, write it, rename, read, delete, read. Contract section 7. */
export const talkAsProvider = async (conversation: Conversation, provider: string): Promise<void> => {
  await conversation.line('the provider’s client: one life of an OidcIssuer', async () => {
    const { server, host } = conversation;
    const home = await conversation.home();
    const parameters = [server.url, 'acme', host.origin, TEST_THUMBPRINT];
    const ran = succeeded(await home.run(provider, parameters, { PULUMI_ACCESS_TOKEN: server.tokens.admin }));
    const { created, empty, saved, read, renamed, found, gone } = JSON.parse(ran.stdout);
    assert.deepEqual([created.url, created.issuer, created.maxExpiration], [host.origin, host.origin, 3600]);
    assert.deepEqual([empty.policies, saved.id, saved.version], [[], empty.id, empty.version + 1]);
    const order = saved.policies.map(({ rules }: { rules: { sub: string } }) => rules.sub.split(':').at(-1));
    assert.deepEqual(order, ['test', 'prod', 'admin']);
    assert.deepEqual(read, saved);
    assert.deepEqual([renamed.name, found.name, gone], ['renamed', 'renamed', null]);
    return `created, version ${saved.version}, order kept, renamed, deleted twice`;
  });
};

const succeeded = (ran: Ran): Ran => {
  assert.equal(ran.status, 0, `status ${ran.status}: ${ran.stderr.trim() || ran.stdout.trim()}`);
  return ran;
};

/** Asserts that the user read our sentence, and that an administrator finds what it leads to; gives what was read. */
const refusedWith = async ({ server }: Conversation, { status, stderr }: Ran): Promise<string> => {
  assert.notEqual(status, 0, 'it was not refused');
  const [sentence, decision] =
    /The subject token was not exchanged\..*?runpass trust decision ([\w.-]+)/.exec(stderr) ?? [];
  assert.ok(sentence !== undefined, `it said: ${stderr}`);
  const { json } = await server.ask('GET', `/api/orgs/acme/decisions/${decision}`, { as: 'admin' });
  assert.equal(json.outcome, 'refused');
  return `${sentence} (${json.code})`;
};
