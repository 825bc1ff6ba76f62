import { Secret } from '../secret.ts';
import { below, type CloudAnswer, JSON_BODY, type Post } from './clouds.ts';
import { type Hints, isGranted, refusedBy, withoutCredentials } from './problem.ts';
import { memberAt, readJson, textAt } from './read-answer.ts';

/** A Vault or OpenBao server. */
export interface VaultServer {
  /** Its URL without a path. */
  readonly address: string;
  readonly namespace?: string | undefined;
}

/** How the child of a token is made. Vault token API, "Create token". */
export interface ChildToken {
  readonly displayName: string;
  readonly maxTtlSeconds: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty: those of the parent. */
  readonly policies: readonly string[];
}

/** What a login gives. */
export interface VaultLogin {
  readonly token: Secret;
  /** Seconds that it lives; 0: for ever. */
  readonly lifetime: number;
  /** It may be given more time. */
  readonly renewable: boolean;
}

const CLOUD = 'Vault';

/** Turns an ID token into a Vault token. Vault JWT auth API, "JWT login". Throws `CloudProblem`. */
export const loginToVault = async (
  post: Post,
  server: VaultServer,
  token: Secret,
  { mount, role }: { readonly mount: string; readonly role: string },
): Promise<VaultLogin> => {
  const answer = await post({
    url: below(server.address, `/v1/auth/${pathOf(mount)}/login`),
    headers: headersFor(server),
    body: JSON.stringify({ role, jwt: token.reveal() }),
  });
  return { token: readToken(answer, LOGIN_HINTS, token), ...leaseIn(answer) };
};

/** Gives a token more time, and says how much. Vault token API, "Renew a token (self)". Throws `CloudProblem`. */
export const renewVaultToken = async (
  post: Post,
  server: VaultServer,
  token: Secret,
): Promise<Omit<VaultLogin, 'token'>> => {
  const answer = await post({
    url: below(server.address, '/v1/auth/token/renew-self'),
    headers: { ...headersFor(server), 'x-vault-token': token.reveal() },
    body: '{}',
  });
  readToken(answer, TOKEN_HINTS, token);
  return leaseIn(answer);
};

/** Makes an ephemeral child of a token. Vault token API, "Create token". Throws `CloudProblem`. */
export const createVaultToken = async (
  post: Post,
  server: VaultServer,
  parent: Secret,
  { displayName, maxTtlSeconds, metadata, policies }: ChildToken,
): Promise<Secret> => {
  const answer = await post({
    url: below(server.address, '/v1/auth/token/create'),
    headers: { ...headersFor(server), 'x-vault-token': parent.reveal() },
    body: JSON.stringify({
      display_name: displayName,
      explicit_max_ttl: `${maxTtlSeconds}s`,
      meta: metadata,
      ...(policies.length > 0 && { policies }),
    }),
  });
  return readToken(answer, TOKEN_HINTS, parent);
};

/** Vault's agents and proxies can be told to refuse requests without this header: browsers cannot send it. */
const headersFor = ({ namespace }: VaultServer) => ({
  ...JSON_BODY,
  'x-vault-request': 'true',
  ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
});

const pathOf = (mount: string): string => mount.split('/').map(encodeURIComponent).join('/');

const readToken = (answer: CloudAnswer, hints: Hints, sent: Secret): Secret => {
  const json = readJson(answer);
  if (!isGranted(answer)) throw refusedBy(CLOUD, answer, { message: errorsOf(json) }, hints, [sent]);
  const token = textAt(json, 'auth', 'client_token');
  if (token === undefined) throw withoutCredentials(CLOUD, answer);
  return new Secret(token);
};

const leaseIn = (answer: CloudAnswer): Omit<VaultLogin, 'token'> => {
  const auth = memberAt(readJson(answer), 'auth');
  const lifetime = memberAt(auth, 'lease_duration');
  return {
    lifetime: typeof lifetime === 'number' && lifetime > 0 ? Math.floor(lifetime) : 0,
    renewable: memberAt(auth, 'renewable') === true,
  };
};

const errorsOf = (json: unknown): string => {
  const errors = memberAt(json, 'errors');
  return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string').join('; ') : '';
};

const LOGIN_HINTS: Hints = [
  [
    /role .*could not be found/i,
    'Check "role", and "mount" and "namespace" if the auth method is not at "jwt" of the root namespace.',
  ],
  [/no handler for route|unsupported path/i, 'No JWT auth method is mounted there: check "mount" and "namespace".'],
  [/audience/i, "List the token's aud among the bound_audiences of the role; see {claims}."],
  [
    /does not match/i,
    'The role binds a claim that this token has not: compare bound_subject and bound_claims with {claims}.',
  ],
  [/issuer/i, 'The bound_issuer of the auth method must be the iss of the token, byte for byte.'],
  [/fetching keys|verifying token signature/i, 'Vault must reach the key set of the issuer.'],
  [/role with oidc role_type/i, 'The role must have role_type=jwt.'],
];

const TOKEN_HINTS: Hints = [
  [/permission denied|bad token|invalid token/i, 'The token has expired, or may not do that.'],
  [/subset|policies/i, 'A child can have only policies that its parent has: check "policies".'],
];
