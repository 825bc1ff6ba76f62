import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';

/** A deployment in the queue of a pool. That it stands there says nothing of whether it still may be taken: its run does. */
export interface QueuedDeployment {
  readonly id: string;
  readonly stackId: string;
}

/** The queues of pools, oldest first, and the stacks whose deployments are held back. */
export interface DeploymentQueue {
  enter(poolId: string, deployment: QueuedDeployment, created: EpochSeconds): Promise<void>;
  leave(poolId: string, deployment: QueuedDeployment): Promise<void>;
  /** From position `offset` (0 is the oldest) on, at most `count`; and how many there are in all. */
  page(
    poolId: string,
    offset: number,
    count: number,
  ): Promise<{ readonly deployments: readonly QueuedDeployment[]; readonly total: number }>;
  pause(stackId: string): Promise<void>;
  resume(stackId: string): Promise<void>;
  isPaused(stackId: string): Promise<boolean>;
}

const queueKey = (poolId: string): string => `deployment-queue/${poolId}`;
const pauseKey = (stackId: string): string => `deployments-paused/${stackId}`;

/** Ids sort by time, so those of one second stand in the order in which they came. */
const memberOf = ({ id, stackId }: QueuedDeployment): string => `${id}/${stackId}`;

export const openDeploymentQueue = (store: Store): DeploymentQueue => ({
  enter: (poolId, deployment, created) => store.add(queueKey(poolId), memberOf(deployment), created),
  leave: (poolId, deployment) => store.remove(queueKey(poolId), memberOf(deployment)),
  async page(poolId, offset, count) {
    const { members, total } = await store.page(queueKey(poolId), offset, count, true);
    return { deployments: members.map(read), total };
  },
  async pause(stackId) {
    await store.put(pauseKey(stackId), '{}');
  },
  async resume(stackId) {
    await store.delete(pauseKey(stackId));
  },
  async isPaused(stackId) {
    return (await store.get(pauseKey(stackId))) !== undefined;
  },
});

const read = (member: string): QueuedDeployment => {
  const [id = '', stackId = ''] = member.split('/');
  return { id, stackId };
};
