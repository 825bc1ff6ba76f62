import { quote } from '../../environments/syntax/paths.ts';
import { byCodePoints, isNumberText, type NumberText, type Plain } from '../../environments/values.ts';

/**
 * Values as the API tells them: `{value, secret?, unknown?, trace}`, and the same for every member.
 *
 * They are kept in that form: nothing is lost on the way to `--format detailed`.
 */
export type Tree = Plain;

/** What hides secrets, and what shows them. */
export type Secrets = 'reveal' | 'redact';

const HIDDEN = '[secret]';

/** Reads an answer of the API. Numbers keep their digits, objects are maps. Throws `SyntaxError`. */
export const readExactJson = (text: string): Plain => {
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value === 'number') return { number: context?.source ?? String(value) } satisfies NumberText;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return new Map(Object.entries(value));
  };
  return JSON.parse(text, revive) as Plain;
};

export const member = (of: Plain | undefined, key: string): Plain | undefined =>
  of instanceof Map ? (of.get(key) as Plain | undefined) : undefined;

/** The values of an environment, of a checked or opened one. */
export const treeOf = (answer: Plain): Tree => new Map([['value', member(answer, 'properties') ?? new Map()]]);

/** What stands at a path; `undefined` where there is nothing. */
export const treeAt = (tree: Tree, path: readonly (string | number)[]): Tree | undefined => {
  let found: Tree | undefined = tree;
  for (const step of path) {
    const content = member(found, 'value');
    found = typeof step === 'string' ? member(content, step) : Array.isArray(content) ? content[step] : undefined;
  }
  return found;
};

const isSecret = (tree: Tree): boolean => member(tree, 'secret') === true;

/** The bare value. */
export const plainOf = (tree: Tree, secrets: Secrets): Plain => {
  if (secrets === 'redact' && isSecret(tree)) return HIDDEN;
  const content = member(tree, 'value') ?? null;
  if (Array.isArray(content)) return content.map((item: Tree) => plainOf(item, secrets));
  if (!(content instanceof Map)) return content;
  return new Map([...content].map(([key, item]: [string, Tree]) => [key, plainOf(item, secrets)]));
};

/** The tree itself, without what must not be seen. */
export const shownTree = (tree: Tree, secrets: Secrets): Tree => {
  if (!(tree instanceof Map)) return tree;
  const content = member(tree, 'value') ?? null;
  const base = member(member(tree, 'trace'), 'base');
  const shown = new Map<string, Plain>(tree);
  shown.set('value', secrets === 'redact' && isSecret(tree) ? HIDDEN : shownContent(content, secrets));
  if (base !== undefined) {
    const trace = new Map(member(tree, 'trace') as ReadonlyMap<string, Plain>);
    shown.set('trace', trace.set('base', shownTree(base, secrets)));
  }
  return shown;
};

const shownContent = (content: Plain, secrets: Secrets): Plain => {
  if (Array.isArray(content)) return content.map((item: Tree) => shownTree(item, secrets));
  if (!(content instanceof Map)) return content;
  return new Map([...content].map(([key, item]: [string, Tree]) => [key, shownTree(item, secrets)]));
};

/** A value as one text: null is empty, elements stand in quotes between commas, members as `"key"="value"`. */
export const textOf = (plain: Plain): string => {
  if (plain === null) return '';
  if (isNumberText(plain)) return plain.number;
  if (Array.isArray(plain)) return plain.map((item: Plain) => quote(textOf(item))).join(',');
  if (!(plain instanceof Map)) return String(plain);
  return sortedEntries(plain)
    .map(([key, item]) => `${quote(key)}=${quote(textOf(item))}`)
    .join(',');
};

export const sortedEntries = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...map].sort(([left], [right]) => byCodePoints(left, right));

/** Every text and number of a secret value, wherever it stands. */
export const secretTexts = (tree: Tree): readonly string[] => {
  const found = new Set<string>();
  const visit = (one: Tree, inherited: boolean): void => {
    const secret = inherited || isSecret(one);
    const content = member(one, 'value') ?? null;
    if (Array.isArray(content)) for (const item of content) visit(item as Tree, secret);
    else if (content instanceof Map) for (const item of content.values()) visit(item as Tree, secret);
    else if (secret && (typeof content === 'string' || isNumberText(content))) found.add(textOf(content));
  };
  visit(tree, false);
  return [...found];
};
