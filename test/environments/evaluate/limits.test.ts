// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the language's own syntax
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Budget, EVALUATION_LIMITS, LimitReached } from '../../../src/environments/evaluate/limits.ts';
import { readPropertyPath } from '../../../src/environments/syntax/property-path.ts';
import { referenceCase } from '../reference/definitions.ts';
import { check, json, open, PROVIDERS, summaries } from './opening.ts';

const RUNS = process.env['NIGHTLY'] ? 100_000 : 5_000;

const lines = (count: number, line: (index: number) => string): string =>
  `values:\n${Array.from({ length: count }, (_, index) => `  ${line(index)}`).join('\n')}`;
const sole = async (
  text: string,
  documents: Readonly<Record<string, string>> = {},
): Promise<readonly [string, number]> => {
  const { diagnostics, steps } = await open(text, { documents });
  assert.equal(diagnostics.length, 1, summaries(diagnostics).join('\n'));
  assert.ok((diagnostics[0]?.range.begin.line ?? 0) > 0);
  return [diagnostics[0]?.summary ?? '', steps];
};

const TOO_LARGE = 'the environment has more than 200000 values or 8 MiB';
const TOO_LONG = 'a text becomes longer than 1 MiB';

describe('values that are referred to are shared', () => {
  const bomb = (levels: number): string =>
    lines(levels + 1, (index) => (index === 0 ? 'a0: x' : `a${index}: ["\${a${index - 1}}", "\${a${index - 1}}"]`));

  test('so that a bomb of references costs no more than its text, and ends in one problem', async () => {
    for (const levels of [17, 30, 150]) {
      const [summary, steps] = await sole(bomb(levels));
      assert.equal(summary, TOO_LARGE);
      assert.ok(steps < 4 * levels, `${steps} steps for ${levels} levels`);
    }
  });

  test('and a small one is written out', async () => {
    assert.equal(JSON.stringify(json(await open(bomb(10)))).match(/x/g)?.length, 2 ** 11 - 1);
  });

  test('also where objects lie over one another', async () => {
    const text = lines(31, (index) =>
      index === 0 ? 'a0: {x: 1}' : `a${index}: {l: "\${a${index - 1}}", r: "\${a${index - 1}}"}`,
    );
    const [summary, steps] = await sole(`imports: [e]\n${text}`, { e: text });
    assert.equal(summary, TOO_LARGE);
    assert.ok(steps < 2_000, `${steps} steps`);
  });

  test('and only what is too large is left out', async () => {
    const { a0, a15, a17 } = json(await open(bomb(17))) as Record<string, unknown>;
    assert.deepEqual([a0, a17], ['x', '[unknown]']);
    assert.notEqual(a15, '[unknown]');
  });
});

describe('an evaluation ends in one problem, never in a crash', () => {
  const key = (index: number): string => `k${String(index).padStart(5, '0')}`;

  test('when references lead through too many values', async () => {
    const chain = lines(10_001, (index) =>
      index === 10_000 ? `${key(index)}: end` : `${key(index)}: \${${key(index + 1)}}`,
    );
    assert.deepEqual(
      (await sole(chain))[0],
      `references lead through more than ${EVALUATION_LIMITS.expressionDepth} values`,
    );
    const short = lines(401, (index) =>
      index === 400 ? `${key(index)}: end` : `${key(index)}: \${${key(index + 1)}}`,
    );
    assert.equal((json(await open(short)) as Record<string, unknown>)['k00000'], 'end');
  });

  test('when values are nested too deeply', async () => {
    const deep = lines(5_000, (index) => (index === 0 ? `${key(0)}: x` : `${key(index)}: ["\${${key(index - 1)}}"]`));
    assert.equal((await sole(deep))[0], `a value is nested more than ${EVALUATION_LIMITS.valueDepth} levels deep`);
  });

  test('when a value lies over too many others', async () => {
    const own = lines(300, (index) => (index === 0 ? `${key(0)}: {x: 1}` : `${key(index)}: \${${key(index - 1)}}`));
    const below = lines(300, (index) => `${key(index)}: {y${index}: 1}`);
    assert.equal(
      (await sole(`imports: [e]\n${own}`, { e: below }))[0],
      `a value lies over more than ${EVALUATION_LIMITS.layers} others`,
    );
  });

  test('when merging leads too deep', () => {
    const budget = new Budget();
    const descend = (levels: number): number => budget.within(() => (levels > 1 ? descend(levels - 1) : 0));
    assert.equal(descend(EVALUATION_LIMITS.nesting), 0);
    assert.throws(() => descend(EVALUATION_LIMITS.nesting + 1), LimitReached);
    assert.equal(descend(EVALUATION_LIMITS.nesting), 0, 'and may be tried again');
  });

  test('when it takes too many steps', async () => {
    const many = lines(60, (index) => `${key(index)}: {fn::join: ["", {fn::split: ["", "${'x'.repeat(10_000)}"]}]}`);
    assert.equal((await sole(many))[0], 'the environment takes too many steps to evaluate');
  });

  test('when a text becomes too long, whoever makes it', async () => {
    const doubled = lines(30, (index) =>
      index === 0 ? `${key(0)}: xxxxxxxxxx` : `${key(index)}: "\${${key(index - 1)}}\${${key(index - 1)}}"`,
    );
    assert.equal((await sole(doubled))[0], TOO_LONG);
    const big = `big: "${'x'.repeat(600_000)}"`;
    for (const call of [
      '{fn::join: [",", ["${big}", "${big}"]]}',
      '{fn::toJSON: ["${big}", "${big}"]}',
      '{fn::toYAML: ["${big}", "${big}"]}',
      '{fn::toString: ["${big}", "${big}"]}',
      '{fn::toBase64: {fn::toBase64: {fn::toBase64: "${big}"}}}',
    ]) {
      assert.equal((await sole(`values:\n  ${big}\n  x: ${call}`))[0], TOO_LONG, call);
    }
    const bomb = lines(31, (index) =>
      index === 0 ? 'a0: x' : `a${index}: ["\${a${index - 1}}", "\${a${index - 1}}"]`,
    );
    for (const call of ['toJSON', 'toYAML', 'toString']) {
      const bombed = `imports: [{e: {merge: false}}]\nvalues: {x: {fn::${call}: "\${imports.e.a30}"}}`;
      assert.equal((await sole(bombed, { e: bomb }))[0], TOO_LONG, call);
    }
    const many = Array.from({ length: 1_000 }, () => '"${big}"').join(', ');
    assert.equal((await sole(`values:\n  ${big}\n  x: {fn::join: ["", [${many}]]}`))[0], TOO_LONG);
    const nested = lines(50, (index) => (index === 0 ? 'a0: x' : `a${index}: ["\${a${index - 1}}"]`));
    const asText = 'imports: [{e: {merge: false}}]\nvalues: {x: "= ${imports.e.a49}"}';
    assert.equal((await sole(asText, { e: nested }))[0], TOO_LONG);
    const quoted = lines(60, (index) =>
      index === 0 ? `${key(0)}: '"'` : `${key(index)}: {fn::toString: ["\${${key(index - 1)}}"]}`,
    );
    assert.equal((await sole(quoted))[0], TOO_LONG);
  });

  test('when a JSON text is nested too deeply', async () => {
    assert.equal(
      (await sole(`values: {x: {fn::fromJSON: "${'['.repeat(5000)}"}}`))[0],
      'a JSON text is nested more than 100 levels deep',
    );
  });

  test('when the result is larger than 8 MiB', async () => {
    const opened = await open(
      `values:\n  a: "${'x'.repeat(500_000)}"\n${Array.from({ length: 20 }, (_, index) => `  b${index}: \${a}`).join('\n')}`,
    );
    assert.deepEqual(
      opened.diagnostics.map(({ summary }) => summary),
      [TOO_LARGE],
    );
  });

  test('when a provider gives too much', async () => {
    const huge = {
      ...PROVIDERS,
      huge: { inputs: true, outputs: true, open: () => ({ output: Array.from({ length: 600_000 }, () => null) }) },
    };
    const opened = await open('values: {x: {fn::open::huge: {}}}', { providers: huge });
    assert.deepEqual(
      opened.diagnostics.map(({ summary }) => summary),
      ['the environment takes too many steps to evaluate'],
    );
  });

  test('when a provider would be given too much', async () => {
    const bomb = lines(31, (index) =>
      index === 0 ? 'a0: x' : `a${index}: ["\${a${index - 1}}", "\${a${index - 1}}"]`,
    );
    const text = 'imports: [{e: {merge: false}}]\nvalues: {x: {fn::open::test: {a: "${imports.e.a30}"}}}';
    assert.equal((await sole(text, { e: bomb }))[0], 'the inputs of a provider become larger than 1 MiB');
  });

  test('when more than 64 environments are imported, or more than 16 deep', async () => {
    const names = Array.from({ length: 65 }, (_, index) => `e${index}`);
    const documents = Object.fromEntries(names.map((name) => [name, `values: {${name}: 1}`]));
    assert.equal(
      (await sole(`imports: [${names.join(', ')}]`, documents))[0],
      'more than 64 environments are imported',
    );
    assert.deepEqual(summaries((await open(`imports: [${names.slice(1).join(', ')}]`, { documents })).diagnostics), []);
    const deep = (levels: number): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Array.from({ length: levels }, (_, index) => [
          `e${index}`,
          index === levels - 1 ? 'values: {x: 1}' : `imports: [e${index + 1}]`,
        ]),
      );
    assert.deepEqual(json(await open('imports: [e0]', { documents: deep(16) })), { x: 1 });
    assert.equal((await sole('imports: [e0]', deep(17)))[0], 'imports are nested more than 16 levels deep');
  });
});

describe('any text', () => {
  const piece = fc.constantFrom(
    ...'values: a: - ${a} { } [ ] " # | > : x imports: & * ! ? , % @ ` --- ... ${ $$ fn::join: fn::secret: ciphertext: << ~'.split(
      ' ',
    ),
    ...['\n', '  ', "'", '- ', ': ', '\t', '\r\n', '\u0000', '\ud800', '\u2028', '\ufeff', '😀'],
  );
  const soup = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''));
  const definitions = fc.oneof(
    { weight: 4, arbitrary: referenceCase },
    {
      weight: 1,
      arbitrary: fc.tuple(referenceCase, soup, soup).map(([one, text, e]) => ({ ...one, text, documents: { e } })),
    },
  );

  test('is read, checked and opened without throwing, and the same each time', async () => {
    await fc.assert(
      fc.asyncProperty(definitions, async ({ text, documents, showSecrets = false }) => {
        const world = { documents, options: { showSecrets } };
        const [first, second] = [await open(text, world), await open(text, world)];
        assert.deepEqual([json(first), summaries(first.diagnostics)], [json(second), summaries(second.diagnostics)]);
        await check(text, world);
        const property = readPropertyPath('obj.a');
        if ('problem' in property) throw new Error(property.problem);
        await open(text, { ...world, options: { property } });
      }),
      { numRuns: RUNS },
    );
  });
});
