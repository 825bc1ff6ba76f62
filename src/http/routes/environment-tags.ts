import type { Context } from 'koa';
import type { EnvironmentTag, RevisionTag } from '../../environments/record.ts';
import {
  listEnvironmentTags,
  readEnvironmentTag,
  type TagEnvironmentParts,
  tagEnvironment,
} from '../../flows/tag-environment.ts';
import { listRevisionTags, readRevisionTag, type TagRevisionParts, tagRevision } from '../../flows/tag-revision.ts';
import { writeTime } from '../../system.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, parameterOf } from './api.ts';
import { environmentIn, numberIn, wordIn } from './environment-requests.ts';

const ONE = '/api/esc/environments/:org/:project/:environment';
const REVISION_TAGS = `${ONE}/versions/tags`;
const TAGS = `${ONE}/tags`;

/** Tags of a list where a request does not say how many; no environment has more. */
const MOST_LISTED = 1000;

/** What a list says where nothing follows: clients of the contract ask again until they read it. */
const NOTHING_FOLLOWS = '0';

const TAG_NAME = { type: 'string', maxLength: 100 } as const;
const TAG_VALUE = { type: 'string', maxLength: 256 } as const;
/** Clients of the contract send 0, null or nothing for the newest. */
const REVISION = { type: ['integer', 'null'], minimum: 0, maximum: 999_999_999 } as const;

const readNewRevisionTag = bodyReader<{ readonly name: string; readonly revision?: number | null }>({
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name: TAG_NAME, revision: REVISION },
});

const readRevisionTagMove = bodyReader<{ readonly revision?: number | null }>({
  type: 'object',
  additionalProperties: false,
  properties: { revision: REVISION },
});

const readNewTag = bodyReader<{ readonly name: string; readonly value: string }>({
  type: 'object',
  required: ['name', 'value'],
  additionalProperties: false,
  properties: { name: TAG_NAME, value: TAG_VALUE },
});

interface TagChange {
  readonly currentTag: { readonly value: string };
  readonly newTag: { readonly name?: string; readonly value?: string };
}

const TAG_CHANGE = {
  type: 'object',
  additionalProperties: false,
  properties: { name: TAG_NAME, value: TAG_VALUE },
} as const;

const readTagChange = bodyReader<TagChange>({
  type: 'object',
  required: ['currentTag', 'newTag'],
  additionalProperties: false,
  properties: { currentTag: { ...TAG_CHANGE, required: ['value'] }, newTag: TAG_CHANGE },
});

/** `…/versions/tags` and `…/tags`: names for revisions, and labels of environments. */
export const addEnvironmentTagRoutes = (door: ApiDoor, parts: TagEnvironmentParts & TagRevisionParts): void => {
  addRevisionTagRoutes(door, parts);

  door.get(TAGS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const all = await listEnvironmentTags(parts, principal, organization, environmentIn(ctx));
    const { tags, next } = partOf(ctx, all);
    ctx.body = { tags: Object.fromEntries(tags.map((tag) => [tag.name, showTag(tag)])), nextToken: next };
  });

  door.post(TAGS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const request = { change: 'create', ...(await readNewTag(ctx)) } as const;
    answerTag(ctx, await tagEnvironment(parts, principal, organization, environmentIn(ctx), request));
  });

  door.get(`${TAGS}/:tag`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const name = parameterOf(ctx, 'tag');
    answerTag(ctx, await readEnvironmentTag(parts, principal, organization, environmentIn(ctx), name));
  });

  door.patch(`${TAGS}/:tag`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { currentTag, newTag } = await readTagChange(ctx);
    const request = {
      change: 'update',
      name: parameterOf(ctx, 'tag'),
      expected: currentTag.value,
      // Clients of the contract leave empty what stays as it is.
      ...(newTag.name && { newName: newTag.name }),
      ...(newTag.value && { newValue: newTag.value }),
    } as const;
    answerTag(ctx, await tagEnvironment(parts, principal, organization, environmentIn(ctx), request));
  });

  door.delete(`${TAGS}/:tag`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const request = { change: 'delete', name: parameterOf(ctx, 'tag') } as const;
    answerTag(ctx, await tagEnvironment(parts, principal, organization, environmentIn(ctx), request));
  });
};

const addRevisionTagRoutes = (door: ApiDoor, parts: TagRevisionParts): void => {
  door.get(REVISION_TAGS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const all = await listRevisionTags(parts, principal, organization, environmentIn(ctx));
    const { tags, next } = partOf(ctx, all);
    ctx.body = { tags: tags.map(showRevisionTag), nextToken: next };
  });

  door.post(REVISION_TAGS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { name, revision } = await readNewRevisionTag(ctx);
    const request = { change: 'create', name, ...meant(revision) } as const;
    await tagRevision(parts, principal, organization, environmentIn(ctx), request);
    ctx.status = 204;
  });

  door.get(`${REVISION_TAGS}/:tag`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const name = parameterOf(ctx, 'tag');
    ctx.body = showRevisionTag(await readRevisionTag(parts, principal, organization, environmentIn(ctx), name));
  });

  door.patch(`${REVISION_TAGS}/:tag`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { revision } = await readRevisionTagMove(ctx);
    const request = { change: 'move', name: parameterOf(ctx, 'tag'), ...meant(revision) } as const;
    await tagRevision(parts, principal, organization, environmentIn(ctx), request);
    ctx.status = 204;
  });

  door.delete(`${REVISION_TAGS}/:tag`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const request = { change: 'delete', name: parameterOf(ctx, 'tag') } as const;
    await tagRevision(parts, principal, organization, environmentIn(ctx), request);
    ctx.status = 204;
  });
};

const meant = (revision: number | null | undefined): { readonly revision?: number } => (revision ? { revision } : {});

/** The tags whose names come after `after`, at most `count`. A token that goes on cannot be mistaken for the end. */
const partOf = <T extends { readonly name: string }>(
  ctx: Context,
  all: readonly T[],
): { readonly tags: readonly T[]; readonly next: string } => {
  const after = (wordIn(ctx, 'after') ?? '').replace(/^>/, '');
  const following = all.filter(({ name }) => name > after);
  const tags = following.slice(0, Math.min(numberIn(ctx, 'count') ?? MOST_LISTED, MOST_LISTED));
  const last = tags.at(-1);
  return { tags, next: last && tags.length < following.length ? `>${last.name}` : NOTHING_FOLLOWS };
};

const answerTag = (ctx: Context, tag: EnvironmentTag | undefined): void => {
  if (tag) ctx.body = showTag(tag);
  else ctx.status = 204;
};

const showTag = ({ name, value, created, modified, editor }: EnvironmentTag) => ({
  name,
  value,
  created: writeTime(created),
  modified: writeTime(modified),
  editorLogin: editor?.login ?? '',
  editorName: editor?.name ?? '',
});

const showRevisionTag = ({ name, revision, created, modified, editor }: RevisionTag) => ({
  name,
  revision,
  created: writeTime(created),
  modified: writeTime(modified),
  ...(editor && { editorLogin: editor.login, editorName: editor.name }),
});
