import type { Context } from 'koa';
import { type Overrides, readOverrides } from '../../environments/overrides.ts';
import { Refusal } from '../../errors.ts';
import { isJsonObject, parseStrictJson } from '../../strict-json.ts';

const FIELD = 'environmentOverrides';
const MAX_TEXT = 4096;
const LIMITS = { maxDepth: 1, maxMembers: 1000 };

/**
 * The imports that an opening replaces: a JSON object of names, `{"import": "replacement"}`, in base64url, as clients
 * of the contract send `--override-env`. Absent and empty are the same.
 */
export const overridesIn = (ctx: Context): { readonly overrides?: Overrides } => {
  const text = ctx.query[FIELD];
  if (text === undefined || text === '') return {};
  if (typeof text !== 'string' || text.length > MAX_TEXT) {
    return refuse(`must be given once, in at most ${MAX_TEXT} characters`);
  }
  const named = decode(text);
  if (!isJsonObject(named)) return refuse('must be a JSON object of names of environments, in base64url');
  const overrides = readOverrides(Object.entries(named));
  return 'problem' in overrides ? refuse(overrides.problem) : { overrides };
};

/** `undefined` for what is no JSON in base64url. */
const decode = (text: string): unknown => {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text)) return undefined;
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64url')), LIMITS);
  } catch {
    return undefined;
  }
};

const refuse = (problem: string): never => {
  throw new Refusal('invalid_request', { problem: `${FIELD}: ${problem}` });
};
