// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import fc from 'fast-check';
import { listOf, mapOf, scalarOf, type Tree } from './trees.ts';

/** Values of definitions: every kind of scalar, every function in right and wrong shape, every kind of access. */

const NAMES = ['a', 'b', 'c', 'd', 'obj', 'list', 'secret', 'opened', 'text', 'num'] as const;
const name = fc.constantFrom(...NAMES);
const oddKey = fc.constantFrom(
  'A',
  'Obj',
  'imports',
  'context',
  'environments',
  'fn::join',
  'Fn::x',
  'fn::',
  '"k e y"',
  'a.b',
  'é',
  '"q\\"r"',
  "'it''s'",
  '1a',
  '_',
  '"1"',
  '"true"',
  '$$x',
  '$x',
  '"${a}"',
  '"a${b}c"',
  '<<',
  'oöo',
  '日本',
  '"\\u00e9"',
  '""',
  'lsit',
  'x-y',
  'a_b',
  'aB',
  '1',
  'true',
  'null',
  '~',
  '1.5',
  '2001-01-01',
  '!t k',
  '"a\\nb"',
); // prettier-ignore
export const key = fc.oneof({ weight: 12, arbitrary: name }, { weight: 1, arbitrary: oddKey });

const step = fc.oneof(
  { weight: 8, arbitrary: name.map((own) => `.${own}`) },
  { weight: 2, arbitrary: name.map((own) => `["${own}"]`) },
  { weight: 4, arbitrary: fc.constantFrom('[0]', '[1]', '[2]', '[-1]', '[99]') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '.',
      '..',
      '[',
      '["',
      '["a',
      '[""]',
      '["a\\"b"]',
      '["a]',
      '[]',
      '[x]',
      '[1',
      '[1.5]',
      '[+1]',
      '[ 1]',
      '[0x1]',
      '["k e y"]',
      '.é',
      '.lsit',
      '.Obj',
      '.a_b',
      '.日本',
      '[99999999999999999999]',
      '.a-b',
      '["a"b]',
      '.$',
      '.${',
      '.1',
      '["a\\\\"]',
      "['a']",
    ), // prettier-ignore
  },
);
const head = fc.oneof(
  { weight: 12, arbitrary: name },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'imports.e',
      'imports["p/x"]',
      'imports.f',
      'imports',
      'imports.nope',
      'imports["root"]',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'context',
      'context.pulumi',
      'context.pulumi.user.id',
      'context.currentEnvironment.name',
      'context.rootEnvironment',
      'context.nope',
      'context.pulumi.user.Id',
    ), // prettier-ignore
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'environments.p.x',
      'environments.p.y',
      'environments.p.nope',
      'environments.p',
      'environments',
      'environments[0].x',
      'environments.p[1]',
      'environments["p"]["x"]',
      'environments.p.root',
      'environments.p["x"]["obj"]',
      'environments.p.bad',
    ), // prettier-ignore
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '["a"]', '["k e y"]', '[0]', '.a', 'lsit', 'OBJ', 'é', ' a', '"a"', '$a'),
  },
);
const close = fc.oneof(
  { weight: 30, arbitrary: fc.constant('}') },
  { weight: 1, arbitrary: fc.constantFrom('', ' }', '}}', ']', 'é}') },
);
const access = fc
  .tuple(head, fc.array(step, { maxLength: 3 }), close)
  .map(([first, steps, last]) => `\${${first}${steps.join('')}${last}`);

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('x', 'hello', 'a b', 'a,b,c', '-', 'é', 'x: y', 'it"s', "it's") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      '$',
      '$$',
      '$$$',
      '$${a}',
      '$$${a}',
      '日本語',
      '😀',
      '<&>',
      'tab\there',
      'two\nlines',
      '{"a":1}',
      '[1,"x",null]',
      '{"a":{"b":[true]}}',
      '{bad',
      '1 2',
      'aGVsbG8=',
      'aGVsbG8',
      '/+==',
      '!!!',
      'null',
      'true',
      '12',
      '1.50',
      '\\',
      '#',
      'a #b',
      '\u0007',
      'e\u0301',
    ), // prettier-ignore
  },
);
const texts = fc.array(fc.oneof(word, access), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

const doubleQuoted = (text: string): string => JSON.stringify(text);
const singleQuoted = (text: string): string => `'${text.replaceAll("'", "''").replaceAll(/[\n\t\u0007]/g, ' ')}'`;
const plain = (text: string): string =>
  /^[\w$é][^\n\t\u0007\u0301日本語😀]*$/u.test(text) && !/: | #|[,[\]{}"]/.test(text) && text.trim() === text
    ? text
    : doubleQuoted(text);
const block = (text: string, indicator: string): Tree =>
  text.trim() === '' || /\u0007|^[ \t]/m.test(text)
    ? scalarOf(doubleQuoted(text))
    : { text: indicator, lines: text.split('\n') };

/** A text in one of YAML's ways to write it. */
const textNode = (text: fc.Arbitrary<string>): fc.Arbitrary<Tree> =>
  fc.tuple(text, fc.integer({ min: 0, max: 19 })).map(([own, how]): Tree => {
    if (how < 8) return scalarOf(plain(own));
    // Also where brackets are around it, and it is no YAML there.
    if (how < 9) return /^\$\{[\w.[\]"-]*\}$/.test(own) ? scalarOf(own) : scalarOf(plain(own));
    if (how < 14) return scalarOf(doubleQuoted(own));
    if (how < 16) return scalarOf(singleQuoted(own));
    return block(own, ['|', '>', '|-', '>+'][how - 16] ?? '|');
  });

const otherScalar = fc
  .constantFrom(
    'true',
    'false',
    'True',
    'FALSE',
    'null',
    '~',
    '',
    'Null',
    'yes',
    'no',
    'on',
    'Off',
    'y',
    '0',
    '1',
    '-1',
    '+7',
    '0777',
    '0o17',
    '0x1F',
    '0b101',
    '1_000',
    '1.0',
    '1.50',
    '1e3',
    '1E-7',
    '123456789012345678901234567890',
    '9223372036854775808',
    '18446744073709551616',
    '-9223372036854775809',
    '0.1',
    '.5',
    '5.',
    '1e400',
    '-0',
    '-0.0',
    '0x',
    '08',
    '09.5',
    '1__0',
    '_1',
    '1:30',
    '2001-12-14',
    '2001-12-14t21:59:43.10-05:00',
    '12e03',
    '0o8',
    '!!str 42',
    '!!int "7"',
    '!!float 1',
    '!!bool "true"',
    '!!null ""',
    '!t x',
    '!t 1',
    '!<tag:yaml.org,2002:str> 1',
    '! 1',
    '!!binary aGk=',
    '!!int x',
    '!!timestamp 2001-01-01',
    '&n 1',
    '&n text',
    '1e5',
    '100000',
    '1000000.5',
    '0.00001',
    '1.7976931348623157e308',
    '-.5',
    '0b12',
    '0x1g',
    '1,000',
    '=',
  ) // prettier-ignore
  .map(scalarOf);

export const scalar: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 5, arbitrary: textNode(texts) },
  { weight: 4, arbitrary: textNode(access) },
  { weight: 3, arbitrary: textNode(word) },
  { weight: 3, arbitrary: otherScalar },
);

const CIPHERTEXTS = [
  'ZXNjeAAAAAHo5ezs7/ei8bc=',
  'ZXNjeAAAAAHz5eLy5fTMXU9E',
  'AAAA',
  '',
  '!!',
  'ZXNjeAAAAALo5ezs7/e2QkW8',
  'ZXNjeAAAAAE=',
  'eHNjeAAAAAHo5ezs7/dAAAAA',
  '$$',
  'Zg',
  'Z===',
  'Zm9v\\n',
] as const; // prettier-ignore

// The text of a secret is raw here, and has accesses and escapes there.
const rawWord = word.filter((text) => !text.includes('$'));
const notText = (value: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
  value.filter((tree) => !('text' in tree) || !/\$/.test(JSON.stringify(tree)));

/** One call, or something that looks like one. */
const call = (value: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> => {
  const of = (name: fc.Arbitrary<string>, argument: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
    mapOf(fc.tuple(name, argument).map((entry) => [entry]));
  const constant = (...names: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...names);
  const text = fc.oneof(
    { weight: 3, arbitrary: textNode(fc.oneof(word, texts, access)) },
    { weight: 1, arbitrary: value },
  );
  const list = listOf(fc.array(text, { maxLength: 3 }));
  const lists = listOf(
    fc.array(fc.oneof({ weight: 4, arbitrary: list }, { weight: 1, arbitrary: text }), { maxLength: 3 }),
  );
  const inputs = fc.oneof(
    { weight: 4, arbitrary: mapOf(fc.array(fc.tuple(key, value), { maxLength: 3 })) },
    { weight: 1, arbitrary: text },
  );
  const why = mapOf(
    fc.oneof(
      fc.tuple(fc.constant('why'), text).map((entry) => [entry]),
      fc
        .tuple(fc.constantFrom('why', 'who'), text, text)
        .map(([first, one, other]): readonly (readonly [string, Tree])[] => [
          [first, one],
          ['more', other],
        ]),
    ),
  );
  const provider = constant('test', 'test', 'secret-wrapper', 'error', 'nope');
  return fc.oneof(
    of(constant('fn::join'), listOf(fc.tuple(text, fc.oneof(list, text)))),
    of(constant('fn::split'), listOf(fc.tuple(text, text))),
    of(constant('fn::concat'), fc.oneof(lists, value)),
    of(constant('fn::join', 'fn::split', 'fn::concat'), value),
    of(constant('fn::toJSON', 'fn::toYAML', 'fn::toString', 'fn::final'), value),
    of(constant('fn::fromJSON', 'fn::fromBase64', 'fn::toBase64'), text),
    of(
      constant('fn::secret'),
      fc.oneof({ weight: 4, arbitrary: textNode(rawWord) }, { weight: 1, arbitrary: notText(value) }),
    ),
    of(
      constant('fn::secret'),
      mapOf(
        fc
          .tuple(
            constant('ciphertext'),
            fc.constantFrom(...CIPHERTEXTS).map((own) => scalarOf(`"${own}"`)),
          )
          .map((entry) => [entry]),
      ),
    ),
    of(constant('fn::open::test', 'fn::open::secret-wrapper'), inputs),
    of(constant('fn::open::error'), fc.oneof(why, inputs)),
    of(constant('fn::open::nope', 'fn::open::', 'fn::open::test::x'), inputs),
    of(
      constant('fn::open'),
      mapOf(
        fc.tuple(provider.map(scalarOf), inputs).map(([who, what]) => [
          ['provider', who],
          ['inputs', what],
        ]),
      ),
    ),
    of(
      constant('fn::open'),
      fc.oneof(value, mapOf(fc.array(fc.tuple(constant('provider', 'inputs', 'x'), value), { maxLength: 3 }))),
    ),
    of(constant('fn::nope', 'Fn::join', 'fn::', 'fn::tojson', 'fn'), value),
    mapOf(fc.tuple(call0(value), fc.tuple(key, value)).map(([one, other]) => [one, other])),
  );
};
const call0 = (value: fc.Arbitrary<Tree>): fc.Arbitrary<readonly [string, Tree]> =>
  fc.tuple(fc.constantFrom('fn::join', 'fn::secret', 'fn::nope', 'fn::open::test'), value);

export const { value } = fc.letrec<{ value: Tree }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: scalar },
    { weight: 2, arbitrary: listOf(fc.array(tie('value'), { maxLength: 3 })) },
    { weight: 3, arbitrary: mapOf(fc.array(fc.tuple(key, tie('value')), { maxLength: 3 })) },
    { weight: 5, arbitrary: call(tie('value')) },
  ),
}));
