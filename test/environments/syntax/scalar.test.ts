import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlainScalar, readTaggedScalar } from '../../../src/environments/syntax/scalar.ts';

const number = (text: string): { readonly number: string } => ({ number: text });

test('plain scalars mean what they mean to go-yaml 3', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['', null],
    ['~', null],
    ['Null', null],
    ['true', true],
    ['FALSE', false],
    ...[
      'yes',
      'no',
      'on',
      'off',
      'y',
      'nULL',
      '2001-12-14',
      '2001-12-14t21:59:43Z',
      '1:30',
      '<<',
      '0x',
      '0b2',
      '1e',
      '-',
      '+',
      '.',
      '1.2.3',
    ].map((text) => [text, text] as const),
    ['0', number('0')],
    ['-0', number('0')],
    ['+12', number('12')],
    ['1_000', number('1000')],
    ['0777', number('511')],
    ['0o777', number('511')],
    ['-0o17', number('-15')],
    ['0b101', number('5')],
    ['0x1F', number('31')],
    ['08', number('8')],
    ['9223372036854775807', number('9223372036854775807')],
    ['18446744073709551615', number('18446744073709551615')],
    ['18446744073709551616', number('1.8446744073709552e+19')],
    ['-9223372036854775809', number('-9.223372036854776e+18')],
    ['1.0', number('1')],
    ['1.50', number('1.5')],
    ['.5', number('0.5')],
    ['5.', number('5')],
    ['1e3', number('1000')],
    ['1e5', number('100000')],
    ['1e6', number('1e+06')],
    ['1234567.5', number('1.2345675e+06')],
    ['1e21', number('1e+21')],
    ['0.0001', number('0.0001')],
    ['0.00001', number('1e-05')],
    ['-1.5e-7', number('-1.5e-07')],
    ['123456789.25', number('1.2345678925e+08')],
    ['1e400', '1e400'],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(readPlainScalar(text), expected, text);
  }
});

test('infinity and NaN are refused: JSON has no word for them', () => {
  for (const text of ['.inf', '-.Inf', '+.INF', '.nan', '.NaN']) {
    assert.deepEqual(readPlainScalar(text), { wrong: `${text} is not a number that JSON can say` });
  }
});

test('a tag of YAML’s own decides, any other makes a text', () => {
  const yaml = 'tag:yaml.org,2002:';
  assert.deepEqual(readTaggedScalar('42', `${yaml}str`), '42');
  assert.deepEqual(readTaggedScalar('42', '!mine'), '42');
  assert.deepEqual(readTaggedScalar('0x10', `${yaml}int`), number('16'));
  assert.deepEqual(readTaggedScalar('16', `${yaml}float`), number('16'));
  assert.deepEqual(readTaggedScalar('true', `${yaml}bool`), true);
  assert.deepEqual(readTaggedScalar('', `${yaml}null`), null);
  assert.deepEqual(readTaggedScalar('aGk=', `${yaml}binary`), 'aGk=');
  for (const [text, kind, type] of [
    ['foo', 'int', 'str'],
    ['1.5', 'int', 'float'],
    ['foo', 'float', 'str'],
    ['9223372036854775808', 'float', 'int'],
    ['yes', 'bool', 'str'],
    ['1', 'bool', 'int'],
    ['x', 'null', 'str'],
    ['~', 'int', 'null'],
    ['yesterday', 'timestamp', 'str'],
  ] as const) {
    const wrong = `yaml: cannot decode !!${type} \`${text}\` as a !!${kind}`;
    assert.deepEqual(readTaggedScalar(text, yaml + kind), { wrong });
  }
  assert.equal(readTaggedScalar('2001-01-01', `${yaml}timestamp`), '2001-01-01');
  const wrong = 'yaml: !!binary value contains invalid base64 data';
  assert.deepEqual(readTaggedScalar('!', `${yaml}binary`), { wrong });
});
