import type { Context } from 'koa';
import type { EnvironmentTarget } from '../../access/environments.ts';
import { Refusal } from '../../errors.ts';
import type { BaseRevision } from '../../flows/save-environment.ts';
import { parameterOf } from './api.ts';

/** Nothing longer names an environment or a tag, or goes on in a list. */
const MAX_WORD = 201;

/** The environment that a path names. */
export const environmentIn = (ctx: Context): EnvironmentTarget => ({
  project: parameterOf(ctx, 'project'),
  name: parameterOf(ctx, 'environment'),
});

/** A parameter of the query, given at most once; absent and empty are the same. */
export const wordIn = (ctx: Context, field: string): string | undefined => {
  const value = ctx.query[field];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && value.length <= MAX_WORD) return value;
  throw new Refusal('invalid_request', { problem: `${field}: must be given once, in at most ${MAX_WORD} characters` });
};

/** A whole number of the query; absent, empty and 0 are the same: clients of the contract send all three. */
export const numberIn = (ctx: Context, field: string): number | undefined => {
  const text = ctx.query[field];
  if (text === undefined || text === '' || text === '0') return undefined;
  if (typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Refusal('invalid_request', { problem: `${field}: must be a whole number from 0 to 999999999` });
};

const TAG = /^(?:W\/)?"([0-9a-f-]{36}):([1-9][0-9]{0,8})"$/;
/** What no revision was ever made of. */
const NONE: BaseRevision = { environmentId: '', number: 0 };

/**
 * The revision that a new definition was made of: from `If-Match`, or from `ETag` as clients of the contract send
 * it. A tag that means nothing here is the tag of another revision. RFC 9110, section 13.1.1.
 */
export const baseRevisionIn = (ctx: Context): { readonly base?: BaseRevision } => {
  const tag = ctx.get('if-match') || ctx.get('etag');
  if (tag === '' || tag === '*') return {};
  const [, environmentId = '', number] = TAG.exec(tag) ?? [];
  return { base: number === undefined ? NONE : { environmentId, number: Number(number) } };
};
