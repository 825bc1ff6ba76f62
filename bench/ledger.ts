import { decodeJwt } from 'jose';
import { readStored } from '../src/audit/chain.ts';
import type { AuditRecord } from '../src/audit/record.ts';
import { readTrail } from '../src/audit/trail.ts';
import { verifyTrail } from '../src/audit/verify.ts';
import { type Ring, remembers } from '../src/keys/ring.ts';
import { loadRing } from '../src/keys/stored-ring.ts';
import { FINAL_STATUSES, type FinalStatus } from '../src/runs/run.ts';
import type { Store } from '../src/store/store.ts';
import { ORGANIZATION } from './installation.ts';
import { inFlight, type RunClient, type StartedRun } from './run-client.ts';

interface KnownRun extends StartedRun {
  readonly stack: string;
  /** `jti` of the tokens that were handed over. */
  readonly tokens: string[];
  finished?: FinalStatus;
}

const RING = 'v1';
const DAY = 86_400;

/**
 * What a client was told had happened, and whether it is there.
 *
 * Only answers that arrived count: a request whose answer was cut off may have happened or not.
 */
export const openLedger = (store: Store, operator: string) => {
  const runs: KnownRun[] = [];
  const versions = new Set<string>();
  const missing = new Set<string>();
  let ring: Ring | undefined;
  let changes = 0;
  let looked = 0;

  const lookAtRun = async (client: RunClient, administrator: string, run: KnownRun): Promise<void> => {
    const path = `/api/orgs/${ORGANIZATION}/runs/${run.id}`;
    const { status, text } = await client.ask('GET', path, administrator);
    if (status !== 200) {
      missing.add(`run ${run.id}: answered ${status}`);
      return;
    }
    const found = JSON.parse(text);
    const listed = new Set(found.tokens.map(({ jti }: { jti: string }) => jti));
    for (const jti of run.tokens) if (!listed.has(jti)) missing.add(`token ${jti} of run ${run.id}`);
    if (found.version !== run.version) missing.add(`version ${run.version} of run ${run.id}, now ${found.version}`);
    if (run.finished && found.status !== run.finished) missing.add(`${run.finished} of run ${run.id}: ${found.status}`);
  };

  return {
    /** One run's life, as far as it comes: start, tokens, and every other run's end. Rejects where it is cut off. */
    async live(client: RunClient, turn: number): Promise<void> {
      const stack = `stack-${turn % 3}`;
      const run: KnownRun = { ...(await client.startRun(stack)), stack, tokens: [] };
      runs.push(run);
      const ordinal = `${stack} ${run.version}`;
      if (versions.has(ordinal)) missing.add(`the second of two runs called ${ordinal}`);
      versions.add(ordinal);
      for (let token = 0; token < 2; token++) run.tokens.push(decodeJwt(await client.mint(run)).jti ?? '');
      if (turn % 2 === 0) return;
      const end = FINAL_STATUSES[turn % FINAL_STATUSES.length] ?? 'succeeded';
      const path = `/api/orgs/${ORGANIZATION}/runs/${run.id}/finish`;
      const { status } = await client.ask('POST', path, run.token, { status: end });
      if (status === 200) run.finished = end;
    },

    /** An operator was told that a change of the ring stands. */
    async changed(audited: boolean): Promise<void> {
      if (audited) changes++;
      const stored = await loadRing(store, RING);
      if (stored && stored.ring.gen >= (ring?.gen ?? 0)) ring = stored.ring;
    },

    /** Is everything there that came since the last look? `all` looks at everything again, and at the audit log. */
    async look(client: RunClient, administrator: string, all: boolean): Promise<void> {
      const from = all ? 0 : looked;
      looked = runs.length;
      await inFlight(8, looked - from, (at) => lookAtRun(client, administrator, runs[from + at] as KnownRun));

      const stored = await loadRing(store, RING);
      if (ring && (!stored || stored.ring.gen < ring.gen)) missing.add(`generation ${ring.gen} of the ring`);
      if (ring && stored?.ring.gen === ring.gen && JSON.stringify(stored.ring) !== JSON.stringify(ring)) {
        missing.add(`what generation ${ring.gen} of the ring said`);
      }
      for (const { kid } of ring?.keys ?? []) if (stored && !remembers(stored.ring, kid)) missing.add(`key ${kid}`);
      ring = stored?.ring;
      if (all) await lookAtAudit();
    },

    figures: () => ({
      acknowledged:
        changes + runs.reduce((sum, { tokens, finished }) => sum + 1 + tokens.length + (finished ? 1 : 0), 0),
      missing: [...missing],
    }),
    runs: (): readonly KnownRun[] => runs,
  };

  async function lookAtAudit(): Promise<void> {
    const ours = await readAudit(ORGANIZATION);
    const there = new Set(ours.flatMap(({ kind, detail }) => [`${kind} ${detail['run']}`, `${kind} ${detail['jti']}`]));
    for (const { id, tokens, finished } of runs) {
      const expected = [`run.start ${id}`, ...tokens.map((jti) => `token.issue ${jti}`)];
      for (const record of [...expected, ...(finished ? [`run.finish ${id}`] : [])]) {
        if (!there.has(record)) missing.add(`audit record ${record}`);
      }
    }
    const made = (await readAudit(undefined)).filter(({ actor }) => actor === operator).length;
    if (made < changes) missing.add(`${changes - made} of ${changes} audit records of the operator`);
  }

  /** Verifies the chains of one scope, and gives what they say. */
  async function readAudit(organization: string | undefined): Promise<readonly AuditRecord[]> {
    const now = Math.floor((await store.time()) / 1000);
    const range = { ...(organization !== undefined && { organization }), since: now - DAY, until: now + DAY };
    const records: AuditRecord[] = [];
    const trail = async function* () {
      for await (const item of readTrail(store, range)) {
        const record = item.item === 'record' ? readStored(item.stored)?.record : undefined;
        if (record) records.push(record);
        yield item;
      }
    };
    const { broken } = await verifyTrail(trail());
    for (const { chain, seq, fault } of broken) missing.add(`audit chain ${chain} at ${seq}: ${fault}`);
    return records;
  }
};

export type Ledger = ReturnType<typeof openLedger>;
