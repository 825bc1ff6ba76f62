import type { Context } from 'koa';
import { problemWithName } from '../../access/names.ts';
import { Refusal } from '../../errors.ts';
import type { LeftBehind } from '../../flows/hold-name.ts';
import { listHeldNames, type ReleaseNameParts, releaseName } from '../../flows/release-name.ts';
import type { HeldName } from '../../runs/held-names.ts';
import { writeTime } from '../../system.ts';
import type { Authenticated } from '../authenticate.ts';
import { bodyReader } from '../body.ts';
import type { ApiDoor } from './api.ts';

/** Honours `?overrideQuarantine=<reason>` where a name may come into being. */
export const overrideQuarantine = async (
  ctx: Context,
  parts: ReleaseNameParts,
  { principal, organization }: Authenticated,
  name: HeldName,
): Promise<void> => {
  const { overrideQuarantine: reason } = ctx.query;
  if (reason === undefined) return;
  await releaseName(parts, principal, organization, name, readReason('overrideQuarantine', reason));
};

const readReason = (field: string, given: unknown): string => {
  const reason = typeof given === 'string' ? given.trim() : '';
  if (/^[^\p{Cc}]{3,200}$/u.test(reason)) return reason;
  throw new Refusal('invalid_request', { problem: `${field}: must be a reason of 3 to 200 characters` });
};

const readRelease = bodyReader<{ readonly kind: HeldName['kind']; readonly name: string; readonly reason: string }>({
  type: 'object',
  required: ['kind', 'name', 'reason'],
  additionalProperties: false,
  properties: {
    kind: { type: 'string', enum: ['stack', 'environment'] },
    name: { type: 'string', maxLength: 201 },
    reason: { type: 'string', maxLength: 1024 },
  },
});

/** `/api/orgs/{org}/trust/held-names`: names of what was deleted, and the leave to use one again. */
export const addHeldNameRoutes = (door: ApiDoor, parts: ReleaseNameParts): void => {
  door.get('/api/orgs/:org/trust/held-names', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const held = await listHeldNames(parts, principal, organization);
    ctx.body = {
      heldNames: held.map(({ kind, project, name, until, documents }) => ({
        kind,
        name: `${project}/${name}`,
        until: writeTime(until),
        trustDocuments: documents,
      })),
    };
  });

  door.post('/api/orgs/:org/trust/held-names/release', async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { kind, name: path, reason } = await readRelease(ctx);
    const [project = '', name = '', ...rest] = path.split('/');
    if (rest.length > 0 || problemWithName('project', project) || problemWithName(kind, name)) {
      throw new Refusal('invalid_name', { field: 'name', problem: 'must be "project/name"' });
    }
    const held = { kind, project, name };
    if (!(await releaseName(parts, principal, organization, held, readReason('reason', reason)))) {
      throw new Refusal('not_found', { what: `held name "${path}" of any ${kind}` });
    }
    ctx.body = { kind, name: path };
  });
};

/** A generated document as it is remembered. */
export const showTrust = ({ created, ...document }: LeftBehind['documents'][number]) => ({
  ...document,
  created: writeTime(created),
});

/** What was deleted leaves nothing to say, unless documents still trust its name. */
export const answerLeftBehind = (ctx: Context, { documents, heldUntil }: LeftBehind): void => {
  if (documents.length === 0) {
    ctx.status = 204;
    return;
  }
  ctx.body = {
    trustDocuments: documents.map(showTrust),
    ...(heldUntil !== undefined && { heldUntil: writeTime(heldUntil) }),
  };
};
