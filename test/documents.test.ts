import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatProblems, readDocument } from '../src/documents.ts';
import { choice, flag, list, mapping, text, whole } from '../src/json-schema.ts';

const schema = mapping('A thing.', {
  port: whole(0, 65_535, 'A port.'),
  level: choice(['debug', 'info'], 'A level.'),
  names: list(text('A name.'), 5, 'Names.'),
  quiet: flag('Quiet?'),
  secret: text('A secret.', { maxLength: 10, writeOnly: true }),
  inside: mapping('A part.', { name: text('A name.'), more: text('More.') }, ['name']),
  rules: list(
    mapping('A rule.', {
      what: { title: 'all, or a list', anyOf: [{ const: 'all' }, list(choice(['a', 'b'], 'x'), 3, 'y')] },
    }),
    3,
    'Rules.',
  ),
});

const problemsIn = (document: string): string => {
  const reading = readDocument(document, 'f.yaml', schema);
  return 'problems' in reading ? formatProblems(reading.problems) : '';
};

test('a sound document gives its value, unconverted and without defaults', () => {
  const reading = readDocument('port: 80 # a comment\nnames: [a, "1"]\n', 'f.yaml', schema);
  assert.ok('value' in reading);
  assert.deepEqual(reading.value, { port: 80, names: ['a', '1'] });
});

test('an empty document is an empty mapping', () => {
  for (const document of ['', '# nothing\n', '---\n']) assert.equal(problemsIn(document), '', document);
});

const MISTAKES: readonly (readonly [string, string, string])[] = [
  ['a wrong type', 'port: eighty', 'f.yaml:1:7: port: is the text "eighty"; write a whole number from 0 to 65535'],
  [
    'a number in quotes',
    'port: "80"',
    'f.yaml:1:7: port: is the text "80"; write a whole number from 0 to 65535, without quotes',
  ],
  ['a number for a text', 'names: [5]', 'f.yaml:1:9: names[0]: is 5; write it in quotes if you mean the text: "5"'],
  ['a word for a flag', '\nquiet: yes', 'f.yaml:2:8: quiet: is the text "yes"; write true (not a text)'],
  ['a number out of range', 'port: 70000', 'f.yaml:1:7: port: is 70000; write a whole number from 0 to 65535'],
  ['a fraction', 'port: 1.5', 'f.yaml:1:7: port: is 1.5; write a whole number from 0 to 65535'],
  ['infinity', 'port: .inf', 'f.yaml:1:7: port: is Infinity; write a whole number from 0 to 65535'],
  ['nothing where something must be', 'port:', 'f.yaml:1:6: port: is empty; write a whole number from 0 to 65535'],
  ['an unknown word', 'level: inof', 'f.yaml:1:8: level: is the text "inof"; write "info" (or another of debug, info)'],
  ['an unknown key', 'inside: {nmae: x, name: y}', 'f.yaml:1:10: inside.nmae: is not a known key; write "name"'],
  [
    'an unknown key like no other',
    'inside: {zzzzzz: x, name: y}',
    'f.yaml:1:10: inside.zzzzzz: is not a known key; write one of name, more',
  ],
  ['a missing key', 'inside: {}', 'f.yaml:1:9: inside: has no "name"; add "name:" with a text of 1 to 1024 characters'],
  ['a duplicate key', 'port: 1\nport: 2', 'f.yaml:2:1: the key "port" stands here twice; leave one of them out'],
  [
    'a list that is too long',
    'names: [a, b, c, d, e, f]',
    'f.yaml:1:8: names: has more than 5 entries; write at most 5',
  ],
  [
    'no fitting alternative',
    'rules: [what: some]',
    'f.yaml:1:15: rules[0].what: is the text "some"; write all, or a list',
  ],
  [
    'a mistake inside an alternative',
    'rules: [what: [a, c]]',
    'f.yaml:1:19: rules[0].what[1]: is the text "c"; write "a" (or another of a, b)',
  ],
  [
    'another kind of document',
    '- a',
    'f.yaml:1:1: is a list; write a mapping with keys of port, level, names, quiet, secret, inside, rules',
  ],
  ['two documents', 'port: 1\n---\nport: 2', 'f.yaml:2:1: a second document begins here; write one per file'],
  ['a tab', '\tport: 5', 'f.yaml:1:1: is not YAML: Tabs are not allowed as indentation; indent with spaces'],
  [
    'an unknown tag',
    'port: !!foo 5',
    'f.yaml:1:7: is not YAML: Unresolved tag: tag:yaml.org,2002:foo; leave the tag out',
  ],
  [
    'an unknown alias',
    'port: *x',
    'f.yaml:1:7: nothing before this is named "&x"; put the text in quotes if "*" belongs to it',
  ],
  [
    'an alias inside itself',
    'names: &a [*a]',
    'f.yaml:1:12: an alias stands inside what it names; write the value out',
  ],
  [
    '__proto__ as a key',
    '__proto__: 5',
    'f.yaml:1:1: __proto__: is not a known key; write one of port, level, names, quiet, secret, inside, rules',
  ],
  [
    'a secret of the wrong form',
    'secret: hunter2-hunter2',
    'f.yaml:1:9: secret: is something else; write a text of 1 to 10 characters',
  ],
];

for (const [name, document, expected] of MISTAKES) {
  test(`${name} is told with its place and what to write instead`, () => assert.equal(problemsIn(document), expected));
}

test('a mistake of syntax has its place', () => {
  assert.match(problemsIn('port: 80\nnames: [a\nquiet: true\n'), /^f\.yaml:3:1: is not YAML: .+; .+$/);
});

test('several mistakes are told together, in reading order', () => {
  const lines = problemsIn('prot: 5\nlevel: loud\nport: 1\nport: x\nquiet: no\n').split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(':')[1]),
    ['1', '2', '4', '4', '5'],
  );
});

test('what is left without the mistakes is handed over, so that rules can speak', () => {
  const reading = readDocument('prot: 5\nport: 80\nlevel: loud\nnames: [a, 5]\n', 'f.yaml', schema);
  assert.ok('problems' in reading);
  assert.deepEqual(reading.rest?.value, { port: 80 });
});

test('what is larger than 1 MiB is refused', () => {
  assert.match(problemsIn(`port: 1 #${'x'.repeat(1024 * 1024)}`), /larger than 1 MiB/);
  assert.equal(problemsIn(`port: 1 #${'x'.repeat(1024 * 1024 - 9)}`), '');
});

test('what is nested too deeply is refused before it costs anything', () => {
  for (const level of ['[', '- ', '? ', '{a: ', 'a: ', '[{a: ']) {
    assert.match(problemsIn(level.repeat(100_000)), /nested too deeply|Nested mappings/, level);
  }
  assert.doesNotMatch(problemsIn(`names: ${'['.repeat(60)}${']'.repeat(60)}`), /deep/);
});

test('aliases cannot make a small text large', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [index, name] of [...'bcdefgh'].entries()) {
    const before = `*${'abcdefgh'[index]}`;
    bomb.push(`${name}: &${name} [${Array(9).fill(before).join(', ')}]`);
  }
  assert.match(problemsIn(bomb.join('\n')), /uses its anchors more than 100 times/);
  assert.match(problemsIn(`names: [${'*x, '.repeat(101)}]`), /^f\.yaml:1:1: uses its anchors more than 100 times/);
});

test('control characters of a file never reach the terminal', () => {
  assert.equal(problemsIn('"k\\e[31m": 1').includes('\u001b'), false);
});

test('a hundred problems are enough', () => {
  const many = Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join('\n');
  assert.equal(problemsIn(many).split('\n').length, 100);
});

const numRuns = process.env['NIGHTLY'] ? 100_000 : 2000;

test('no text makes it throw: there is a value, or there are problems with a place', () => {
  const scrap = fc.constantFrom(
    'a',
    'port',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '\n',
    '  ',
    '"',
    "'",
    '&a ',
    '*a',
    '? ',
    '|',
    '>',
    '!!int ',
    '<<',
    '# ',
    '1',
    '---\n',
    '...',
    '%YAML 1.2\n',
    '\t',
    '\u0000',
    '\ud800',
    '~',
    '.nan',
    ',',
  );
  const documents = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(scrap, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.json(),
  );
  fc.assert(
    fc.property(documents, (document) => {
      const reading = readDocument(document, 'f.yaml', schema);
      if ('value' in reading) return;
      assert.ok(reading.problems.length > 0);
      for (const { line, column } of reading.problems) assert.ok(line >= 1 && column >= 1);
    }),
    { numRuns },
  );
});
