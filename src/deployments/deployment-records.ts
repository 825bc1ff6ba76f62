import { looksLikeRunId } from '../runs/identifier.ts';
import type { Store } from '../store/store.ts';
import type { EpochSeconds } from '../system.ts';
import type { Deployment, Deployments } from './deployment.ts';

export interface DeploymentRecordParts {
  readonly store: Store;
  /** Seconds that a finished run is kept. */
  readonly retention: number;
  /** Longest life of a run. */
  readonly maxDuration: number;
}

const documentKey = (id: string): string => `deployment/${id}`;
const listKey = (stackId: string): string => `deployments/${stackId}`;

export const openDeployments = ({ store, retention, maxDuration }: DeploymentRecordParts): Deployments => ({
  async create(deployment, until) {
    const { id, stackId, created } = deployment;
    await Promise.all([
      store.put(documentKey(id), JSON.stringify(deployment), { expiresAt: keptUntilMs(until, retention) }),
      store.add(listKey(stackId), id, created),
      store.trim(listKey(stackId), created - retention - maxDuration),
    ]);
  },

  async get(id) {
    const stored = looksLikeRunId(id) ? await store.get(documentKey(id)) : undefined;
    return stored && (JSON.parse(stored.value) as Deployment);
  },

  async list(stackId, offset, count, ascending) {
    const { members, total } = await store.page(listKey(stackId), offset, count, ascending);
    return { ids: members, total };
  },

  forget: (stackId, id) => store.remove(listKey(stackId), id),

  async forgetStack(stackId) {
    await store.trim(listKey(stackId), Number.MAX_SAFE_INTEGER);
  },
});

/** When what belongs to a run vanishes: at the latest end of the run, and the time that finished ones are kept. */
export const keptUntilMs = (until: EpochSeconds, retention: number): number => (until + retention) * 1000;
