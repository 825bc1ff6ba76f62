import { isJsonObject } from '../../strict-json.ts';
import { parseWhole } from './fields.ts';

/**
 * What a role means by the name of a claim: a JSON pointer where it begins with `/` (RFC 6901), else the name as it
 * stands, dots and all. `undefined`: the token has no such claim.
 */
export const claimAt = (claims: Readonly<Record<string, unknown>>, name: string): unknown => {
  if (!name.startsWith('/')) return ownMember(claims, name);
  let found: unknown = claims;
  for (const part of name.slice(1).split('/'))
    found = ownMember(found, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return found;
};

/** A member of a list or mapping, `undefined` for `null`, too. */
export const ownMember = (value: unknown, name: string): unknown => {
  if (Array.isArray(value)) return value[parseWhole(name || '0') ?? -1] ?? undefined;
  return isJsonObject(value) && Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
};

/** A claim's values: one or a list; `undefined` for what is neither text, number, truth value nor a list of such. */
export const listOf = (value: unknown): readonly unknown[] | undefined => {
  if (Array.isArray(value)) return value;
  return ['string', 'number', 'boolean'].includes(typeof value) ? [value] : undefined;
};
