import { assumeRoleWithWebIdentity } from '../../../clouds/aws.ts';
import { openCloudHttp } from '../../../clouds/http.ts';
import { CloudProblem, isPassing } from '../../../clouds/problem.ts';
import { AT_ONCE, IN_FILE } from '../../../runner/fetch-credentials.ts';
import type { IdToken } from '../../../runner/id-token.ts';
import { type Pace, persist, realPace } from '../../../runner/pace.ts';
import { failureAt, failureOfMint } from '../../../runner/refused-credentials.ts';
import { isPassingProblem, type RunDesk, RunProblem } from '../../../runner/run-desk.ts';
import type { TargetName, Targets } from '../../../runner/targets.ts';
import { epochSeconds, writeTime } from '../../../system.ts';
import { ChildStatus } from '../../child-status.ts';
import { cloudEndpoints } from '../../cloud-endpoints.ts';
import { failed } from '../../failure.ts';
import { describeFailure, printLine } from '../../output.ts';
import { findRunAccess } from '../../run-access.ts';
import { openRunDesk } from '../../run-desk.ts';
import { openRunHttp } from '../../run-http.ts';
import { failureLines } from '../../run-report.ts';
import { startOwnRun } from '../../start-own-run.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { ExecOptions } from './exec.ts';

/** SDKs wait for credentials, but not for ever. */
const BUDGET_MS = 15_000;

/**
 * Prints keys of the stack's AWS role as `credential_process` of an AWS configuration file wants them, in a run of its
 * own that is over when they are printed. Nothing is kept.
 */
export const printAwsCredentials = (around: Surroundings, options: ExecOptions): Promise<void> =>
  inOwnRun(around, options, 'aws', async ({ desk, targets, pace }) => {
    const role = targets.aws;
    if (!role) throw failed('The deployment settings of this stack name no AWS role.', SETTINGS_HINT);
    const token = await mint(desk, 'aws', AT_ONCE, pace);
    const http = openCloudHttp();
    try {
      const clouds = { post: http.post, postToStranger: http.post, endpoints: cloudEndpoints(around.env) };
      const isBusy = (reason: unknown): boolean => reason instanceof CloudProblem && isPassing(reason);
      const call = () => assumeRoleWithWebIdentity(clouds, token.text, role);
      const keys = await persist(call, pace, { budgetMs: BUDGET_MS, isPassing: isBusy }).catch((reason: unknown) => {
        throw reason instanceof CloudProblem
          ? failed(failureLines(failureAt('aws', reason, token)).join('\n'))
          : reason;
      });
      const end = keys.expires ?? epochSeconds(around.system.clock) + role.durationSeconds;
      const printed = {
        Version: 1,
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey.reveal(),
        SessionToken: keys.sessionToken.reveal(),
        Expiration: writeTime(end),
      };
      printLine(around.stdout, JSON.stringify(printed));
    } finally {
      await http.close();
    }
  });

/**
 * Prints an ID token as Google's libraries want it of an executable, or why there is none.
 *
 * Nothing may stand on standard error: some of them read it together with the answer.
 */
export const printGoogleToken = async (around: Surroundings, options: ExecOptions): Promise<void> => {
  try {
    await inOwnRun(around, options, 'google', async ({ desk, pace }) => {
      const token = await mint(desk, 'google', IN_FILE, pace);
      const printed = {
        version: 1,
        success: true,
        token_type: 'urn:ietf:params:oauth:token-type:jwt',
        id_token: token.text.reveal(),
        expiration_time: token.exp,
      };
      printLine(around.stdout, JSON.stringify(printed));
    });
  } catch (reason) {
    const { sentence, code = 'failed', hint } = describeFailure(reason);
    const message = hint === undefined ? sentence : `${sentence} (${hint})`;
    printLine(around.stdout, JSON.stringify({ version: 1, success: false, code, message }));
    throw new ChildStatus(1);
  }
};

const SETTINGS_HINT = 'set them: runpass stack settings set';

interface OwnRunParts {
  readonly desk: RunDesk;
  readonly targets: Targets;
  readonly pace: Pace;
}

/** Does something in a run of its own. A run that cannot be finished ends with its lease, and nobody is told. */
const inOwnRun = async (
  around: Surroundings,
  options: ExecOptions,
  about: TargetName,
  work: (parts: OwnRunParts) => Promise<void>,
): Promise<void> => {
  const run = await startOwnRun(await findRunAccess(around, options), options, options.issuer);
  const http = openRunHttp();
  const desk = openRunDesk(run, http, around.system.clock);
  let status: 'succeeded' | 'failed' = 'failed';
  try {
    await work({ desk, targets: run.targets, pace: realPace(around.system) });
    status = 'succeeded';
  } catch (reason) {
    throw reason instanceof RunProblem ? failed(failureLines(failureOfMint(about, reason)).join('\n')) : reason;
  } finally {
    await desk.finish(status).catch(() => undefined);
    await http.close();
  }
};

const mint = (desk: RunDesk, target: TargetName, lifetime: number, pace: Pace): Promise<IdToken> =>
  persist(() => desk.mint({ target, lifetime }), pace, { budgetMs: BUDGET_MS, isPassing: isPassingProblem });
