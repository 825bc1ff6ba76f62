import type { CloudSettingsOnWire } from '../deployments/settings/cloud-settings.ts';
import { RunProblem } from '../runner/run-desk.ts';
import type { ProgressDesk } from '../runner/telling.ts';
import { Secret } from '../secret.ts';
import { readTime } from '../system.ts';
import { apiPath } from './client.ts';
import type { OwnRun } from './run-desk.ts';
import type { RunHttp } from './run-http.ts';

/** A deployment that this agent has taken: nobody else does it. */
export interface TakenDeployment extends Omit<OwnRun, 'tokenUrl'> {
  readonly project: string;
  readonly stack: string;
  readonly operation: string;
  readonly version: number;
  readonly deadline: number;
  readonly tokenUrls: Readonly<Record<'v1' | 'v2', string>>;
  readonly clouds: CloudSettingsOnWire;
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly preRunCommands: readonly string[];
  /** What must not be seen in its output. */
  readonly secrets: readonly Secret[];
  /** All that was asked for, for the command: sources, executor, options. */
  readonly text: string;
}

interface Answer {
  readonly deploymentID: string;
  readonly jobToken: string;
  readonly deployment: {
    readonly organization: string;
    readonly project: string;
    readonly stack: string;
    readonly operation: string;
    readonly version: number;
    readonly deadline: string;
    readonly operationContext?: {
      readonly oidc?: CloudSettingsOnWire;
      readonly environmentVariables?: Readonly<Record<string, string>>;
      readonly secrets?: readonly string[];
      readonly preRunCommands?: readonly string[];
    };
    readonly tokenRequest: { readonly urls: Readonly<Record<'v1' | 'v2', string>> };
  };
}

/** Asks for work in the name of a pool; `undefined` when there is none. */
export const pollForWork = async (http: RunHttp, url: string, token: Secret): Promise<TakenDeployment | undefined> => {
  const answer = (await http.send({ method: 'GET', url: `${url}/api/deployments/poll`, token })) as Answer | undefined;
  if (answer === undefined) return undefined;
  const { deploymentID: id, jobToken, deployment } = answer;
  const { tokenRequest, operationContext = {}, deadline, ...named } = deployment;
  const { environmentVariables = {}, secrets = [], preRunCommands = [], oidc = {}, ...context } = operationContext;
  const { organization, project, stack, operation, version } = named;
  const end = readTime(deadline);
  if (end === undefined) throw new RunProblem('refused', `${url} did not say until when the deployment lasts.`);
  const hidden = secrets.flatMap((name) => environmentVariables[name] ?? []);
  return {
    url,
    id,
    organization,
    project,
    stack,
    operation,
    version,
    deadline: end,
    requestToken: new Secret(jobToken),
    tokenUrls: tokenRequest.urls,
    clouds: oidc,
    environmentVariables,
    preRunCommands,
    secrets: [...hidden, ...secretsIn(named)].map((text) => new Secret(text)),
    text: JSON.stringify({ id, ...named, deadline, operationContext: { ...context, oidc } }),
  };
};

/** Every `{"secret": "…"}`, wherever it stands. */
const secretsIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { secret } = value as { readonly secret?: unknown };
  return [...(typeof secret === 'string' ? [secret] : []), ...Object.values(value).flatMap(secretsIn)];
};

/** Where the deployment stands, and where it is told how it goes. */
export const openProgressDesk = (
  { url, id, requestToken: token }: TakenDeployment,
  http: RunHttp,
): ProgressDesk & { isOver(): Promise<boolean> } => {
  const base = url + apiPath`/api/deployments/${id}`;
  return {
    async tellStep(name, status) {
      await http.send({ method: 'POST', url: `${base}/steps`, token, body: { name, status } });
    },
    async tellLines(step, lines) {
      await http.send({ method: 'POST', url: `${base}/logs`, token, body: { step, lines } });
    },
    async isOver() {
      const status = await http.send({ method: 'GET', url: `${base}/status`, token });
      return status !== 'accepted' && status !== 'running';
    },
  };
};
