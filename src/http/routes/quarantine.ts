import type { Context } from 'koa';
import { Refusal } from '../../errors.ts';
import type { LeftBehind } from '../../flows/hold-name.ts';
import { type ReleaseNameParts, releaseName } from '../../flows/release-name.ts';
import type { HeldName } from '../../runs/held-names.ts';
import { writeTime } from '../../system.ts';
import type { Authenticated } from '../authenticate.ts';

/** Honours `?overrideQuarantine=<reason>` where a name may come into being. */
export const overrideQuarantine = async (
  ctx: Context,
  parts: ReleaseNameParts,
  { principal, organization }: Authenticated,
  name: HeldName,
): Promise<void> => {
  const { overrideQuarantine: reason } = ctx.query;
  if (reason === undefined) return;
  if (typeof reason !== 'string' || !/^[^\p{Cc}]{3,200}$/u.test(reason.trim())) {
    throw new Refusal('invalid_request', { problem: 'overrideQuarantine: must be a reason of 3 to 200 characters' });
  }
  await releaseName(parts, principal, organization, name, reason.trim());
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
