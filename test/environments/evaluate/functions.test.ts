// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check, json, open, summaries } from './opening.ts';

/** What comes of one expression, and the problems; `_` in what is expected stands for the expression's path. */
const of = async (expression: string, others = ''): Promise<unknown> => {
  const opened = await open(`values:\n  x: ${expression}\n${others}`);
  const [problem, ...more] = opened.diagnostics;
  assert.deepEqual(more, []);
  return problem ? `${problem.path}: ${problem.summary}` : (json(opened) as { x: unknown }).x;
};

const redacted = async (expression: string): Promise<unknown> =>
  (
    json(await open(`values:\n  s: {fn::secret: s3cret}\n  l: [a, "\${s}"]\n  x: ${expression}`), 'redact') as {
      x: unknown;
    }
  ).x;

describe('functions', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['{fn::join: [", ", [a, b]]}', 'a, b'],
    ['{fn::join: ["", []]}', ''],
    ['{fn::join: [",", [a, 1]]}', 'values.x["fn::join"][1][1]: expected string, got number'],
    ['{fn::join: [1, [a]]}', 'values.x["fn::join"][0]: expected string, got number'],
    ['{fn::join: [","]}', '[unknown]'],
    ['{fn::split: [",", "a,b,,"]}', ['a', 'b', '', '']],
    ['{fn::split: ["", "aé😀"]}', ['a', 'é', '😀']],
    ['{fn::split: [",", ""]}', ['']],
    ['{fn::split: ["", ""]}', []],
    ['{fn::concat: [[1], [], [2, [3]]]}', [1, 2, [3]]],
    ['{fn::concat: []}', []],
    ['{fn::concat: [[1], 2]}', 'values.x["fn::concat"][1]: expected array, got number'],
    [
      '{fn::toJSON: {b: [1, 1.50, null, "<&>"], a: "q\\"\\u2028"}}',
      '{"a":"q\\"\\u2028","b":[1,1.5,null,"\\u003c\\u0026\\u003e"]}',
    ],
    ['{fn::toString: {b: 1, a: [x]}}', '"a"="\\"x\\"","b"="1"'],
    ['{fn::toString: null}', ''],
    ['{fn::toBase64: "é"}', 'w6k='],
    ['{fn::toBase64: 1}', 'values.x["fn::toBase64"]: expected string, got number'],
    ['{fn::fromBase64: "w6k="}', 'é'],
    ['{fn::fromBase64: "w6k"}', 'values.x: decoding base64 string: illegal base64 data at input byte 0'],
    ['{fn::toBase64: {fn::fromBase64: "/w9h"}}', '/w9h'],
    ['{fn::fromBase64: "/w9h"}', '�\u000fa'],
    ['{fn::fromJSON: "{\\"a\\": [1, 1.5, null]}"}', { a: [1, 1.5, null] }],
    ['{fn::fromJSON: "[1, 2"}', 'values.x: decoding JSON string: unexpected EOF'],
    ['{fn::fromJSON: 1}', 'values.x["fn::fromJSON"]: expected string, got number'],
    ['{fn::toYAML: {b: [1, x], a: "y: z"}}', 'a: \'y: z\'\nb:\n    - "1"\n    - x\n'],
    ['{fn::toJSON: {fn::fromJSON: "1.0000000000000000001"}}', '1.0000000000000000001'],
  ];
  for (const [expression, expected] of cases) {
    test(expression, async () => {
      if (expected === '[unknown]') assert.deepEqual(json(await open(`values:\n  x: ${expression}`)), { x: expected });
      else assert.deepEqual(await of(expression), expected);
    });
  }

  test('take references, and look through all layers of an object', async () => {
    const documents = { e: 'values: {o: {a: 1}}' };
    const opened = await open('imports: [e]\nvalues: {o: {b: 2}, j: {fn::toJSON: "${o}"}, y: {fn::toYAML: "${o}"}}', {
      documents,
    });
    assert.deepEqual(json(opened), { o: { a: 1, b: 2 }, j: '{"a":1,"b":2}', y: 'a: "1"\nb: "2"\n' });
  });

  test('blame what is wrong where it was written, also in another place', async () => {
    const opened = await open('values:\n  list: [a, 1]\n  x: {fn::join: [",", "${list}"]}');
    assert.deepEqual(summaries(opened.diagnostics), ['error values.list[1]: expected string, got number']);
  });

  test('that do not exist, or stand beside other keys, are problems', async () => {
    const { parseEnvironment } = await import('../../../src/environments/syntax/parse-environment.ts');
    const found = (text: string): readonly string[] => summaries(parseEnvironment('e', text).diagnostics);
    for (const name of ['fn::nope', 'Fn::join', 'fn::rotate', 'fn::rotate::x', 'fn::']) {
      assert.deepEqual(found(`values: {x: {"${name}": 1}}`), ["error values.x: 'fn::' is a reserved prefix"]);
    }
    const alone = 'illegal call to builtin function: "fn::join" must be the only key within its containing object';
    assert.deepEqual(found('values: {x: {fn::join: 1, a: b}}'), [`error values.x: ${alone}`]);
    assert.deepEqual(found('values: {x: {"${a}": b}}'), ['error values.x["${a}"]: object keys must be strings']);
    assert.deepEqual(found('values: {x: {"$$a": b}}'), []);
  });
});

describe('a secret', () => {
  test('is raw text: $ has no meaning in it', async () => {
    assert.equal(await of("{fn::secret: 'pa$$word${x}'}"), 'pa$$word${x}');
  });

  test('makes every text secret that is built from it', async () => {
    for (const expression of [
      'a ${s}',
      '{fn::join: [",", "${l}"]}',
      '{fn::toJSON: {a: "${s}"}}',
      '{fn::toYAML: ["${s}"]}',
      '{fn::toString: ["${s}"]}',
      '{fn::toBase64: "${s}"}',
      '{fn::split: ["3", "${s}"]}',
      '{fn::concat: ["${l}"]}',
      '{fn::fromBase64: {fn::toBase64: "${s}"}}',
      'a ${l}',
    ]) {
      assert.equal(await redacted(expression), '[secret]', expression);
    }
  });

  test('hides the outermost secret value, and no more', async () => {
    assert.deepEqual(await redacted('{a: "${s}", b: ["${s}", c]}'), { a: '[secret]', b: ['[secret]', 'c'] });
    assert.deepEqual(await redacted('${l[0]}'), 'a');
  });

  test('spreads to everything that is read from it', async () => {
    const text = `values:\n  s: {fn::secret: '{"a": {"b": null}}'}\n  j: {fn::fromJSON: "\${s}"}\n  x: ["\${j.a}", "\${j.a.b}"]`;
    assert.deepEqual(json(await open(text), 'redact'), { s: '[secret]', j: '[secret]', x: ['[secret]', '[secret]'] });
  });

  test('does not show in the problem with it', async () => {
    const { diagnostics } = await open('values: {x: {fn::fromJSON: {fn::secret: "s3cret"}}}');
    assert.deepEqual(summaries(diagnostics), ['error values.x: decoding JSON string: the secret is not JSON']);
  });

  test('that is split stays secret in its parts', async () => {
    const text = 'values:\n  s: {fn::secret: "a,b"}\n  p: {fn::split: [",", "${s}"]}\n  x: ${p[0]}\n  y: "${p[1]}!"';
    assert.deepEqual(json(await open(text), 'redact'), { s: '[secret]', p: '[secret]', x: '[secret]', y: '[secret]' });
    assert.deepEqual(json(await open(text)), { s: 'a,b', p: ['a', 'b'], x: 'a', y: 'b!' });
  });

  const CIPHERTEXT = 'ZXNjeAAAAAHo9e705fKyKo30VQ==';

  test('that is stored is decrypted when opening, and when checking only on request', async () => {
    const text = `values: {s: {fn::secret: {ciphertext: ${CIPHERTEXT}}}, x: "\${s}!"}`;
    assert.deepEqual(json(await open(text)), { s: 'hunter2', x: 'hunter2!' });
    assert.deepEqual(json(await check(text)), { s: '[unknown]', x: '[unknown]' });
    assert.deepEqual(json(await check(text), 'redact'), { s: '[secret]', x: '[secret]' });
    assert.deepEqual(json(await check(text, { options: { showSecrets: true } })), { s: 'hunter2', x: 'hunter2!' });
  });

  test('is decrypted with the key of the environment in which it stands', async () => {
    const asked: string[] = [];
    const decrypt = (key: string): string => {
      asked.push(key);
      return 'plain';
    };
    const documents = { e: `values: {a: {fn::secret: {ciphertext: ${CIPHERTEXT}}}}` };
    await open(`imports: [e]\nvalues: {b: {fn::secret: {ciphertext: ${CIPHERTEXT}}}}`, {
      documents,
      options: { decrypt },
    });
    assert.deepEqual(asked, ['e', 'root']);
  });

  test('that cannot be decrypted is a problem and unknown', async () => {
    const foreign = await open(`values: {s: {fn::secret: {ciphertext: ${CIPHERTEXT}}}}`, {
      options: { decrypt: () => undefined },
    });
    assert.deepEqual(summaries(foreign.diagnostics), [
      'error values.s: decrypting: this is no secret of this environment',
    ]);
    assert.deepEqual(json(foreign, 'redact'), { s: '[secret]' });
    const broken = await check('values: {s: {fn::secret: {ciphertext: "?"}}}');
    assert.deepEqual(summaries(broken.diagnostics), [
      'error values.s: invalid ciphertext: illegal base64 data at input byte 0',
    ]);
  });
});
