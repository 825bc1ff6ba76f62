import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Secret } from '../secret.ts';
import { epochSeconds } from '../system.ts';
import { findServer, readAccessToken } from './access.ts';
import { exchangeForLogin, readSubjectToken } from './exchange-login.ts';
import { unusable } from './failure.ts';
import { findJobToken } from './run-access.ts';
import type { Surroundings } from './surroundings.ts';

export interface AgentAccessFlags {
  readonly pool: string;
  readonly org?: string;
  readonly tokenFile?: string;
  readonly oidcToken?: string;
  readonly oidcExpiration?: number;
}

/** The token with which an agent asks for work. */
export interface AgentAccess {
  readonly url: string;
  /** A token that is good now, for all we know. */
  token(): Promise<Secret>;
  /** The server did not take it. True: another one can be had. */
  refused(): boolean;
  /** Everything that was a secret of ours so far. */
  secrets(): readonly Secret[];
}

/** Seconds before its end at which an exchanged token is given up. */
const MARGIN = 60;

/**
 * How an agent comes by its token: the pool's, from a file or RUNPASS_AGENT_TOKEN, else by exchanging its platform's own token
 * for one of a runner, again whenever that ends.
 */
export const findAgentAccess = async (around: Surroundings, flags: AgentAccessFlags): Promise<AgentAccess> => {
  const url = await findServer(around);
  if (url === undefined)
    throw unusable('No server is named.', 'set RUNPASS_URL to the public URL of your Runpass server');
  const fixed = await findPoolToken(around, flags);
  if (fixed) return { url, token: async () => fixed, refused: () => false, secrets: () => [fixed] };
  return exchanging(around, flags, url);
};

const findPoolToken = async (
  { cwd, env }: Surroundings,
  { tokenFile }: AgentAccessFlags,
): Promise<Secret | undefined> => {
  if (tokenFile !== undefined) {
    const text = await readFile(resolve(cwd, tokenFile), 'utf8').catch((cause: unknown) => {
      throw unusable(`${tokenFile} cannot be read.`, 'name the file that holds the token of the pool', cause);
    });
    return readAccessToken(text, tokenFile);
  }
  const name = ['RUNPASS_AGENT_TOKEN', 'PULUMI_AGENT_TOKEN'].find((one) => env[one]);
  return name === undefined ? undefined : readAccessToken(env[name] ?? '', name);
};

const exchanging = (around: Surroundings, flags: AgentAccessFlags, url: string): AgentAccess => {
  const { org, pool, oidcToken, oidcExpiration } = flags;
  let held: { readonly token: Secret; readonly expires: number } | undefined;
  const known: Secret[] = [];
  const exchange = async (): Promise<Secret> => {
    const subject =
      oidcToken === undefined ? (await findJobToken(around, flags))?.token : await readSubjectToken(around, oidcToken);
    if (!subject) {
      throw unusable(
        'This agent has no token.',
        'set RUNPASS_AGENT_TOKEN to that of the pool (runpass agent-pool create), or add --oidc-token',
      );
    }
    const { accessToken, expires } = await exchangeForLogin(
      around,
      url,
      {
        oidcToken: subject.reveal(),
        oidcRunner: pool,
        ...(org !== undefined && { oidcOrg: org }),
        ...(oidcExpiration !== undefined && { oidcExpiration }),
      },
      '--org',
    );
    held = { token: accessToken, expires };
    known.splice(0, known.length, ...known.slice(-2), subject, accessToken);
    return accessToken;
  };
  return {
    url,
    async token() {
      if (held && epochSeconds(around.system.clock) < held.expires - MARGIN) return held.token;
      return exchange();
    },
    refused() {
      const hadOne = held !== undefined;
      held = undefined;
      return hadOne;
    },
    secrets: () => known,
  };
};
