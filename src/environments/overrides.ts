import { readEnvironmentReference } from './reference.ts';
import type { EnvironmentReference } from './syntax/names.ts';

/** Which imports an opening replaces, for itself alone: what takes the place of an import, by the import's own name. */
export type Overrides = ReadonlyMap<string, EnvironmentReference>;

/** As many as there may be imports. */
const MAX_OVERRIDES = 64;

/**
 * Reads which imports are to be replaced by what; spellings of one name are one name.
 *
 * A name without a version means imports without one. The problem is a sentence for whoever asks.
 */
export const readOverrides = (
  pairs: readonly (readonly [replaced: string, replacement: unknown])[],
): Overrides | { readonly problem: string } => {
  if (pairs.length > MAX_OVERRIDES) return { problem: `There are more than ${MAX_OVERRIDES} overrides.` };
  const overrides = new Map<string, EnvironmentReference>();
  for (const [from, to] of pairs) {
    if (typeof to !== 'string')
      return { problem: `What overrides ${quoted(from)} must be the name of an environment.` };
    const replaced = readEnvironmentReference(from);
    if ('problem' in replaced) return replaced;
    const replacement = readEnvironmentReference(to);
    if ('problem' in replacement) return replacement;
    const name = nameOf(replaced);
    if (overrides.has(name)) return { problem: `${name} is overridden twice.` };
    overrides.set(name, replacement);
  }
  return overrides;
};

/** The one way to write which environment, and which version of it, is meant. */
export const nameOf = ({ project, name, version }: EnvironmentReference): string =>
  `${project}/${name}${version === undefined ? '' : `@${version}`}`;

/** `import=replacement` for each, as people write it, cut off where it gets long. */
export const showOverrides = (overrides: Overrides): string =>
  [...overrides]
    .map(([name, replacement]) => `${name}=${nameOf(replacement)}`)
    .join(' ')
    .slice(0, MAX_SHOWN);

const MAX_SHOWN = 2000;

const quoted = (text: string): string => JSON.stringify(text.slice(0, 300));
