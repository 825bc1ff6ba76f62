import { Refusal } from '../../errors.ts';
import type { Draft } from '../../tokens/draft.ts';
import {
  draftEnvironmentToken,
  draftEnvironmentTokenWithIds,
  type OpenedEnvironment,
  type Opening,
} from '../../tokens/environment.ts';
import type { Plain } from '../values.ts';
import type { LoginProvider, TokenWish } from './provider.ts';

/**
 * Who opens what: from the evaluator's context object and the caller's principal, never from anything that a
 * definition can write.
 */
export interface LoginContext extends Pick<Opening, 'organization' | 'user' | 'token'> {
  /** The environment that declares the login; absent: that document has no name. */
  readonly current?: OpenedEnvironment;
  /** The environment that was opened; absent: the document that was opened has no name. */
  readonly root?: OpenedEnvironment;
}

/** What the installation decides of environments' tokens. */
export interface TokenRules {
  /** The audience of Vault logins: `vault:<organization>`, or the bare organization, as older trust policies have it. */
  readonly vaultAudience: 'prefixed' | 'bare';
}

/** The ID token that a call asks for. */
export interface AskedToken {
  readonly wish: TokenWish;
  readonly issuer: 'v1' | 'v2';
  readonly audience: string;
  /** Seconds. */
  readonly lifetime: number;
}

/** Seconds that a login's token lives. Contract section 2.1. */
const LOGIN_LIFETIME = 3600;

/** Project of environments from before projects existed. */
const LEGACY_PROJECT = 'default';

/**
 * Which ID token a call needs; `undefined` where it needs none. The inputs have no problem.
 *
 * The audience depends on the environment that declares the login: in the legacy `default` project it is the bare
 * organization. Contract section 2.2.
 */
export const tokenFor = (
  provider: LoginProvider,
  inputs: Plain,
  { organization, current }: LoginContext,
  rules: TokenRules,
): AskedToken | undefined => {
  const wish = provider.token(inputs);
  if (!wish) return undefined;
  if (wish.issuer === 'v2') return { wish, issuer: 'v2', audience: wish.audience, lifetime: wish.lifetime };
  const isBare = current?.project === LEGACY_PROJECT || (wish.prefix === 'vault' && rules.vaultAudience === 'bare');
  const audience = isBare ? organization.name : `${wish.prefix}:${organization.name}`;
  return { wish, issuer: 'v1', audience, lifetime: LOGIN_LIFETIME };
};

/** What the drafts of one of our issuers need to know of it. */
export interface LoginIssuer {
  /** Its `iss`. */
  readonly url: string;
  readonly subjectPrefix: string;
  readonly claimNamespace: string;
}

/**
 * What the token will say. Throws `Refusal` where nothing can be said truthfully.
 *
 * A document without a name is never a subject: what it imports has its own name, and is the root where the opened
 * document has none.
 */
export const draftFor = (
  provider: Pick<LoginProvider, 'name'>,
  { wish, audience }: AskedToken,
  { organization, user, token, current, root = current }: LoginContext,
  issuer: LoginIssuer,
): Draft => {
  if (!current || !root) {
    throw new Refusal('invalid_request', {
      problem: `fn::open::${provider.name} cannot run in an unsaved environment document; save the environment and import it`,
    });
  }
  const opening: Opening = { organization, user, token, current, root };
  return wish.issuer === 'v2'
    ? draftEnvironmentTokenWithIds(issuer.subjectPrefix, issuer.claimNamespace, opening, audience)
    : draftEnvironmentToken(issuer.subjectPrefix, opening, wish.subjectAttributes, audience, wish.snowflake);
};
