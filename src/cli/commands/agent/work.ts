import { OPERATIONS } from '../../../access/organization.ts';
import { openCloudHttp } from '../../../clouds/http.ts';
import { removeLeftovers } from '../../../runner/leftovers.ts';
import { realPace } from '../../../runner/pace.ts';
import { RunProblem } from '../../../runner/run-desk.ts';
import { takeWork } from '../../../runner/take-work.ts';
import type { Secret } from '../../../secret.ts';
import { type AgentAccess, findAgentAccess } from '../../agent-access.ts';
import { pollForWork } from '../../agent-desk.ts';
import { cloudEndpoints } from '../../cloud-endpoints.ts';
import { CommandFailure, failed, unusable } from '../../failure.ts';
import { openRunHttp, type RunHttp } from '../../run-http.ts';
import { runReport } from '../../run-report.ts';
import type { Signal, Surroundings } from '../../surroundings.ts';
import { type AgentOptions, commandFor } from './agent-options.ts';
import { doDeployment } from './do-deployment.ts';

/**
 * Takes deployments and does them until a signal comes; then no more, and those that it has to their end. A second signal
 * goes on to their commands.
 */
export const runAgent = async (around: Surroundings, options: AgentOptions): Promise<void> => {
  if (OPERATIONS.every((operation) => commandFor(options, operation) === undefined)) {
    throw unusable('It is not said what a deployment runs.', 'add --command TEXT, or --command-update and its like');
  }
  const report = runReport(around, options.json === true);
  const say = (message: string): void => report({ kind: 'detail', about: 'agent', detail: message });
  const endpoints = cloudEndpoints(around.env);
  const access = await findAgentAccess(around, options);
  const pace = realPace(around.system);
  const [http, clouds] = [openRunHttp(), openCloudHttp()];
  const { drain, commands } = drainOnSignal(around, () =>
    say('draining: what was taken is finished, nothing more is taken'),
  );
  try {
    await access.token();
    await removeLeftovers(around, around.system.clock.nowMs());
    say(`asks ${access.url} for work of the pool ${options.pool}`);
    await takeWork(
      {
        pace,
        maxParallel: options.maxParallel,
        idleMs: options.pollInterval * 1000,
        poll: () => poll(http, access),
        run: (deployment) =>
          doDeployment(deployment, {
            around,
            options,
            http,
            endpoints,
            pace,
            post: clouds.post,
            commands,
            withheld: access.secrets(),
          }),
        failed: (problem) => report({ kind: 'warning', message: problem.message }),
      },
      drain,
    );
    say('has finished');
  } catch (reason) {
    throw reason instanceof RunProblem
      ? failed(`The agent cannot go on: ${reason.message}`, 'check the token of the pool', reason)
      : reason;
  } finally {
    await Promise.all([http.close(), clouds.close()]);
  }
};

/** A token that the server does not take any more is exchanged anew, once. */
const poll = async (http: RunHttp, access: AgentAccess) => {
  try {
    return await pollForWork(http, access.url, await tokenOf(access));
  } catch (reason) {
    if (!(reason instanceof RunProblem) || reason.code !== 'unauthenticated' || !access.refused()) throw reason;
    return pollForWork(http, access.url, await tokenOf(access));
  }
};

/** An exchange that the server refused is the end; one that did not come to that is tried again. */
const tokenOf = (access: AgentAccess): Promise<Secret> =>
  access.token().catch((reason: unknown) => {
    if (!(reason instanceof CommandFailure)) throw reason;
    throw new RunProblem(reason.code === undefined ? 'passing' : 'refused', reason.message, { cause: reason });
  });

/** The first signal ends the taking; those after it are for the commands. */
const drainOnSignal = (around: Surroundings, tell: () => void) => {
  const drain = new AbortController();
  const commands = new Set<(signal: Signal) => void>();
  around.onSignal((signal) => {
    if (drain.signal.aborted) {
      for (const heard of commands) heard(signal);
    } else {
      drain.abort();
      tell();
    }
  });
  return { drain: drain.signal, commands };
};
