import { isJsonObject } from '../strict-json.ts';
import type { Path } from './written.ts';

/** One change to a document; without `value`, what stands at the path goes. */
export interface Change {
  readonly at: Path;
  readonly value?: unknown;
}

/**
 * The document with these changes: a copy, made anew along every path.
 *
 * A mapping that is empty because its last member went, goes too; what is missing on the way to a value is made.
 */
export const applyChanges = (document: unknown, changes: readonly Change[]): unknown =>
  changes.reduce((edited, { at, value }) => changed(edited, at, value), document);

const changed = (inside: unknown, [part, ...rest]: Path, value: unknown): unknown => {
  if (part === undefined) return value;
  if (typeof part === 'number' && Array.isArray(inside)) {
    const next = changed(inside[part], rest, value);
    return next === undefined
      ? inside.toSpliced(part, 1)
      : inside.slice(0, part).concat([next], inside.slice(part + 1));
  }
  const members = isJsonObject(inside) ? inside : {};
  const next = changed(Object.hasOwn(members, part) ? members[part] : undefined, rest, value);
  const others = Object.entries(members).filter(([name]) => name !== String(part));
  if (next !== undefined) {
    const has = Object.hasOwn(members, part);
    const all = has
      ? Object.entries(members).map(([name, old]) => [name, name === part ? next : old])
      : [...others, [part, next]];
    return Object.fromEntries(all);
  }
  return others.length === 0 ? undefined : Object.fromEntries(others);
};
