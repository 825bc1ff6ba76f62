import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { request } from 'undici';
import { AUDIENCE_PREFIX } from '../exchange/question.ts';
import { findPlatformToken, type PlatformPlace, type PlatformToken, platformHint } from '../runner/platforms.ts';
import type { Secret } from '../secret.ts';
import { type Access, findAccess, findServer } from './access.ts';
import { readAnswer } from './client.ts';
import { exchangeForLogin, type OidcFlags, readSubjectToken } from './exchange-login.ts';
import { CommandFailure, failed, unusable } from './failure.ts';
import { endOfLogin } from './login-file.ts';
import type { Surroundings } from './surroundings.ts';

/** The flags of `exec` that say in whose name it starts its run. */
export interface AccessFlags {
  readonly org?: string;
  readonly oidcToken?: string;
  readonly oidcTeam?: string;
  readonly oidcUser?: string;
  readonly oidcExpiration?: number;
}

export interface RunAccess extends Access {
  /** The organization that the token was exchanged in. */
  readonly organization?: string;
  /** The token that it was exchanged for. */
  readonly subjectToken?: Secret;
}

/**
 * In whose name a run is started: an outside token that is exchanged now, else whoever is logged in here, else what the
 * platform of this job vouches for.
 */
export const findRunAccess = async (around: Surroundings, flags: AccessFlags): Promise<RunAccess> => {
  const { oidcToken } = flags;
  if (oidcToken !== undefined) {
    const token = await readSubjectToken(around, oidcToken);
    return exchange(around, flags, { token, source: '--oidc-token' });
  }
  let exchanged: RunAccess | undefined;
  const access = await findAccess(around, async () => {
    const found = await findJobToken(around, flags);
    exchanged = found && (await exchange(around, flags, found));
    return exchanged;
  }).catch((reason: unknown) => {
    const hint = platformHint(around.env);
    if (!(reason instanceof CommandFailure) || reason.exit !== 2 || hint === undefined) throw reason;
    throw unusable(reason.message, hint, reason);
  });
  if (exchanged) return exchanged;
  await endOfLogin(around, access.source);
  return access;
};

/** The token that the platform gives this job, or this host. */
export const findJobToken = (
  around: Surroundings,
  flags: Pick<AccessFlags, 'org'>,
): Promise<PlatformToken | undefined> =>
  findPlatformToken(() => audienceOf(flags), platformOf(around)).catch((cause: unknown) => {
    if (cause instanceof CommandFailure) throw cause;
    throw failed(`The platform gave no token: ${messageOf(cause)}`, undefined, cause);
  });

const audienceOf = ({ org }: Pick<AccessFlags, 'org'>): string => {
  if (org !== undefined) return AUDIENCE_PREFIX + org;
  throw unusable(
    'It is not said for which organization.',
    'add --org NAME: the token of this job is asked for with it',
  );
};

const exchange = async (
  around: Surroundings,
  { org, oidcTeam, oidcUser, oidcExpiration }: AccessFlags,
  { token, source }: { readonly token: Secret; readonly source: string },
): Promise<RunAccess> => {
  const url = await findServer(around);
  if (url === undefined)
    throw unusable('No server is named.', 'set RUNPASS_URL to the public URL of your Runpass server');
  const flags: OidcFlags = {
    oidcToken: token.reveal(),
    ...(org !== undefined && { oidcOrg: org }),
    ...(oidcTeam !== undefined && { oidcTeam }),
    ...(oidcUser !== undefined && { oidcUser }),
    ...(oidcExpiration !== undefined && { oidcExpiration }),
  };
  const { accessToken, organization } = await exchangeForLogin(around, url, flags, '--org');
  return { url, accessToken, source: `the exchange of the token from ${source}`, organization, subjectToken: token };
};

const run = promisify(execFile);
const PATIENCE_MS = 15_000;

const platformOf = ({ env }: Surroundings): PlatformPlace => ({
  env,
  readFile: (path) => readFile(path, 'utf8').catch(() => undefined),
  run: async (file, args) => (await run(file, [...args], { env: { ...env }, timeout: PATIENCE_MS })).stdout,
  async get(url, headers) {
    const { origin } = new URL(url);
    const answer = await request(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await readAnswer(origin, answer.body);
    if (answer.statusCode === 200) return text;
    throw new Error(`${origin} answered with status ${answer.statusCode}.`);
  },
});

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
