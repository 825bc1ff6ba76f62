import { isObject } from './fields.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Settings with a change laid over them: `null` removes a member, objects are merged, everything else is replaced.
 * Contract section 1.8; RFC 7396.
 *
 * No `null` is left in the answer, so `mergePatch({}, settings)` is what they mean by themselves.
 */
export const mergePatch = (base: unknown, patch: JsonObject): JsonObject => {
  const kept = isObject(base) ? Object.entries(base).filter(([name]) => !Object.hasOwn(patch, name)) : [];
  const changed = Object.entries(patch).flatMap(([name, value]): [string, unknown][] => {
    if (value === null) return [];
    const before = isObject(base) && Object.hasOwn(base, name) ? base[name] : undefined;
    return [[name, isObject(value) ? mergePatch(before, value) : value]];
  });
  return Object.fromEntries([...kept, ...changed]);
};
