import assert from 'node:assert/strict';
import { test } from 'node:test';
import { block, call, reference } from '../../../src/trust/generate/hcl.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: as HCL would replace it

test('what HCL would replace, or does not know as an escape, is written so that it reads the text itself', () => {
  const cases: Readonly<Record<string, string>> = {
    '${x}': '"$${x}"',
    '$${x}': '"$$${x}"',
    '%{if c}': '"%%{if c}"',
    '$HOME 50% {': '"$HOME 50% {"',
    'a"b\\c': '"a\\"b\\\\c"',
    '\b\f\n\\b': '"\\u0008\\u000c\\n\\\\b"',
  };
  for (const [value, written] of Object.entries(cases)) {
    assert.equal(block('locals', [['x', value]]), `locals {\n  x = ${written}\n}`);
    assert.equal(block('locals', [['x', { [value]: 1 }]]), `locals {\n  x = {\n    ${written} = 1\n  }\n}`);
  }
});

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as HCL would replace it

test('a block is formatted as terraform fmt does', () => {
  const written = block(
    'resource "a" "b"',
    [
      ['name', 'x'],
      ['longer', ['a', 'b']],
      ['empty', {}],
      ['absent', undefined],
      ['policy', call('jsonencode', { Version: '1', List: [{ a: 1 }] })],
      ['after', reference('a.b.id')],
      ['depends_on', [reference('a.c')]],
    ],
    [block('oidc', [['uri', 'y']])],
  );
  assert.equal(
    written,
    `resource "a" "b" {
  name   = "x"
  longer = ["a", "b"]
  empty  = {}
  policy = jsonencode({
    "Version" = "1"
    "List" = [
      {
        "a" = 1
      },
    ]
  })
  after      = a.b.id
  depends_on = [a.c]
  oidc {
    uri = "y"
  }
}`,
  );
});
