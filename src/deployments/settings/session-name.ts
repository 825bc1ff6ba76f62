/** What the placeholders of a template stand for. */
export interface SessionNames {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly operation: string;
  readonly version: number;
  readonly id: string;
}

/** How long a session name and a source identity may be. AWS STS API reference, AssumeRoleWithWebIdentity. */
const LENGTH = { shortest: 2, longest: 64 } as const;
const ALLOWED = /^[\w+=,.@-]*$/;

/** Longest values of the placeholders that are never cut: `remediate-drift`, ten digits, a UUID. */
const LONGEST = { operation: 15, version: 10, id: 36 } as const;

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly of: keyof SessionNames };

const CUT: readonly (keyof SessionNames)[] = ['organization', 'project', 'stack'];

/** The operation goes by two names: the contract's guide has one, its schema the other. */
const PLACEHOLDERS: ReadonlyMap<string, keyof SessionNames> = new Map([
  ['organization.name', 'organization'],
  ['project.name', 'project'],
  ['stack.name', 'stack'],
  ['operation', 'operation'],
  ['deployment.operation', 'operation'],
  ['deployment.version', 'version'],
  ['deployment.id', 'id'],
]);

/**
 * What a session-name template comes to for one run: at most 64 characters. Contract section 1.7.
 *
 * Only the names of organization, project and stack are cut, from their ends and all to the same length, the longest
 * that fits; operation, version and id never are.
 */
export const resolveSessionName = (template: string, names: SessionNames): string => {
  const pieces = readTemplate(template);
  const fixed = pieces.filter((piece) => !isCut(piece)).map((piece) => valueIn(piece, names).length);
  const cut = pieces.filter(isCut).map((piece) => valueIn(piece, names).length);
  const longest = longestEqual(cut, LENGTH.longest - sum(fixed));
  return pieces.map((piece) => valueIn(piece, names).slice(0, isCut(piece) ? longest : undefined)).join('');
};

/** Why no run could ever use this template, as the end of a sentence; `undefined` when runs can. */
export const problemWithSessionName = (template: string): string | undefined => {
  const pieces = readTemplate(template);
  const wrong = pieces.find((piece) => piece.kind === 'text' && !ALLOWED.test(piece.text));
  if (wrong) {
    return `takes A-Z, a-z, 0-9, "_", "+", "=", ",", ".", "@", "-", and the placeholders ${[...PLACEHOLDERS.keys()]
      .map((name) => `\${${name}}`)
      .join(', ')}`;
  }
  const most = sum(pieces.filter((piece) => !isCut(piece)).map(longestOf));
  if (most > LENGTH.longest) {
    return `comes to up to ${most} characters without any name; AWS takes ${LENGTH.longest}`;
  }
  const least = sum(
    pieces.map((piece) => (piece.kind === 'text' ? piece.text.length : piece.of === 'version' ? 1 : 2)),
  );
  return least < LENGTH.shortest ? `comes to ${least} characters; AWS takes ${LENGTH.shortest} or more` : undefined;
};

/** Why AWS would not take this, which a template came to; the end of a sentence. */
export const problemWithResolvedName = (name: string): string | undefined =>
  name.length >= LENGTH.shortest && name.length <= LENGTH.longest && ALLOWED.test(name)
    ? undefined
    : `comes to ${name.length} characters; AWS takes ${LENGTH.shortest} to ${LENGTH.longest}`;

/** Texts and placeholders in turn; what only looks like a placeholder stays text, and `$` is allowed in none. */
const readTemplate = (template: string): readonly Piece[] =>
  template.split(/(\$\{[^{}]*\})/).flatMap((text): Piece[] => {
    const of = PLACEHOLDERS.get(text.slice(2, -1));
    if (text.startsWith('${') && of !== undefined) return [{ kind: 'placeholder', of }];
    return text === '' ? [] : [{ kind: 'text', text }];
  });

const isCut = (piece: Piece): boolean => piece.kind === 'placeholder' && CUT.includes(piece.of);

const valueIn = (piece: Piece, names: SessionNames): string =>
  piece.kind === 'text' ? piece.text : String(names[piece.of]);

const longestOf = (piece: Piece): number =>
  piece.kind === 'text' ? piece.text.length : (LONGEST[piece.of as keyof typeof LONGEST] ?? 0);

/** The largest length to which all of these can be cut so that together they stay within `budget`. */
const longestEqual = (lengths: readonly number[], budget: number): number => {
  let longest = LENGTH.longest;
  while (longest > 0 && sum(lengths.map((length) => Math.min(length, longest))) > budget) longest--;
  return longest;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
