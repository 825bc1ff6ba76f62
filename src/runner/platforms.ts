import { Secret } from '../secret.ts';

/** What a job can be asked for its own token with. */
export interface PlatformPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file; `undefined` when there is none. */
  readFile(path: string): Promise<string | undefined>;
  /** What a program of the platform prints. Throws when it fails. */
  run(file: string, args: readonly string[]): Promise<string>;
  /** Body of a GET that was answered with 200. Throws otherwise. */
  get(url: string, headers: Readonly<Record<string, string>>): Promise<string>;
}

/** The token that a platform gives its jobs, to be exchanged for one of ours. */
export interface PlatformToken {
  readonly token: Secret;
  /** For people: where it is from. */
  readonly source: string;
}

/** What the token is to be for. Throws where it is not known for which organization. */
type AudienceOf = () => string;

/** `undefined`: we are not there, or it gives this job no token. */
type Find = (audience: AudienceOf, place: PlatformPlace) => Promise<PlatformToken | undefined>;

/**
 * Where Kubernetes is told to project a token for us. The pod's ordinary token is never taken: it opens the cluster, and
 * has no business elsewhere.
 */
const PROJECTED_TOKEN = '/var/run/secrets/runpass/token';

const fromVariable =
  (name: string, isHere: (env: PlatformPlace['env']) => boolean = () => true): Find =>
  async (_audience, { env }) => {
    const value = env[name]?.trim();
    return value && isHere(env) ? { token: new Secret(value), source: name } : undefined;
  };

const fromFile =
  (pathOf: (env: PlatformPlace['env']) => string | undefined): Find =>
  async (_audience, { env, readFile }) => {
    const path = pathOf(env);
    const text = path ? (await readFile(path))?.trim() : undefined;
    return path && text ? { token: new Secret(text), source: path } : undefined;
  };

/** In the order in which they are asked: what somebody set for us on purpose comes first. */
const PLATFORMS: readonly Find[] = [
  fromFile((env) => env['RUNPASS_OIDC_TOKEN_FILE']),
  fromVariable('RUNPASS_ID_TOKEN'),
  fromVariable('PULUMI_ID_TOKEN'),
  // GitHub Actions. In a command of ours the same names lead back to us.
  async (audience, { env, get }) => {
    const [url, token] = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
    if (!url || !token || url === env['RUNPASS_ID_TOKEN_REQUEST_URL']) return undefined;
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const answer = await get(`${url}&audience=${encodeURIComponent(audience())}`, headers);
    const { value } = JSON.parse(answer) as { readonly value?: unknown };
    return typeof value === 'string' ? { token: new Secret(value), source: 'GitHub Actions' } : undefined;
  },
  fromVariable('CIRCLE_OIDC_TOKEN_V2'),
  fromVariable('CIRCLE_OIDC_TOKEN'),
  // Buildkite.
  async (audience, { env, run }) => {
    if (env['BUILDKITE'] !== 'true') return undefined;
    const printed = await run('buildkite-agent', ['oidc', 'request-token', '--audience', audience()]);
    return { token: new Secret(printed.trim()), source: 'Buildkite' };
  },
  // GitLab. The name is a habit, and nothing else there has it.
  fromVariable('ID_TOKEN', (env) => env['GITLAB_CI'] === 'true'),
  fromFile(() => PROJECTED_TOKEN),
];

/** The token that the platform gives this job; `undefined` when there is none. */
export const findPlatformToken = async (
  audience: AudienceOf,
  place: PlatformPlace,
): Promise<PlatformToken | undefined> => {
  for (const find of PLATFORMS) {
    const found = await find(audience, place);
    if (found) return found;
  }
  return undefined;
};

/** What to do so that a job gets a token, on a platform that gives none by itself. */
export const platformHint = (env: PlatformPlace['env']): string | undefined => {
  if (env['GITHUB_ACTIONS'] === 'true') return 'give the job "permissions: { id-token: write }"';
  if (env['GITLAB_CI'] === 'true')
    return 'give the job "id_tokens: { RUNPASS_ID_TOKEN: { aud: urn:pulumi:org:NAME } }"';
  if (env['CIRCLECI'] === 'true') return 'give the job a context, so that it has CIRCLE_OIDC_TOKEN_V2';
  if (env['KUBERNETES_SERVICE_HOST']) return `project a service account token to ${PROJECTED_TOKEN}`;
  return undefined;
};
