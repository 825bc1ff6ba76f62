import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { type Clock, type EpochSeconds, epochSeconds } from '../system.ts';
import type { AgentPoolList, AgentPools } from './agent-pool.ts';

/** Seconds for which a replica does not write down again that a pool was heard. */
const HEARD_SECONDS = 10;

/** Attempts of a change against others at the same moment. */
const ATTEMPTS = 10;

const EMPTY: AgentPoolList = { pools: [] };

const listKey = (organizationId: string): string => `agent-pools/${organizationId}`;
const timeKey = (organizationId: string, poolId: string, what: 'seen' | 'used'): string =>
  `agent-pool/${organizationId}/${poolId}/${what}`;

export const openAgentPools = (store: Store, clock: Clock): AgentPools => {
  /** When this replica last wrote down that it heard a pool. */
  const heard = new Map<string, EpochSeconds>();

  const read = async (organizationId: string) => {
    const stored = await store.get(listKey(organizationId));
    return { list: stored ? (JSON.parse(stored.value) as AgentPoolList) : EMPTY, version: stored?.version ?? 0 };
  };
  const note = async (organizationId: string, poolId: string, what: 'seen' | 'used'): Promise<void> => {
    await store.put(timeKey(organizationId, poolId, what), String(epochSeconds(clock)));
  };
  const noted = async (organizationId: string, poolId: string, what: 'seen' | 'used') => {
    const stored = await store.get(timeKey(organizationId, poolId, what));
    return stored && { [what]: Number(stored.value) };
  };

  return {
    async list(organizationId) {
      return (await read(organizationId)).list;
    },

    async change(organizationId, change) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { list, version } = await read(organizationId);
        const changed = change(list);
        const written = await store.replace(listKey(organizationId), version, JSON.stringify(changed));
        if (written !== 'conflict') return changed;
      }
      throw new Refusal('conflict');
    },

    async heard(organizationId, poolId) {
      const now = epochSeconds(clock);
      if (now - (heard.get(poolId) ?? 0) < HEARD_SECONDS) return;
      heard.set(poolId, now);
      await note(organizationId, poolId, 'seen');
    },

    used: (organizationId, poolId) => note(organizationId, poolId, 'used'),

    async activity(organizationId, poolId) {
      const [seen, used] = await Promise.all([
        noted(organizationId, poolId, 'seen'),
        noted(organizationId, poolId, 'used'),
      ]);
      return { ...seen, ...used };
    },

    async forget(organizationId, poolId) {
      heard.delete(poolId);
      await Promise.all([
        store.delete(timeKey(organizationId, poolId, 'seen')),
        store.delete(timeKey(organizationId, poolId, 'used')),
      ]);
    },
  };
};
