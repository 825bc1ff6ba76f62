import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { AuditQuery } from '../audit/list.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Verification } from '../audit/verify.ts';
import { epochSeconds, readTime, writeTime } from '../system.ts';
import type { AuditScope } from './commands/audit.ts';
import { unusable } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** A record with its time for people. */
export interface ShownRecord extends Omit<AuditRecord, 'time'> {
  readonly time: string;
}

export interface ShownPage {
  readonly records: readonly ShownRecord[];
  readonly total: number;
  readonly complete: boolean;
}

type PageQuery = Pick<AuditQuery, 'kind' | 'page' | 'pageSize'>;

/** Where audit records are read: through the API, or in the store itself. */
export interface AuditSource {
  list(query: PageQuery): Promise<ShownPage>;
  verify(heads: readonly unknown[]): Promise<Verification>;
  export(): AsyncIterable<string>;
  close(): Promise<void>;
}

/** An organization's records, as its administrators may read them. */
export const ofOrganization = async (
  around: Surroundings,
  { org: given, since, until }: AuditScope,
): Promise<AuditSource> => {
  const { apiPath, openClient } = await import('./client.ts');
  const client = await openClient(around);
  const org = await client.organization(given);
  const path = apiPath`/api/orgs/${org}/audit`;
  const range = { since, until };
  return {
    list: (query) => client.get<ShownPage>(path, { ...range, ...query }),
    verify: () => client.get<Verification>(`${path}/verify`, range),
    export: () => client.lines(`${path}/export`, range),
    close: async () => {},
  };
};

const DEFAULT_DAYS = 30;

/** The installation's own records (its keys, its files), which no organization sees: only where the store can be opened. */
export const ofInstallation = async (around: Surroundings, scope: AuditScope): Promise<AuditSource> => {
  const until = timeOf('until', scope.until) ?? epochSeconds(around.system.clock) + 1;
  const range = { since: timeOf('since', scope.since) ?? until - DEFAULT_DAYS * 86_400, until };
  const [{ openInstalledStore }, { listAudit }, { verifyAudit }, { exportAudit }] = await Promise.all([
    import('./operator.ts'),
    import('../audit/list.ts'),
    import('../audit/verify.ts'),
    import('../audit/export.ts'),
  ]);
  const store = await openInstalledStore(around);
  return {
    async list(query) {
      const { records, total, complete } = await listAudit(store, { ...range, ...query });
      return { records: records.map(({ time, ...record }) => ({ ...record, time: writeTime(time) })), total, complete };
    },
    verify: (heads) => verifyAudit(store, range, heads),
    export: () => exportAudit(store, range),
    close: () => store.close(),
  };
};

const timeOf = (field: 'since' | 'until', text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const time = readTime(text);
  if (time === undefined) throw unusable(`--${field} is not a time.`, 'write one such as 2026-01-31T12:00:00Z');
  return time;
};

/** Verifies an exported file by itself. */
export const verifyFile = async (
  around: Surroundings,
  file: string,
  heads: readonly unknown[],
): Promise<Verification> => (await import('../audit/export.ts')).verifyExport(readLines(around, file), heads);

/** The signed heads among the lines of a server's log; other lines are passed over. */
export const readHeads = async (around: Surroundings, log: string | undefined): Promise<readonly unknown[]> => {
  if (log === undefined) return [];
  const heads: unknown[] = [];
  for await (const line of readLines(around, log)) {
    // Cheaper than reading every line of a log: a head has a signature.
    if (!line.includes('"signature"')) continue;
    try {
      heads.push(JSON.parse(line));
    } catch {}
  }
  return heads;
};

async function* readLines({ cwd }: Surroundings, file: string): AsyncGenerator<string> {
  const stream = createReadStream(resolve(cwd, file));
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw unusable(`${file} cannot be read.`, undefined, cause);
  } finally {
    stream.destroy();
  }
}
