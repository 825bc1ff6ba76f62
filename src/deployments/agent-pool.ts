import type { EpochSeconds } from '../system.ts';

/** Who may take deployments: the agents that hold this pool's token. */
export interface AgentPool {
  readonly id: string;
  /** Unique in its organization; policies and exchanged tokens call the pool by it. */
  readonly name: string;
  readonly description: string;
  readonly created: EpochSeconds;
  /** Somebody deletes it: nothing new comes in and nothing is taken, until its last deployment and token are gone. */
  readonly ending?: true;
}

/** All pools of one organization, the oldest first. */
export interface AgentPoolList {
  readonly pools: readonly AgentPool[];
  /** Id of the pool that takes what names none. */
  readonly defaultId?: string;
}

/** When the agents of a pool were last heard, and when they last took something; absent: never. */
export interface AgentPoolActivity {
  readonly seen?: EpochSeconds;
  readonly used?: EpochSeconds;
}

/** The pools of organizations: each organization's are one document, so that names and the default are unique. */
export interface AgentPools {
  list(organizationId: string): Promise<AgentPoolList>;
  /** Changes the list in one step. `change` may refuse, and is asked again when somebody else was faster. */
  change(organizationId: string, change: (list: AgentPoolList) => AgentPoolList): Promise<AgentPoolList>;
  /** An agent of the pool asked for work. Written down once in a few seconds. */
  heard(organizationId: string, poolId: string): Promise<void>;
  /** An agent of the pool took a deployment. */
  used(organizationId: string, poolId: string): Promise<void>;
  activity(organizationId: string, poolId: string): Promise<AgentPoolActivity>;
  /** Forgets when the pool was heard. */
  forget(organizationId: string, poolId: string): Promise<void>;
}

/** Most pools of an organization. */
export const MAX_POOLS = 100;

/** Seconds after which a pool that was not heard counts as offline. */
export const OFFLINE_AFTER = 60;

/** The pool that somebody means by its id or its name; one that is being deleted takes no part any more. */
export const findPool = ({ pools }: AgentPoolList, idOrName: string): AgentPool | undefined => {
  const found = pools.find(({ id }) => id === idOrName) ?? pools.find(({ name }) => name === idOrName);
  return found?.ending ? undefined : found;
};
