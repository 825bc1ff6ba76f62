import { Refusal } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { type Clock, epochSeconds } from '../system.ts';
import { stackKey } from './directory.ts';
import { looksLikeRunId } from './identifier.ts';
import { endedAt, isHalfMade, openUntilMs, type StoredRun, statusOf } from './life.ts';
import type { FinalStatus, IssuedToken, Run, RunStatus } from './run.ts';

/** A run as it was read, with what is needed to change it. */
export interface LoadedRun {
  readonly run: Run;
  readonly version: number;
}

export interface RunPage {
  readonly runs: readonly Run[];
  readonly total: number;
}

/** Which runs a list shows: everything of the organization, of one project or of one stack, in one status or all. */
export interface RunScope {
  readonly id: string;
  readonly status?: RunStatus;
}

/** Where a run stands, by what its tokens say: its stack, and its ordinal there. */
export interface RunPlace {
  readonly organizationId: string;
  readonly project: string;
  readonly stack: string;
  readonly version: number;
}

/** What an append to a run's own log answered. */
export type Recorded = 'recorded' | 'closed' | 'absent';

/**
 * The records of runs: each run one document, its tokens the log of that document.
 *
 * Written in this order, so that a crash at any point leaves either a whole run or one that is repaired when it
 * is next read: the record, its place in the lists, its ordinal in the stack's log, the record again.
 */
export interface RunRecords {
  /** Gives the run its ordinal and opens it. */
  start(
    run: Omit<StoredRun, 'status' | 'subject'> & { readonly subject: Omit<StoredRun['subject'], 'version'> },
  ): Promise<Run>;
  load(id: string): Promise<LoadedRun | undefined>;
  /**
   * The run as this replica last saw it running, without asking the store again, if it fits; else as it is now, if that
   * does. Asks the store at most once.
   *
   * What a token is made of never changes while a run lives, but for the one time that an agent takes it: then it gets
   * another request token. Whether it still lives is for `addToken` to say.
   */
  recall(id: string, fits: (run: Run) => boolean): Promise<Run | undefined>;
  /** Opens a run that was just started until its deadline, without a lease, unless somebody has changed it since. */
  hold(run: Run): Promise<void>;
  /** Gives a waiting run to the one who takes it, with a request token and a lease; `conflict` for everybody but one. */
  handOver(
    loaded: LoadedRun,
    to: { readonly requestTokenHash: string; readonly lease: number },
  ): Promise<Run | 'conflict'>;
  /** Ends the run; `conflict` when somebody else changed it since it was loaded. */
  finish(loaded: LoadedRun, status: FinalStatus): Promise<Run | 'conflict'>;
  /** Moves the end of the lease, if the run is still open. */
  renew(run: Run): Promise<Recorded>;
  /** In one step: is the run still open, and this token of its is written down. */
  addToken(run: Run, token: IssuedToken): Promise<Recorded>;
  tokens(id: string): Promise<readonly IssuedToken[]>;
  /** Id of the run with this ordinal in a stack, as long as the stack's log holds it: of the newest 1000. */
  idAt(place: RunPlace): Promise<string | undefined>;
  /** Was the run given a token with this `jti`? Looks through its newest 10,000, the newest first. */
  wasGiven(id: string, jti: string): Promise<boolean>;
  list(scope: RunScope, offset: number, count: number): Promise<RunPage>;
}

const MAX_TOKENS_SHOWN = 10_000;
/** Tokens of a run that are read at once where one of them is looked for; most are exchanged soon after they were made. */
const TOKENS_AT_ONCE = 200;
const SETTLE_BATCH = 200;

/** Running runs that a replica remembers. */
const MAX_SEEN = 10_000;

/** Newest entries of a stack's log that are kept: enough to find the ordinal of any start that died half-way. */
const ORDINALS_KEPT = 1000;

const runKey = (id: string): string => `run/${id}`;
const listKey = (scopeId: string, status?: RunStatus): string => `runs/${scopeId}${status ? `/${status}` : ''}`;
const scopesOf = (run: Pick<StoredRun, 'subject'> | { readonly subject: Omit<StoredRun['subject'], 'version'> }) => [
  run.subject.organization.id,
  run.subject.project.id,
  run.subject.stack.id,
];

export const openRunRecords = (store: Store, clock: Clock, retention: number): RunRecords => {
  const keepUntil = (end: number): { expiresAt: number } => ({ expiresAt: (end + retention) * 1000 });
  const file = (run: StoredRun | Run, status: RunStatus): Promise<unknown> =>
    Promise.all(scopesOf(run).map((scope) => store.add(listKey(scope, status), run.id, run.created)));
  const unfile = (run: StoredRun | Run, status: RunStatus): Promise<unknown> =>
    Promise.all(scopesOf(run).map((scope) => store.remove(listKey(scope, status), run.id)));
  const refile = (run: StoredRun | Run, to: RunStatus): Promise<unknown> =>
    Promise.all([unfile(run, 'running'), file(run, to)]);

  /** Drops from the lists of these scopes what was kept long enough. */
  const forgetOld = (run: Run): Promise<unknown> => {
    const oldest = epochSeconds(clock) - retention - (run.deadline - run.created);
    const lists = scopesOf(run).flatMap((scope) => [undefined, run.status].map((status) => listKey(scope, status)));
    return Promise.all(lists.map((list) => store.trim(list, oldest)));
  };

  const load = async (id: string): Promise<LoadedRun | undefined> => {
    const stored = looksLikeRunId(id) ? await store.get(runKey(id)) : undefined;
    if (!stored) return undefined;
    const kept = JSON.parse(stored.value) as StoredRun;
    if (isHalfMade(kept, epochSeconds(clock))) return repair(kept, stored.version);
    const status = statusOf(kept, stored.openUntil, clock.nowMs());
    const ended = status !== 'running';
    const run: Run = { ...kept, status, ...(ended && { finished: endedAt(kept, stored.openUntil) }) };
    return { run, version: stored.version };
  };

  /** A start died half-way: the run failed if it has an ordinal, and never was if it has none. */
  const repair = async (kept: StoredRun, version: number): Promise<LoadedRun | undefined> => {
    const ordinal = await ordinalOf(kept);
    if (ordinal === undefined) {
      await Promise.all([
        ...scopesOf(kept).map((scope) => store.remove(listKey(scope), kept.id)),
        unfile(kept, 'running'),
      ]);
      await store.delete(runKey(kept.id));
      return undefined;
    }
    const run: Run = {
      ...kept,
      status: 'failed',
      finished: kept.created,
      subject: { ...kept.subject, version: ordinal },
    };
    const replaced = await store.replace(runKey(kept.id), version, JSON.stringify(run), { openUntil: 0 });
    if (replaced === 'conflict') return load(kept.id);
    await refile(run, 'failed');
    return { run, version: replaced.version };
  };

  const ordinalOf = async (run: StoredRun): Promise<number | undefined> => {
    const { organization, project, stack } = run.subject;
    const key = stackKey(organization.id, project.name, stack.name);
    const length = (await store.get(key))?.length ?? 0;
    const records = await store.read(key, Math.max(1, length - ORDINALS_KEPT + 1), ORDINALS_KEPT);
    return records.find((record) => record.value === run.id)?.position;
  };

  /** Moves runs that ended by themselves out of the list of running ones. */
  const settle = async (scopeId: string): Promise<void> => {
    for (let offset = 0; ; ) {
      const { members } = await store.page(listKey(scopeId, 'running'), offset, SETTLE_BATCH);
      if (members.length === 0) return;
      const loaded = await Promise.all(members.map(load));
      const over = loaded.flatMap((entry) => (entry && entry.run.status !== 'running' ? [entry.run] : []));
      await Promise.all(over.map((run) => refile(run, run.status)));
      const gone = members.filter((_, at) => !loaded[at]);
      await Promise.all(gone.map((id) => store.remove(listKey(scopeId, 'running'), id)));
      offset += members.length - over.length - gone.length;
    }
  };

  /** Runs that were seen running, oldest first. */
  const seen = new Map<string, Run>();
  const recall: RunRecords['recall'] = async (id, fits) => {
    const known = seen.get(id);
    if (known && epochSeconds(clock) < known.deadline && fits(known)) return known;
    const run = (await load(id))?.run;
    // What does not fit is not remembered: whoever guesses pushes nothing out.
    if (!run || !fits(run)) return undefined;
    if (run.status !== 'running') {
      seen.delete(id);
      return run;
    }
    seen.set(id, run);
    const [oldest] = seen.size > MAX_SEEN ? seen.keys().take(1) : [];
    if (oldest !== undefined) seen.delete(oldest);
    return run;
  };

  return {
    load,
    recall,
    async start(request) {
      const { organization, project, stack } = request.subject;
      const starting: StoredRun = { ...request, status: 'starting', subject: { ...request.subject, version: 0 } };
      const created = await store.create(runKey(request.id), JSON.stringify(starting), {
        openUntil: 0,
        ...keepUntil(request.deadline),
      });
      if (!created) throw new Error('a run id came up twice');
      await Promise.all(
        scopesOf(starting).flatMap((scope) => [
          store.add(listKey(scope), request.id, request.created),
          store.add(listKey(scope, 'running'), request.id, request.created),
        ]),
      );
      const appended = await store.append(stackKey(organization.id, project.name, stack.name), [request.id], {
        to: 'document',
        keep: ORDINALS_KEPT,
      });
      if (typeof appended === 'string') throw new Refusal('conflict');
      const run: Run = { ...request, status: 'running', subject: { ...request.subject, version: appended.position } };
      const opened = await store.replace(runKey(run.id), 1, JSON.stringify(run), {
        openUntil: openUntilMs(run, run.created),
      });
      if (opened === 'conflict') throw new Refusal('conflict');
      return run;
    },

    async hold(run) {
      const loaded = await load(run.id);
      if (loaded?.run.status !== 'running' || loaded.run.requestTokenHash !== run.requestTokenHash) return;
      const { lease, ...held } = loaded.run;
      const openUntil = openUntilMs(held, epochSeconds(clock));
      await store.replace(runKey(run.id), loaded.version, JSON.stringify(held), { openUntil });
    },

    async handOver({ run, version }, { requestTokenHash, lease }) {
      const taken = epochSeconds(clock);
      const queued = { pool: run.queued?.pool ?? '', taken };
      // The agent renews; its command has the request token, too, and must not outlive the agent with it.
      const handed: Run = { ...run, requestTokenHash, lease, renewedOnly: true, queued };
      const openUntil = openUntilMs(handed, taken);
      const replaced = await store.replace(runKey(run.id), version, JSON.stringify(handed), { openUntil });
      return replaced === 'conflict' ? 'conflict' : handed;
    },

    async finish({ run, version }, status) {
      const finished: Run = { ...run, status, finished: epochSeconds(clock) };
      const replaced = await store.replace(runKey(run.id), version, JSON.stringify(finished), {
        openUntil: 0,
        ...keepUntil(epochSeconds(clock)),
      });
      if (replaced === 'conflict') return 'conflict';
      await refile(finished, status);
      await forgetOld(finished);
      return finished;
    },

    async renew(run) {
      const appended = await store.append(runKey(run.id), [], {
        to: 'document',
        openUntil: openUntilMs(run, epochSeconds(clock)),
      });
      return typeof appended === 'string' ? appended : 'recorded';
    },

    async addToken(run, token) {
      const appended = await store.append(runKey(run.id), [JSON.stringify(token)], {
        to: 'document',
        ...(run.lease !== undefined && !run.renewedOnly && { openUntil: openUntilMs(run, token.iat) }),
      });
      if (typeof appended !== 'string') return 'recorded';
      seen.delete(run.id);
      return appended;
    },

    async tokens(id) {
      const records = await store.read(runKey(id), 1, MAX_TOKENS_SHOWN);
      return records.map((record) => JSON.parse(record.value) as IssuedToken);
    },

    async idAt({ organizationId, project, stack, version }) {
      const [record] = await store.read(stackKey(organizationId, project, stack), version, 1);
      return record?.position === version ? record.value : undefined;
    },

    async wasGiven(id, jti) {
      const length = (await store.get(runKey(id)))?.length ?? 0;
      const oldest = Math.max(1, length - MAX_TOKENS_SHOWN + 1);
      for (let end = length; end >= oldest; end -= TOKENS_AT_ONCE) {
        const from = Math.max(oldest, end - TOKENS_AT_ONCE + 1);
        const records = await store.read(runKey(id), from, end - from + 1);
        if (records.some(({ value }) => (JSON.parse(value) as IssuedToken).jti === jti)) return true;
      }
      return false;
    },

    async list({ id, status }, offset, count) {
      if (status) await settle(id);
      const page = await store.page(listKey(id, status), offset, count);
      const loaded = await Promise.all(page.members.map(load));
      const whole = loaded.flatMap((entry) => (entry && entry.run.subject.version > 0 ? [entry.run] : []));
      return { runs: whole, total: page.total };
    },
  };
};
