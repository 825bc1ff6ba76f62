import type { Clouds } from '../clouds/clouds.ts';
import { renewVaultToken } from '../clouds/vault.ts';
import { Secret } from '../secret.ts';
import type { EpochSeconds } from '../system.ts';
import { type ChildPlace, runChild } from './child.ts';
import { childEnvironment } from './child-environment.ts';
import { explainFailure } from './explain-failure.ts';
import { type Fetched, fetchCredentials, IN_FILE } from './fetch-credentials.ts';
import { keepVaultToken } from './keep-alive.ts';
import { keepTokens } from './kept-tokens.ts';
import { removeLeftovers } from './leftovers.ts';
import type { Pace } from './pace.ts';
import { publishedBy, type TokenRequests } from './published.ts';
import type { Advise } from './refused-credentials.ts';
import { messageOf, type RunDesk } from './run-desk.ts';
import { openSecrets } from './run-secrets.ts';
import type { Signals } from './signals.ts';
import { type Report, tellStep } from './steps.ts';
import type { Targets } from './targets.ts';
import { type FolderPlace, makeWorkFolder, type WorkFolder } from './work-folder.ts';

/** One command, as a step of its run. */
export interface CommandStep {
  readonly step: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** One run with its command, or with several that are run one after the other until one fails. */
export interface Job {
  readonly commands: readonly CommandStep[];
  readonly cwd: string;
  /** What they inherit, but for what is withheld. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly targets: Targets;
  /** AWS keys in variables, which end; or a token file, from which the SDK makes them again and again. */
  readonly aws: 'keys' | 'file';
  /** Of the token for whoever knows what to do with it; absent: the issuer's own. */
  readonly audience?: string | undefined;
  readonly requests: TokenRequests;
  readonly asActions: boolean;
  /** Where that token is to stand, too. */
  readonly tokenFiles: readonly string[];
  readonly deadline: EpochSeconds;
  /** Hide tokens and keys in what the command writes. */
  readonly mask: boolean;
  /** Secrets that we came with, and the command must neither have nor show. */
  readonly withheld: readonly Secret[];
  /** Secrets that it has, and must not show. */
  readonly secrets?: readonly Secret[];
  /** Files that it finds under the name of a variable, for as long as the run lasts. */
  readonly files?: readonly { readonly variable: string; readonly name: string; readonly content: string }[];
}

export interface RunnerTools {
  readonly desk: RunDesk;
  readonly clouds: Pick<Clouds, 'post' | 'endpoints'>;
  readonly pace: Pace;
  readonly report: Report;
  readonly place: FolderPlace;
  readonly output: Omit<ChildPlace, 'onSignal' | 'onBroken'>;
  /** Asked where a cloud refuses a token. */
  readonly advise?: Advise;
  /** Has the run ended otherwise than by us? Asked every few seconds, where somebody wants to know soon. */
  readonly isOver?: () => Promise<boolean>;
  /** Told why the command could not be run, while the run is still open. */
  readonly failed?: (reason: unknown) => void;
}

/**
 * Fetches the credentials of a run, runs its command with them and gives its exit status; nothing that was written stays.
 *
 * Throws what kept the command from being started: `CredentialsRefused`, `ChildNotStarted`, or `Stopped` when a signal
 * came before it.
 */
export const runInFolder = async (job: Job, tools: RunnerTools, signals: Signals): Promise<number> => {
  const { report, pace, clouds } = tools;
  const { clock } = pace;
  const removed = await removeLeftovers(tools.place, clock.nowMs());
  if (removed > 0) report({ kind: 'warning', message: `Removed what ${removed} earlier run(s) had to leave behind.` });
  const folder = await makeWorkFolder(tools.place);
  const stop = new AbortController();
  let keeping: Promise<unknown> = Promise.resolve();
  try {
    // 1. The credentials. A signal ends the wait for them.
    const fetched = await tellStep(report, clock, 'Fetch credentials via OIDC', () =>
      fetchCredentials(job.targets, job, { ...tools, folder, signal: signals.any }),
    );

    // 2. Hidden in what the command writes, before it can have any of them.
    const lasting = [job.requests.token, ...job.withheld, ...(job.secrets ?? []), ...lastingSecrets(fetched)];
    const secrets = openSecrets(lasting);
    const { audience } = job;
    const wish = { lifetime: IN_FILE, ...(audience !== undefined && { audience }) };
    const outside = { wish, token: fetched.credentials.token, paths: job.tokenFiles };
    const tokens = await keepTokens(fetched.inFiles, outside, { ...tools, ...job, folder, secrets });

    // 3. Fresh for as long as the command lasts.
    keeping = Promise.all([tokens.keep(stop.signal), keepVault(fetched, tools, stop.signal)]);

    // 4. The command. Nothing of it may be seen when it cannot be masked, so then it does not begin.
    const { requests, asActions, env: inherited } = job;
    const published = publishedBy(fetched.credentials, { requests, asActions, inherited, endpoints: clouds.endpoints });
    const env = {
      ...childEnvironment(inherited, published, { values: job.withheld }),
      ...(await putFiles(job, folder)),
    };
    const place = placeOf(tools, signals, folder);
    let status = 0;
    for (const { step, ...command } of job.commands) {
      signals.throwIfHeard();
      const { masking } = secrets;
      const untouched = { stdout: !job.mask, stderr: !job.mask };
      const run = (): Promise<number> => runChild({ ...command, cwd: job.cwd, env, masking, untouched }, place);
      status = await tellStep(report, clock, step, run, (code) => ({
        outcome: code === 0 ? 'succeeded' : 'failed',
        detail: `status ${code}`,
      }));
      if (status !== 0) break;
    }

    // 5. Why it failed, where that may be the fault of credentials that its SDKs fetched by themselves.
    if (status !== 0 && !signals.first()) await explainFailure(fetched.credentials, tokens, tools);
    return status;
  } catch (reason) {
    signals.throwIfHeard();
    throw reason;
  } finally {
    stop.abort();
    await keeping;
    folder.removeAll();
  }
};

const putFiles = async ({ files = [] }: Job, folder: WorkFolder): Promise<Readonly<Record<string, string>>> => {
  const paths: [string, string][] = [];
  for (const { variable, name, content } of files) paths.push([variable, await folder.put(name, content)]);
  return Object.fromEntries(paths);
};

const placeOf = ({ output }: RunnerTools, signals: Signals, folder: WorkFolder): ChildPlace => ({
  ...output,
  onSignal: (heard) => signals.listen(heard),
  onBroken: () => folder.removeAll(),
});

/** Secrets that stand in variables, and so are the same to the end. */
const lastingSecrets = ({ credentials: { token, aws, vault } }: Fetched): readonly Secret[] => [
  token.text,
  ...(aws?.kind === 'keys' ? [new Secret(aws.keys.accessKeyId), aws.keys.secretAccessKey, aws.keys.sessionToken] : []),
  ...(vault ? [vault.token] : []),
];

/** A Vault token stays the same when it is given more time. */
const keepVault = async (
  { credentials: { vault }, vault: login }: Fetched,
  { clouds, pace, report }: RunnerTools,
  stop: AbortSignal,
): Promise<void> => {
  if (!vault || !login) return;
  const warn = (message: string): void => report({ kind: 'warning', message: `vault: ${message}` });
  const watch = {
    failed: (reason: unknown) => warn(`the token could not be renewed yet: ${messageOf(reason)}`),
    ended: () => warn('the token has ended.'),
  };
  await keepVaultToken(login, () => renewVaultToken(clouds.post, vault.role.server, vault.token), pace, watch, stop);
};
