import type { AccessTokenEntry, AccessTokens } from '../../src/access/access-token.ts';
import type { Holder, Principal } from '../../src/access/principal.ts';
import { openStoredDeployments } from '../../src/assemble/deployments.ts';
import { openEnvironmentSecrets } from '../../src/environments/secrets.ts';
import { cancelDeployment } from '../../src/flows/cancel-deployment.ts';
import { createAgentPool } from '../../src/flows/change-agent-pool.ts';
import { createDeployment } from '../../src/flows/create-deployment.ts';
import { deleteAgentPool } from '../../src/flows/delete-agent-pool.ts';
import { takeDeployment } from '../../src/flows/take-deployment.ts';
import { openRunRecords } from '../../src/runs/records.ts';
import type { Run } from '../../src/runs/run.ts';
import { Secret } from '../../src/secret.ts';
import type { Store } from '../../src/store/store.ts';
import { realRandom } from '../clock.ts';
import { ACME, makeWorld, PRINCIPALS, TARGET } from './world.ts';

const LIMITS = {
  retention: { finishedRuns: 90 * 86_400, decisions: 1, audit: 1 },
  runs: { defaultDeadline: 86_400, maxDuration: 7 * 86_400 },
};
const sealer = {
  seal: async (purpose: string, plaintext: string) => `${purpose}|${plaintext}`,
  open: async (_purpose: string, sealed: string) => sealed.slice(sealed.indexOf('|') + 1),
};

/** Access tokens as a list. */
const listOfTokens = (): AccessTokens & { readonly held: Map<string, Holder> } => {
  const held = new Map<string, Holder>();
  const entry = (id: string, holder: Holder): AccessTokenEntry => ({ id, holder, created: 0, expires: 1 });
  return {
    held,
    async issue(holder) {
      const id = `token-${held.size + 1}`;
      held.set(id, holder);
      return { token: new Secret(id), entry: entry(id, holder) };
    },
    holderOf: async (token) => held.get(token),
    list: async () => [...held].map(([id, holder]) => entry(id, holder)),
    revoke: async (_organization, id) => held.delete(id),
  };
};

const WRITES = ['put', 'create', 'replace', 'delete', 'increment', 'append', 'add', 'remove', 'trim'] as const;

/** A store that dies at a write, as a process does: from then on nothing is written any more. */
const mortal = (store: Store) => {
  const state = { left: Number.POSITIVE_INFINITY, made: 0 };
  const dying = { ...store } as Record<string, unknown> & Store;
  for (const name of WRITES) {
    const write = store[name] as (...args: unknown[]) => Promise<unknown>;
    (dying as Record<string, unknown>)[name] = async (...args: unknown[]) => {
      if (state.left <= 0) throw new Error('killed');
      state.left--;
      state.made++;
      return write(...args);
    };
  }
  return { store: dying as Store, state };
};

/** The stories about deployments on a memory store; `dieAfter` lets the process die at a write, `revive` starts another. */
export const makeDeploymentWorld = () => {
  let death = { left: 0, made: 0 };
  let whole: Store | undefined;
  const world = makeWorld((store) => {
    const dying = mortal(store);
    [death, whole] = [dying.state, store];
    return dying.store;
  });
  const { clock, store } = world;
  const accessTokens = listOfTokens();
  const partsOn = (on: Store) => ({
    ...world.parts,
    runs: openRunRecords(on, clock, LIMITS.retention.finishedRuns),
    ...openStoredDeployments(on, { clock }, LIMITS),
    secrets: openEnvironmentSecrets({ store: on, random: realRandom, sealer }),
    runIssuers: { v1: world.v1 },
    accessTokens,
    poolTokenLifetime: 3600,
    deployed: () => undefined,
  });
  let parts = partsOn(store);
  const request = { ...TARGET, settings: {}, inheritSettings: true };
  const agentOf = (pool: string): Principal => ({ ...PRINCIPALS.bob, kind: 'runner', name: pool });
  return {
    ...world,
    accessTokens,
    agentOf,
    get parts() {
      return parts;
    },
    /** Writes until death; and how many there have been since. */
    dieAfter(writes: number): void {
      death.left = writes;
      death.made = 0;
    },
    writesMade: () => death.made,
    /** What another process finds, which remembers nothing. */
    revive(): void {
      death.left = Number.POSITIVE_INFINITY;
      parts = partsOn(whole as Store);
    },
    makePool: async (name = 'builders'): Promise<string> =>
      (await createAgentPool(parts, PRINCIPALS.admin, ACME, { name, description: '' })).pool.id,
    async create(more: Partial<Parameters<typeof createDeployment>[3]> = {}): Promise<Run> {
      const created = await createDeployment(parts, PRINCIPALS.admin, ACME, { ...request, ...more });
      if ('problems' in created) throw new Error(JSON.stringify(created.problems));
      return created.run;
    },
    take: (pool: string) => takeDeployment(parts, agentOf(pool), ACME),
    cancel: (id: string) => cancelDeployment(parts, PRINCIPALS.admin, ACME, TARGET, id),
    deletePool: (id: string, force = false) => deleteAgentPool(parts, PRINCIPALS.admin, ACME, id, force),
    statusOf: async (id: string) => (await parts.runs.load(id))?.run.status,
    /** Every run that counts as running, by the lists and by the records themselves. */
    async running(): Promise<readonly Run[]> {
      return (await parts.runs.list({ id: ACME.id ?? '', status: 'running' }, 0, 100)).runs;
    },
  };
};
