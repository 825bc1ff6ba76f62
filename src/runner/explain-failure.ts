import { assumeRoleWithWebIdentity } from '../clouds/aws.ts';
import { tryAtEntra } from '../clouds/azure.ts';
import type { Clouds } from '../clouds/clouds.ts';
import { exchangeAtGoogle, impersonate } from '../clouds/google.ts';
import { CloudProblem, isPassing } from '../clouds/problem.ts';
import type { IdToken } from './id-token.ts';
import type { KeptTokens } from './kept-tokens.ts';
import type { Pace } from './pace.ts';
import type { Credentials } from './published.ts';
import { type Advise, failureAt } from './refused-credentials.ts';
import type { Report } from './steps.ts';
import type { TargetName } from './targets.ts';

/** Nobody waits long for an explanation. */
const PATIENCE_MS = 5_000;
const DEFAULT_LIFETIME = 3600;

interface ExplainTools {
  readonly clouds: Pick<Clouds, 'post' | 'endpoints'>;
  readonly pace: Pace;
  readonly report: Report;
  readonly advise?: Advise;
}

/**
 * Tells why a command may have failed: asks each cloud whose SDK fetches credentials from a token file by itself whether
 * it takes that token.
 *
 * What the clouds give is forgotten. A cloud that cannot be reached from here says nothing about the command.
 */
export const explainFailure = async (
  { aws, azure, google }: Pick<Credentials, 'aws' | 'azure' | 'google'>,
  tokens: Pick<KeptTokens, 'newest'>,
  { clouds, pace, report, advise }: ExplainTools,
): Promise<void> => {
  const all: Clouds = { ...clouds, postToStranger: clouds.post };
  const explain = async (target: TargetName, ask: (token: IdToken) => Promise<unknown>): Promise<void> => {
    const token = tokens.newest(target);
    if (!token || token.expiresMs <= pace.clock.nowMs()) return;
    try {
      await ask(token);
    } catch (reason) {
      if (!(reason instanceof CloudProblem)) throw reason;
      if (!isPassing(reason)) report({ kind: 'failure', ...failureAt(target, reason, token, advise) });
    }
  };
  const asked = Promise.all([
    aws?.kind === 'file' && explain('aws', ({ text }) => assumeRoleWithWebIdentity(all, text, aws.role)),
    azure &&
      explain('azure', async ({ text }) => {
        const { tenantId, clientId } = azure.client;
        if (tenantId !== undefined && clientId !== undefined) await tryAtEntra(all, text, { tenantId, clientId });
      }),
    google &&
      explain('google', async ({ text }) => {
        const { provider, serviceAccount, tokenLifetime = DEFAULT_LIFETIME } = google.account;
        await impersonate(all, await exchangeAtGoogle(all, text, provider), serviceAccount, tokenLifetime);
      }),
  ]);
  const enough = new AbortController();
  await Promise.race([asked, pace.pause(PATIENCE_MS, enough.signal)]);
  enough.abort();
};
