import fc from 'fast-check';

/** A piece of YAML before it is written down. */
export type Tree =
  | { readonly text: string; readonly lines?: readonly string[] }
  | { readonly items: readonly Tree[]; readonly style: Style }
  | { readonly entries: readonly (readonly [key: string, value: Tree])[]; readonly style: Style };

interface Style {
  readonly flow: boolean;
  /** A tag or an anchor before it. */
  readonly mark: string;
  /** A comment behind it, in block style. */
  readonly comment: string;
}

const style: fc.Arbitrary<Style> = fc.record({
  flow: fc.boolean(),
  mark: fc.oneof(
    { weight: 30, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom('&m', '!t', '!!map') },
  ),
  comment: fc.oneof({ weight: 20, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant(' # note: x') }),
});

export const scalarOf = (text: string): Tree => ({ text });
export const listOf = (items: fc.Arbitrary<readonly Tree[]>): fc.Arbitrary<Tree> =>
  fc.record({ items, style }).map(({ items: own, style: how }) => ({ items: own, style: how }));
export const mapOf = (entries: fc.Arbitrary<readonly (readonly [string, Tree])[]>): fc.Arbitrary<Tree> =>
  fc.record({ entries, style }).map(({ entries: own, style: how }) => ({ entries: own, style: how }));

/** Writes a tree behind `key:` or `-`, with the space or line break before it. `margin` is where its lines begin. */
export const write = (tree: Tree, margin: string, isFlow = false): string => {
  if ('text' in tree) {
    // There are no blocks of text in brackets.
    if (tree.lines && isFlow) return ` ${JSON.stringify(tree.lines.join('\n'))}`;
    if (!tree.lines) return tree.text === '' && !isFlow ? '' : ` ${tree.text}`;
    return ` ${tree.text}\n${tree.lines.map((line) => (line === '' ? '' : margin + line)).join('\n')}`;
  }
  const { flow, mark, comment } = tree.style;
  const before = mark === '' ? '' : ` ${mark}`;
  const members: readonly (readonly [string, Tree])[] =
    'items' in tree ? tree.items.map((item) => ['-', item] as const) : tree.entries;
  if (flow || isFlow || members.length === 0) {
    const [open, close] = 'items' in tree ? '[]' : '{}';
    const parts = members.map(([key, value]) =>
      'items' in tree ? write(value, '', true).trimStart() : `${key}:${write(value, '', true)}`,
    );
    return `${before} ${open}${parts.join(', ')}${close}`;
  }
  const rest = members.map(
    ([key, value]) => `${margin}${'items' in tree ? '-' : `${key}:`}${write(value, `${margin}  `)}`,
  );
  return `${before}${comment}\n${rest.join('\n')}`;
};
