import fc from 'fast-check';

/** Claims that expressions are evaluated with: of a run, and of somebody who tries everything that JSON has. */
export const CLAIMS: readonly Readonly<Record<string, unknown>>[] = [
  {
    sub: 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write',
    org: 'contoso',
    project: 'core',
    n: 34,
    f: 1.5,
    b: true,
    nothing: null,
    groups: ['dev', 'ops'],
    empty: [],
    nested: { a: { b: 'c' }, k: 'v' },
    'https://pulumi.com/org': 'contoso',
  },
  { sub: 'é:contoso', org: '', n: -3, f: 0.5, b: false, groups: ['contoso', 1, null], nested: { k: 7 }, empty: [[]] },
  {},
];

const word = fc.constantFrom(
  ...['claims.sub', 'claims.org', 'claims.project', 'claims["https://pulumi.com/org"]', 'claims.nested.k'],
  ...['claims.nested.a.b', 'claims.missing', 'claims.nothing', 'claims.n', 'claims.groups[0]', 'claims.groups[9]'],
  ...['"contoso"', "'pulumi:deploy:org:contoso:'", "'core'", "''", '"\\u00e9"', "r'\\d'"],
);
const number = fc.constantFrom('1', '34', '1.5', '0', '-3', 'claims.n', 'claims.f', 'size(claims.sub)', '2u');
const list = fc.constantFrom(
  ...['claims.groups', 'claims.empty', "['a', 'b']", '[]', "['contoso', claims.org]", '[1, 2.0]'],
  ...["claims.sub.split(':')", "claims.sub.split(':', 3)"],
);
const mapping = fc.constantFrom('claims', 'claims.nested', "{'contoso': 1, 'core': 2}");
const pattern = fc.constantFrom(
  ...['^pulumi', 'contoso$', 'o.*o', '[0-9]+', '^(a|co)+ntoso$', '(?i)CONTOSO', '\\\\pL+', '^.$', '(', 'a{2,1}', '^$'],
);

/** Expressions in CEL: most of them right, and many with a type, a claim or an index that is not there. */
const { expression } = fc.letrec<Record<'text' | 'truth' | 'expression', string>>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.tuple(tie('text'), tie('text')).map(([left, right]) => `(${left} + ${right})`),
    fc.tuple(tie('truth'), tie('text'), tie('text')).map(([ask, yes, no]) => `(${ask} ? ${yes} : ${no})`),
    fc.tuple(tie('text'), fc.constantFrom('lowerAscii', 'upperAscii', 'trim')).map(([of, name]) => `${of}.${name}()`),
    fc.tuple(tie('text'), number).map(([of, at]) => `${of}.split(':')[${at}]`),
    fc.tuple(list, fc.constantFrom('', "'-'")).map(([of, by]) => `${of}.join(${by})`),
    fc.tuple(tie('text'), word).map(([of, by]) => `${of}.replace('o', ${by})`),
    fc.tuple(tie('text'), number).map(([of, most]) => `${of}.replace('', '.', ${most})`),
    fc.tuple(tie('text'), number, number).map(([of, from, to]) => `${of}.substring(${from}, ${to})`),
    number.map((of) => `string(${of})`),
  ),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(tie('text'), fc.constantFrom('==', '!=', '<', '>='), tie('text'))
      .map(([left, how, right]) => `(${left} ${how} ${right})`),
    fc
      .tuple(number, fc.constantFrom('==', '!=', '<', '>='), number)
      .map(([left, how, right]) => `(${left} ${how} ${right})`),
    fc
      .tuple(tie('text'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('text'))
      .map(([of, how, part]) => `${of}.${how}(${part})`),
    fc
      .tuple(fc.oneof(tie('text'), number, tie('truth')), fc.oneof(list, mapping))
      .map(([what, where]) => `(${what} in ${where})`),
    fc.constantFrom('has(claims.sub)', 'has(claims.missing)', 'has(claims.nested.zz)', 'has(claims.missing.x)'),
    fc.constantFrom('claims.b', 'claims.org', 'true', 'false', 'claims.groups == claims.empty'),
    fc
      .tuple(tie('truth'), fc.constantFrom('&&', '||'), tie('truth'))
      .map(([left, how, right]) => `(${left} ${how} ${right})`),
    tie('truth').map((not) => `!(${not})`),
    fc.tuple(tie('text'), pattern).map(([of, by]) => `${of}.matches('${by}')`),
    fc
      .tuple(list, fc.constantFrom('exists', 'all', 'exists_one'))
      .map(([of, how]) => `${of}.${how}(x, x.startsWith('c'))`),
    list.map((of) => `(size(${of}.filter(x, x == 'dev')) > 0)`),
    list.map((of) => `(${of}.map(x, x + '!') == ['a!', 'b!'])`),
    fc.tuple(list, list).map(([left, right]) => `(${left} + ${right} == ${left})`),
  ),
  expression: fc.oneof(tie('truth'), tie('truth'), tie('text')),
}));

const samples = <T>(of: fc.Arbitrary<T>, numRuns: number): readonly T[] => fc.sample(of, { numRuns, seed: 20_261_128 });

/** Different expressions, the same in every run. */
export const expressions = (count: number): readonly string[] => [...new Set(samples(expression, count))];

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', ':'), maxLength: 8 });

/** Globs with texts: few letters, so that many match. */
export const globs = (count: number): readonly (readonly [pattern: string, text: string])[] =>
  samples(fc.tuple(letters, letters), count);

/** JSON pointers into `POINTED`. */
export const pointers = (count: number): readonly string[] =>
  samples(
    fc.array(fc.constantFrom('a', 'b', 'x/y', 'm~n', '0', '1', '', 'zz'), { minLength: 1, maxLength: 4 }),
    count,
  ).map((parts) => parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));

export const POINTED = {
  a: { b: ['one', { a: 'two' }], 'x/y': 'three' },
  'm~n': { '0': 'four' },
  b: 'five',
  '': 'six',
};
