// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import fc from 'fast-check';
import { scalarOf, type Tree } from './trees.ts';

/** Texts of definitions: names, words, accesses right and wrong, and every way to write a scalar. */

/** One of the texts between the bars. */
const oneOf = (texts: string): fc.Arbitrary<string> => fc.constantFrom(...texts.split(' ¦ '));

const name = oneOf('a ¦ b ¦ c ¦ d ¦ obj ¦ list ¦ secret ¦ opened ¦ text ¦ num');
const oddKey = fc.oneof(
  oneOf(
    'A ¦ Obj ¦ imports ¦ context ¦ environments ¦ fn::join ¦ Fn::x ¦ fn:: ¦ "k e y" ¦ a.b ¦ é ¦ "q\\"r" ¦ \'it\'\'s\'',
  ),
  oneOf(
    '1a ¦ _ ¦ "1" ¦ "true" ¦ $$x ¦ $x ¦ "${a}" ¦ "a${b}c" ¦ << ¦ oöo ¦ 日本 ¦ "\\u00e9" ¦ "" ¦ lsit ¦ x-y ¦ a_b ¦ aB',
  ),
  oneOf('1 ¦ true ¦ null ¦ ~ ¦ 1.5 ¦ 2001-01-01 ¦ !t k ¦ "a\\nb"'),
);
export const key = fc.oneof({ weight: 12, arbitrary: name }, { weight: 1, arbitrary: oddKey });

const oddStep = fc.oneof(
  oneOf('. ¦ .. ¦ [ ¦ [" ¦ ["a ¦ [""] ¦ ["a\\"b"] ¦ ["a] ¦ [] ¦ [x] ¦ [1 ¦ [1.5] ¦ [+1] ¦ [ 1] ¦ [0x1] ¦ ["k e y"]'),
  oneOf(
    '.é ¦ .lsit ¦ .Obj ¦ .a_b ¦ .日本 ¦ [99999999999999999999] ¦ .a-b ¦ ["a"b] ¦ .$ ¦ .${ ¦ .1 ¦ ["a\\\\"] ¦ [\'a\']',
  ),
);
const step = fc.oneof(
  { weight: 8, arbitrary: name.map((own) => `.${own}`) },
  { weight: 2, arbitrary: name.map((own) => `["${own}"]`) },
  { weight: 4, arbitrary: oneOf('[0] ¦ [1] ¦ [2] ¦ [-1] ¦ [99]') },
  { weight: 1, arbitrary: oddStep },
);
const head = fc.oneof(
  { weight: 12, arbitrary: name },
  { weight: 2, arbitrary: oneOf('imports.e ¦ imports["p/x"] ¦ imports.f ¦ imports ¦ imports.nope ¦ imports["root"]') },
  {
    weight: 2,
    arbitrary: fc.oneof(
      oneOf('context ¦ context.pulumi ¦ context.pulumi.user.id ¦ context.currentEnvironment.name'),
      oneOf('context.rootEnvironment ¦ context.nope ¦ context.pulumi.user.Id'),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(
      oneOf('environments.p.x ¦ environments.p.y ¦ environments.p.nope ¦ environments.p ¦ environments'),
      oneOf('environments[0].x ¦ environments.p[1] ¦ environments["p"]["x"] ¦ environments.p.root'),
      oneOf('environments.p["x"]["obj"] ¦ environments.p.bad'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(oneOf('["a"] ¦ ["k e y"] ¦ [0] ¦ .a ¦ lsit ¦ OBJ ¦ é ¦ "a" ¦ $a'), fc.constantFrom('', ' a')),
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
  { weight: 6, arbitrary: oneOf('x ¦ hello ¦ a b ¦ a,b,c ¦ - ¦ é ¦ x: y ¦ it"s ¦ it\'s') },
  {
    weight: 2,
    arbitrary: fc.oneof(
      oneOf('$ ¦ $$ ¦ $$$ ¦ $${a} ¦ $$${a} ¦ 日本語 ¦ 😀 ¦ <&> ¦ {"a":1} ¦ [1,"x",null] ¦ {"a":{"b":[true]}} ¦ {bad'),
      oneOf('1 2 ¦ aGVsbG8= ¦ aGVsbG8 ¦ /+== ¦ !!! ¦ null ¦ true ¦ 12 ¦ 1.50 ¦ \\ ¦ # ¦ a #b'),
      fc.constantFrom('', 'tab\there', 'two\nlines', 'e\u0301'),
    ),
  },
);
const texts = fc.array(fc.oneof(word, access), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

// Columns count characters here, and the cells that they take there.
const WIDE = /[日本語😀]|\u0301/u;
const quoted = (text: string): string => JSON.stringify(text);
const plain = (text: string): string => {
  const mayStandAlone = /^[\w$é]/.test(text) && !/: | #|[,[\]{}"\n\t]/.test(text) && text.trim() === text;
  return mayStandAlone && !WIDE.test(text) ? text : quoted(text);
};
const block = (text: string, indicator: string): Tree =>
  text.trim() === '' || /^[ \t]/m.test(text) ? scalarOf(quoted(text)) : { text: indicator, lines: text.split('\n') };

/** A text in one of YAML's ways to write it. */
const textNode = (text: fc.Arbitrary<string>): fc.Arbitrary<Tree> =>
  fc.tuple(text, fc.integer({ min: 0, max: 19 })).map(([own, how]): Tree => {
    if (how < 8) return scalarOf(plain(own));
    // Also where brackets are around it, and it is no YAML there.
    if (how < 9) return scalarOf(/^\$\{[\w.[\]"-]*\}$/.test(own) ? own : plain(own));
    if (how < 14) return scalarOf(quoted(own));
    if (how < 16) return scalarOf(`'${own.replaceAll("'", "''").replaceAll(/[\n\t]/g, ' ')}'`);
    return block(own, ['|', '>', '|-', '>+'][how - 16] ?? '|');
  });

const NUMBERS =
  '0 ¦ 1 ¦ -1 ¦ +7 ¦ 0777 ¦ 0o17 ¦ 0x1F ¦ 0b101 ¦ 1_000 ¦ 1.0 ¦ 1.50 ¦ 1e3 ¦ 1E-7 ¦ 123456789012345678901234567890 ¦ 9223372036854775808 ¦ 18446744073709551616 ¦ -9223372036854775809 ¦ 0.1 ¦ .5 ¦ 5. ¦ 1e400 ¦ -0 ¦ -0.0 ¦ 08 ¦ 09.5 ¦ 1__0 ¦ 12e03 ¦ 1e5 ¦ 100000 ¦ 1000000.5 ¦ 0.00001 ¦ 1.7976931348623157e308 ¦ -.5 ¦ .5_0';
const OTHERS =
  'true ¦ false ¦ True ¦ FALSE ¦ null ¦ ~ ¦ Null ¦ yes ¦ no ¦ on ¦ Off ¦ y ¦ 0x ¦ _1 ¦ 1:30 ¦ 2001-12-14 ¦ 2001-12-14t21:59:43.10-05:00 ¦ 0o8 ¦ 0b12 ¦ 0x1g ¦ 1,000 ¦ = ¦ &n 1 ¦ &n text';
const TAGGED =
  '!!str 42 ¦ !!int "7" ¦ !!float 1 ¦ !!bool "true" ¦ !!null "" ¦ !t x ¦ !t 1 ¦ !<tag:yaml.org,2002:str> 1 ¦ ! 1 ¦ !!binary aGk= ¦ !!int x ¦ !!timestamp 2001-01-01';

export const scalar: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 5, arbitrary: textNode(texts) },
  { weight: 4, arbitrary: textNode(access) },
  { weight: 3, arbitrary: textNode(word) },
  { weight: 3, arbitrary: fc.oneof(oneOf(NUMBERS), oneOf(OTHERS), oneOf(TAGGED), fc.constant('')).map(scalarOf) },
);
export const anyText: fc.Arbitrary<Tree> = textNode(fc.oneof(word, texts, access));
/** Without `$`: the text of a secret is raw here, and has accesses and escapes there. */
export const rawText: fc.Arbitrary<Tree> = textNode(word.filter((text) => !text.includes('$')));
