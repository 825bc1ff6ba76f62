import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeJwt } from 'jose';
import { Agent, request } from 'undici';
import { AUDIENCE_PREFIX, ID_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT, TOKEN_TYPE_PREFIX } from '../exchange/question.ts';
import { Secret } from '../secret.ts';
import { type EpochSeconds, epochSeconds } from '../system.ts';
import { ANSWER_MS, readAnswer, unreachable } from './client.ts';
import { CommandFailure, failed, unusable } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** The flags of `pulumi login` that are about an outside token. Contract section 5.1. */
export interface OidcFlags {
  /** The token itself, or `file://` and where it stands. */
  readonly oidcToken: string;
  readonly oidcOrg?: string;
  readonly oidcTeam?: string;
  readonly oidcUser?: string;
  /** No flag of that command: the pool whose agent asks. */
  readonly oidcRunner?: string;
  /** Seconds. */
  readonly oidcExpiration?: number;
}

export interface ExchangedLogin {
  readonly accessToken: Secret;
  readonly organization: string;
  readonly expires: EpochSeconds;
}

/** What stock command lines ask for when nothing else is said; the server gives less where it must. */
const DEFAULT_EXPIRATION = 7200;

/**
 * Exchanges an outside token for an access token, with the request of the stock command line, byte for byte.
 *
 * Organization, team and user are those of the flags, else those that the token names in `aud` and `scope`. `url` has
 * been through `secretTarget`, `orgFlag` is the command's flag for the organization. Throws what the server said of a
 * refusal: its sentence names the decision.
 */
export const exchangeForLogin = async (
  around: Surroundings,
  url: string,
  flags: OidcFlags,
  orgFlag = '--oidc-org',
): Promise<ExchangedLogin> => {
  const token = await readSubjectToken(around, flags.oidcToken);
  const wish = completeWish(flags, claimsOf(token), orgFlag);
  const now = epochSeconds(around.system.clock);
  const { accessToken, lifetime } = await exchange(url, wish.organization, formOf(wish, token.reveal()), orgFlag);
  return { accessToken, organization: wish.organization, expires: now + lifetime };
};

/** What is asked for, after the token itself was consulted. */
interface Wish {
  readonly organization: string;
  readonly team?: string;
  readonly user?: string;
  readonly runner?: string;
  readonly expiration: number;
}

/** The token that `--oidc-token` gives, or that stands in the file that it names. */
export const readSubjectToken = async ({ cwd }: Surroundings, given: string): Promise<Secret> => {
  if (!given.startsWith('file://')) return new Secret(given.trim());
  const path = given.slice('file://'.length);
  const text = await readFile(resolve(cwd, path), 'utf8').catch((cause: unknown) => {
    throw unusable(`${path} cannot be read.`, 'name the file that holds the token, as in file:///run/token', cause);
  });
  return new Secret(text.trim());
};

/** Nothing in them is believed: they only fill in what was not said. The server verifies the token, not we. */
const claimsOf = (token: Secret): Readonly<Record<string, unknown>> => {
  try {
    return decodeJwt(token.reveal());
  } catch {
    // The cause would quote the token.
    throw unusable('--oidc-token holds no JWT.', 'give the token that your CI system issued, or its file: file://PATH');
  }
};

const completeWish = (flags: OidcFlags, claims: Readonly<Record<string, unknown>>, orgFlag: string): Wish => {
  const { oidcOrg, oidcTeam: team, oidcUser: user, oidcRunner: runner } = flags;
  const { oidcExpiration: expiration = DEFAULT_EXPIRATION } = flags;
  if (team !== undefined && user !== undefined) {
    throw unusable('A token is for a team or for a user, not for both.', 'leave out --oidc-team or --oidc-user');
  }
  const organization = oidcOrg ?? organizationIn(claims['aud']);
  if (organization === undefined || organization === '') {
    throw unusable(
      'It is not said for which organization.',
      `add ${orgFlag} NAME: the token's "aud" is not "${AUDIENCE_PREFIX}NAME"`,
    );
  }
  if (runner !== undefined) return { organization, expiration, runner };
  const holder = team !== undefined ? { team } : user !== undefined ? { user } : holderIn(claims['scope']);
  return { organization, expiration, ...holder };
};

const organizationIn = (aud: unknown): string | undefined =>
  typeof aud === 'string' ? /^urn:pulumi:org:([^:]+)$/.exec(aud)?.[1] : undefined;

const holderIn = (scope: unknown): Pick<Wish, 'team' | 'user'> => {
  const [, kind, name = ''] = (typeof scope === 'string' && /^(team|user):([^\s:]+)$/.exec(scope)) || [];
  if (kind === 'team') return { team: name };
  return kind === 'user' ? { user: name } : {};
};

/** All seven fields, in the order in which the stock command line writes them. */
const formOf = ({ organization, expiration, ...wish }: Wish, token: string): string => {
  const [type, scope] = holderOf(wish);
  return new URLSearchParams({
    audience: AUDIENCE_PREFIX + organization,
    expiration: String(expiration),
    grant_type: TOKEN_EXCHANGE_GRANT,
    requested_token_type: TOKEN_TYPE_PREFIX + type,
    scope,
    subject_token: token,
    subject_token_type: ID_TOKEN_TYPE,
  }).toString();
};

const holderOf = ({ team, user, runner }: Pick<Wish, 'team' | 'user' | 'runner'>): readonly [string, string] => {
  if (team !== undefined) return ['team', `team:${team}`];
  if (user !== undefined) return ['personal', `user:${user}`];
  return runner !== undefined ? ['runner', `runner:${runner}`] : ['organization', ''];
};

const exchange = async (url: string, organization: string, body: string, orgFlag: string) => {
  const agent = new Agent({ headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  const answer = await request(`${url}/api/oauth/token`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body,
  }).catch((cause: unknown) => {
    throw unreachable(url, cause);
  });
  const {
    access_token: token,
    expires_in: lifetime,
    error,
    error_description: sentence,
  } = parse(await readAnswer(url, answer.body));
  if (answer.statusCode !== 200)
    throw refusedWith(url, { organization, flag: orgFlag }, answer.statusCode, error, sentence);
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,4096}$/.test(token) || !isLifetime(lifetime)) {
    throw failed(`${url} did not answer with an access token.`, 'it must be the public URL of a Runpass server');
  }
  return { accessToken: new Secret(token), lifetime };
};

const isLifetime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
};

/** RFC 6749, section 5.2. */
const refusedWith = (
  url: string,
  words: Readonly<Record<'organization' | 'flag', string>>,
  status: number,
  error: unknown,
  sentence: unknown,
): CommandFailure => {
  if (typeof error !== 'string' || typeof sentence !== 'string') {
    return failed(`${url} answered with status ${status}.`, 'it must be the public URL of a Runpass server');
  }
  const hint = HINTS[error]?.replace(/\{(organization|flag)\}/, (_place, word: keyof typeof words) => words[word]);
  return new CommandFailure(1, sentence, { code: error, ...(hint !== undefined && { hint }) });
};

const HINTS: Readonly<Record<string, string>> = {
  invalid_grant: 'send that command to an administrator of {organization}: the reason is only for them',
  invalid_target: 'correct {flag}',
  invalid_scope: 'correct --oidc-team or --oidc-user',
};
