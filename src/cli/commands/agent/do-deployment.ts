import { access, constants } from 'node:fs/promises';
import type { CloudEndpoints, Post } from '../../../clouds/clouds.ts';
import type { Pace } from '../../../runner/pace.ts';
import type { RunDesk } from '../../../runner/run-desk.ts';
import type { CommandStep, Job } from '../../../runner/run-in-folder.ts';
import { runWithCredentials } from '../../../runner/run-with-credentials.ts';
import type { Report, RunnerEvent } from '../../../runner/steps.ts';
import { openTelling, type Telling } from '../../../runner/telling.ts';
import type { Secret } from '../../../secret.ts';
import { adviseAbout } from '../../advice.ts';
import { openProgressDesk, type TakenDeployment } from '../../agent-desk.ts';
import { describeFailure } from '../../output.ts';
import { openRunDesk } from '../../run-desk.ts';
import type { RunHttp } from '../../run-http.ts';
import { detailLines, runReport } from '../../run-report.ts';
import { targetsOf } from '../../run-targets.ts';
import type { Signal, Surroundings } from '../../surroundings.ts';
import { type AgentOptions, commandFor } from './agent-options.ts';
import { environmentOf } from './deployment-environment.ts';

export interface DeploymentTools {
  readonly around: Surroundings;
  readonly options: AgentOptions;
  readonly http: RunHttp;
  readonly post: Post;
  readonly endpoints: CloudEndpoints;
  readonly pace: Pace;
  /** Told of signals that are for the commands. */
  readonly commands: Set<(signal: Signal) => void>;
  /** Secrets of the agent. */
  readonly withheld: readonly Secret[];
}

/** Where the contract has the token stand, on machines that are made for it. */
const MOUNTED = '/mnt/pulumi';

/** Does one deployment to its end, and tells the server how it goes. Never throws: the deployment fails, the agent goes on. */
export const doDeployment = async (taken: TakenDeployment, tools: DeploymentTools): Promise<void> => {
  const { around, options, http, post, endpoints, pace } = tools;
  const { organization, project, stack, operation, version } = taken;
  const label = `${organization}/${project}/${stack} ${operation} ${version}`;
  const own = runReport(around, options.json === true, { id: taken.id, label });
  const progress = openProgressDesk(taken, http);
  const telling = openTelling(progress, pace);
  const run = openRunDesk({ ...taken, tokenUrl: taken.tokenUrls[options.issuer] }, http, around.system.clock);
  const [stdout, stderr] = [telling.output(), telling.output()];
  // A run that is over takes no more lines: they go first.
  const finish: RunDesk['finish'] = async (status) => {
    for (const stream of [stdout, stderr]) await new Promise((resolve) => stream.end(() => resolve(undefined)));
    await telling.flush();
    await run.finish(status);
  };
  const failed = (reason: unknown): void => {
    const { sentence } = describeFailure(reason);
    own({ kind: 'warning', message: sentence });
    telling.line(`error: ${sentence}`);
  };

  // 1. May this agent do it?
  let job: Job;
  try {
    job = await jobOf(taken, tools);
  } catch (reason) {
    telling.step('Start', 'failed');
    failed(reason);
    await finish('failed').catch(() => undefined);
    return;
  }

  // 2. The same path as that of exec.
  let heard: (signal: Signal) => void = () => undefined;
  const pass = (signal: Signal): void => heard(signal);
  tools.commands.add(pass);
  const report: Report = (event) => {
    own(event);
    tell(telling, event);
  };
  try {
    await runWithCredentials(job, {
      desk: { ...run, finish },
      clouds: { post, endpoints },
      pace,
      report,
      advise: adviseAbout({ id: taken.id, organization, issuer: options.issuer, targets: targetsOf(taken.clouds) }),
      place: around,
      output: { stdout, stderr, atTerminal: false, signalGroup: (pid, signal) => around.signalGroup(pid, signal) },
      onSignal(listener) {
        heard = listener;
      },
      isOver: () => progress.isOver(),
      failed,
    });
  } catch {
    // It was told, and the run has failed.
  } finally {
    tools.commands.delete(pass);
  }
};

const jobOf = async (taken: TakenDeployment, { around, options, withheld }: DeploymentTools): Promise<Job> => ({
  commands: commandsOf(taken, options),
  cwd: around.cwd,
  env: { ...around.env, ...environmentOf(taken, options.allowPreRunCommands === true) },
  targets: targetsOf(taken.clouds),
  aws: options.aws,
  audience: options.issuer === 'v2' ? taken.organization : undefined,
  requests: { url: taken.tokenUrls[options.issuer], token: taken.requestToken },
  asActions: true,
  tokenFiles: await mountedFiles(options),
  deadline: taken.deadline,
  mask: true,
  withheld,
  secrets: taken.secrets,
  files: [{ variable: 'RUNPASS_DEPLOYMENT_FILE', name: 'deployment.json', content: taken.text }],
});

/** Who asks for a deployment says what runs only where this agent was started for that. */
const commandsOf = (taken: TakenDeployment, options: AgentOptions): readonly CommandStep[] => {
  const command = commandFor(options, taken.operation);
  if (command === undefined) throw new Error(`This agent does nothing for the operation ${taken.operation}.`);
  if (taken.preRunCommands.length > 0 && !options.allowPreRunCommands) {
    throw new Error(
      'This deployment has preRunCommands, and this agent was not started with --allow-pre-run-commands.',
    );
  }
  const shell = (step: string, text: string): CommandStep => ({ step, file: '/bin/sh', args: ['-c', text] });
  return [
    ...taken.preRunCommands.map((text, index) => shell(`Pre-run command ${index + 1}`, text)),
    shell('Pulumi operation', command),
  ];
};

/** One file for one deployment at a time. */
const mountedFiles = async ({ maxParallel }: AgentOptions): Promise<readonly string[]> => {
  if (maxParallel > 1) return [];
  const isThere = await access(MOUNTED, constants.W_OK).then(
    () => true,
    () => false,
  );
  return isThere ? [`${MOUNTED}/pulumi.oidc`] : [];
};

/** The same story on the server; of the run's end it knows by itself. */
const tell = (telling: Telling, event: RunnerEvent): void => {
  if (event.kind === 'step') {
    if (event.step !== FINISH) telling.step(event.step, 'running');
  } else if (event.kind === 'stepEnded') {
    if (event.step !== FINISH) telling.step(event.step, event.outcome);
  } else {
    for (const line of detailLines(event)) telling.line(line);
  }
};

const FINISH = 'Finish run';
