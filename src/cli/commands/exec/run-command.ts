import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openCloudHttp } from '../../../clouds/http.ts';
import { ChildNotStarted } from '../../../runner/child.ts';
import { realPace } from '../../../runner/pace.ts';
import { CredentialsRefused } from '../../../runner/refused-credentials.ts';
import { runWithCredentials } from '../../../runner/run-with-credentials.ts';
import { type Report, tellStep } from '../../../runner/steps.ts';
import type { Secret } from '../../../secret.ts';
import { adviseAbout } from '../../advice.ts';
import { ChildStatus } from '../../child-status.ts';
import { cloudEndpoints } from '../../cloud-endpoints.ts';
import { failed, unusable } from '../../failure.ts';
import { describeFailure, printFailure } from '../../output.ts';
import { findRunAccess, type RunAccess } from '../../run-access.ts';
import { openRunDesk } from '../../run-desk.ts';
import { openRunHttp } from '../../run-http.ts';
import { runReport } from '../../run-report.ts';
import { startOwnRun } from '../../start-own-run.ts';
import type { Surroundings } from '../../surroundings.ts';
import { readTrustDocuments } from '../trust/documents.ts';
import type { ExecOptions } from './exec.ts';

type ExecTools = Parameters<typeof runWithCredentials>[1];

/** Starts a run, runs a command with its credentials, finishes the run, and ends with the command's status. */
export const runCommand = async (
  around: Surroundings,
  command: { readonly file: string; readonly args: readonly string[] },
  options: ExecOptions,
): Promise<never> => {
  const report = runReport(around, options.json === true);
  try {
    throw new ChildStatus(await statusOf(around, command, options, report));
  } catch (reason) {
    if (reason instanceof ChildStatus) throw reason;
    const failure = asFailure(reason);
    const { exit, sentence, code, hint } = describeFailure(failure);
    const message = code === undefined ? sentence : `${sentence} (${code})`;
    if (options.json) report({ kind: 'failure', about: 'exec', message, ...(hint !== undefined && { hint }) });
    else printFailure(around, failure);
    throw new ChildStatus(reason instanceof ChildNotStarted ? reason.status : exit);
  }
};

const statusOf = async (
  around: Surroundings,
  command: { readonly file: string; readonly args: readonly string[] },
  options: ExecOptions,
  report: Report,
): Promise<number> => {
  const { issuer, tokenFile, project, stack, operation } = options;
  const { clock } = around.system;
  const tokenFiles = tokenFile === undefined ? [] : [await freeTokenFile(around, tokenFile)];
  const documents = await readTrustDocuments(around, options.trustDocument ?? []);
  const endpoints = cloudEndpoints(around.env);

  // 1. The run.
  const { access, run } = await tellStep(report, clock, 'Start run', async () => {
    const found = await findRunAccess(around, options);
    return { access: found, run: await startOwnRun(found, options, issuer) };
  });
  const what = `${run.organization}/${project}/${stack} ${operation}, version ${run.version}`;
  report({ kind: 'detail', about: run.id, detail: what });

  // 2. Its credentials, and the command with them.
  const http = openCloudHttp();
  const runHttp = openRunHttp(run.url);
  const desk = openRunDesk(run, runHttp, clock);
  try {
    return await runWithCredentials(
      {
        commands: [{ step: command.file, ...command }],
        cwd: around.cwd,
        env: around.env,
        targets: run.targets,
        aws: options.aws,
        audience: options.audience ?? (issuer === 'v2' ? run.organization : undefined),
        requests: { url: run.tokenUrl, token: run.requestToken },
        asActions: options.asActions === true,
        tokenFiles,
        deadline: run.deadline,
        mask: options.mask ?? Boolean(around.env['CI']),
        withheld: secretsOf(access),
      },
      {
        ...toolsOf(around, report),
        desk,
        clouds: { post: http.post, endpoints },
        advise: adviseAbout({ ...run, issuer }, documents),
      },
    );
  } finally {
    await Promise.all([http.close(), runHttp.close()]);
  }
};

/** What ended us, where it was not the command. */
const asFailure = (reason: unknown): unknown => {
  if (reason instanceof ChildNotStarted) return failed(reason.message, undefined, reason);
  if (!(reason instanceof CredentialsRefused)) return reason;
  const names = reason.failures.map(({ about }) => about).join(', ');
  return failed(`There are no credentials (${names}), so the command was not started.`, undefined, reason);
};

const toolsOf = (around: Surroundings, report: Report): Omit<ExecTools, 'desk' | 'clouds' | 'advise'> => {
  const { stdin, stdout, stderr, childOutput, env, pid, uid, hostname, system } = around;
  return {
    report,
    pace: realPace(system),
    place: { env, pid, uid, hostname },
    output: { ...childOutput, atTerminal: stdin.isTerminal || stdout.isTerminal || stderr.isTerminal },
    onSignal: (heard) => around.onSignal(heard),
  };
};

/** Neither the command nor its output may have what we came with. */
const secretsOf = ({ accessToken, subjectToken }: RunAccess): readonly Secret[] => [
  accessToken,
  ...(subjectToken ? [subjectToken] : []),
];

/** A token that somebody left there may be replaced, and an empty file; anything else is somebody's, and would be lost. */
const freeTokenFile = async ({ cwd }: Surroundings, given: string): Promise<string> => {
  const path = resolve(cwd, given);
  const about = await stat(path).catch(() => undefined);
  const text = about?.isFile() ? await readFile(path, 'utf8').catch(() => undefined) : '';
  if ((about && !about.isFile()) || text === undefined || !/^(?:[\w-]+\.[\w-]+\.[\w-]+)?\s*$/.test(text)) {
    throw unusable(`${given} is there already, and holds no token.`, 'name another file in --token-file');
  }
  return path;
};
