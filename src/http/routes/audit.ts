import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { exportAudit } from '../../audit/export.ts';
import { listAudit } from '../../audit/list.ts';
import type { AuditRange } from '../../audit/range.ts';
import { AUDIT_KINDS, type AuditKind } from '../../audit/record.ts';
import { verifyAudit } from '../../audit/verify.ts';
import { Refusal } from '../../errors.ts';
import { administratorsOnly } from '../../flows/administrators-only.ts';
import type { Store } from '../../store/store.ts';
import { type Clock, epochSeconds, writeTime } from '../../system.ts';
import { type ApiDoor, pageOf, timeIn } from './api.ts';

export interface AuditRouteParts {
  readonly store: Store;
  readonly clock: Clock;
}

/** Days that a query without `since` looks back. */
const DEFAULT_DAYS = 30;

/** `/api/orgs/{org}/audit`: what an organization's administrators may read of its audit log: list, verify, export. */
export const addAuditRoutes = (door: ApiDoor, parts: AuditRouteParts): void => {
  const rangeFor = async (ctx: Context): Promise<AuditRange> => {
    const { principal, organization } = await door.caller(ctx);
    administratorsOnly(principal, 'read the audit log');
    const until = timeOf(ctx, 'until') ?? epochSeconds(parts.clock) + 1;
    const since = timeOf(ctx, 'since') ?? until - DEFAULT_DAYS * 86_400;
    return { organization: organization.name, since, until };
  };

  door.get('/api/orgs/:org/audit', async (ctx) => {
    const range = await rangeFor(ctx);
    const { page, pageSize } = pageOf(ctx);
    const found = await listAudit(parts.store, { ...range, ...kindOf(ctx), page, pageSize });
    ctx.body = {
      records: found.records.map(({ time, ...record }) => ({ time: writeTime(time), ...record })),
      total: found.total,
      complete: found.complete,
      itemsPerPage: pageSize,
    };
  });

  door.get('/api/orgs/:org/audit/verify', async (ctx) => {
    ctx.body = await verifyAudit(parts.store, await rangeFor(ctx));
  });

  door.get('/api/orgs/:org/audit/export', async (ctx) => {
    const lines = exportAudit(parts.store, await rangeFor(ctx));
    // The first line is made before the answer begins, so that a store that is down is a clear 503.
    const first = await lines.next();
    ctx.type = 'application/x-ndjson';
    ctx.set('Cache-Control', 'no-store');
    ctx.body = Readable.from(
      (async function* () {
        if (!first.done) yield `${first.value}\n`;
        for await (const line of lines) yield `${line}\n`;
      })(),
    );
  });
};

const timeOf = (ctx: Context, field: 'since' | 'until'): number | undefined => {
  const text = ctx.query[field];
  return text === undefined || text === '' ? undefined : timeIn(field, text);
};

const kindOf = (ctx: Context): { kind?: AuditKind } => {
  const { kind } = ctx.query;
  if (kind === undefined || kind === '') return {};
  const known = AUDIT_KINDS.find((candidate) => candidate === kind);
  if (!known) throw new Refusal('invalid_request', { problem: `kind: must be one of ${AUDIT_KINDS.join(', ')}` });
  return { kind: known };
};
