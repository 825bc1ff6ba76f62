import type { Organization } from '../access/organization.ts';
import type { Principal } from '../access/principal.ts';
import { type AgentPool, findPool } from '../deployments/agent-pool.ts';
import { type Assignment, assignmentOf } from '../deployments/assignment.ts';
import type { QueuedDeployment } from '../deployments/deployment-queue.ts';
import { stackCipher } from '../deployments/settings/sealed-secrets.ts';
import type { EnvironmentSecrets } from '../environments/secrets.ts';
import { Refusal } from '../errors.ts';
import { newRequestToken } from '../runs/identifier.ts';
import type { LoadedRun } from '../runs/records.ts';
import type { Run } from '../runs/run.ts';
import { fingerprint, Secret } from '../secret.ts';
import type { DeploymentParts } from './deployment-parts.ts';
import type { RunIssuer } from './draft-for-run.ts';
import { type IssueRunTokenParts, issueRunToken } from './issue-run-token.ts';
import { actorOf } from './trace.ts';

export interface TakeDeploymentParts extends DeploymentParts, IssueRunTokenParts {
  readonly secrets: EnvironmentSecrets;
  /** v1's token is handed out with a deployment. */
  readonly runIssuers: { readonly v1: RunIssuer };
}

/** A deployment in the hands of the one agent that does it. */
export interface TakenDeployment {
  readonly run: Run;
  readonly assignment: Assignment;
  /** The run's request token: new, and nobody else's. */
  readonly requestToken: Secret;
  /** A first ID token of the run. */
  readonly idToken: Secret;
}

/** Seconds within which an agent must renew what it took, or the run has failed. */
const AGENT_LEASE = 60;

const PAGE = 100;
/** Deployments that one question looks at, but for those of paused stacks; what is left is looked at by the next. */
const MAX_LOOKED_AT = 500;

/**
 * An agent asks its pool's queue for work.
 *
 * A waiting run is one whose request token nobody holds. To take it is to give its record a new one, by compare-and-swap:
 * of any number of agents, on any number of replicas, exactly one succeeds, and what it took has a lease from that very
 * moment. So an agent, or a replica, that dies at any point leaves a run that fails within a minute.
 */
export const takeDeployment = async (
  parts: TakeDeploymentParts,
  principal: Principal,
  organization: Organization,
): Promise<TakenDeployment | undefined> => {
  // 1. Whose agent is it? Its token names the pool by id, an exchanged one by name.
  const { pool, organizationId } = await poolOf(parts, principal, organization);
  await parts.agentPools.heard(organizationId, pool.id);

  // 2. Nothing is taken that could not be given its token.
  if (!parts.signer('v1')) throw new Refusal('issuing_paused');

  // 3. The oldest that may be taken, and is.
  const isPaused = rememberPauses(parts);
  let lookedAt = 0;
  for (let offset = 0; lookedAt < MAX_LOOKED_AT; ) {
    const { deployments } = await parts.deploymentQueue.page(pool.id, offset, PAGE);
    if (deployments.length === 0) return undefined;
    for (const deployment of deployments) {
      if (await isPaused(deployment.stackId)) {
        offset++;
        continue;
      }
      lookedAt++;
      const taken = await take(parts, pool, deployment);
      if (taken) return handOut(parts, principal, organizationId, pool, taken);
    }
  }
  return undefined;
};

/** The pool of the agent that asks; refuses whoever is no agent, or whose pool is gone. */
export const poolOf = async (
  { directory, agentPools }: Pick<DeploymentParts, 'directory' | 'agentPools'>,
  principal: Principal,
  organization: Organization,
): Promise<{ readonly pool: AgentPool; readonly organizationId: string }> => {
  if (principal.kind !== 'runner') {
    throw new Refusal('not_permitted', { problem: 'only an agent may, with the token of its agent pool' });
  }
  const owner = await directory.organization(organization.name, organization.id);
  const pool = findPool(await agentPools.list(owner.id), principal.name);
  if (!pool) throw new Refusal('agent_pool_not_found', { pool: principal.name });
  return { pool, organizationId: owner.id };
};

/** Asks once per stack: a paused stack may have many deployments in a queue. */
const rememberPauses = ({ deploymentQueue }: DeploymentParts) => {
  const known = new Map<string, Promise<boolean>>();
  return (stackId: string): Promise<boolean> => {
    const asked = known.get(stackId) ?? deploymentQueue.isPaused(stackId);
    known.set(stackId, asked);
    return asked;
  };
};

interface JustTaken {
  readonly run: Run;
  readonly assignment: Assignment;
  readonly requestToken: string;
}

/** Takes a deployment, if it still waits and nobody is faster. Whatever is over leaves the queue. */
const take = async (
  parts: TakeDeploymentParts,
  pool: AgentPool,
  deployment: QueuedDeployment,
): Promise<JustTaken | undefined> => {
  const loaded = await parts.runs.load(deployment.id);
  const waiting = loaded && waits(loaded) ? loaded : undefined;
  const assignment = waiting && (await assignmentFor(parts, deployment.id));
  if (!waiting || !assignment) {
    // What it asks for cannot be opened any more: nobody will ever do it.
    if (waiting) await parts.runs.finish(waiting, 'failed');
    await parts.deploymentQueue.leave(pool.id, deployment);
    return undefined;
  }
  const requestToken = newRequestToken(parts.random);
  const run = await parts.runs.handOver(waiting, { requestTokenHash: fingerprint(requestToken), lease: AGENT_LEASE });
  if (run === 'conflict') return undefined;
  await parts.deploymentQueue.leave(pool.id, deployment);
  return { run, assignment, requestToken };
};

const assignmentFor = async (
  { deployments, secrets }: TakeDeploymentParts,
  id: string,
): Promise<Assignment | undefined> => {
  const deployment = await deployments.get(id);
  if (!deployment) return undefined;
  return assignmentOf(deployment, stackCipher(await secrets.of(deployment.organizationId), deployment.stackId));
};

const waits = ({ run }: LoadedRun): boolean => run.status === 'running' && run.queued?.taken === undefined;

/** The audit record and the first token, before anything leaves. */
const handOut = async (
  parts: TakeDeploymentParts,
  principal: Principal,
  organizationId: string,
  pool: AgentPool,
  { run, assignment, requestToken }: JustTaken,
): Promise<TakenDeployment> => {
  await parts.audit.record({
    kind: 'deployment.take',
    organization: principal.organization,
    actor: actorOf(principal),
    outcome: 'granted',
    detail: { run: run.id, pool: pool.id, name: pool.name },
  });
  const { jwt } = await issueRunToken(parts, parts.runIssuers.v1, { runId: run.id, requestToken });
  await parts.agentPools.used(organizationId, pool.id);
  parts.deployed('taken');
  return { run, assignment, requestToken: new Secret(requestToken), idToken: jwt };
};
