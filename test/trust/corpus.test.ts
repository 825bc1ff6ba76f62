import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AWS_REASONS } from '../../src/trust/aws/finding.ts';
import { AWS_WARNINGS } from '../../src/trust/aws/linted.ts';
import { ENTRA_REASONS } from '../../src/trust/entra/evaluate.ts';
import { ENTRA_WARNINGS } from '../../src/trust/entra/lint.ts';
import { isUnusable } from '../../src/trust/verdict.ts';
import { type CorpusCase, explain, readCorpus } from './corpus/corpus.ts';

/** Relying parties with a corpus, and the least that it must hold: broken documents, correct ones. */
const CORPORA: readonly (readonly [string, number, number])[] = [
  ['aws', 90, 40],
  ['azure', 40, 15],
  ['google', 55, 20],
  ['vault', 40, 15],
  ['kubernetes', 45, 15],
  ['runpass', 12, 6],
];

const codes = (found: readonly { readonly code: string }[]): readonly string[] => found.map(({ code }) => code);

const tryBroken = (one: CorpusCase, party: string): void => {
  const verdict = explain(one, party);
  if (one.unusable !== undefined) {
    assert.ok(isUnusable(verdict), 'it was read');
    assert.ok(verdict.problem.startsWith(one.unusable), verdict.problem);
    return;
  }
  assert.ok(!isUnusable(verdict), 'problem' in verdict ? verdict.problem : '');
  if (one.denied === undefined) {
    assert.deepEqual(codes(verdict.reasons), []);
    assert.deepEqual(codes(verdict.warnings), one.warned);
    return;
  }
  assert.equal(verdict.allowed, false);
  assert.equal(verdict.reasons[0]?.code, one.denied, JSON.stringify(verdict.reasons, undefined, 1));
  if (one.safe !== undefined)
    assert.equal(verdict.reasons[0]?.safe, one.safe, JSON.stringify(verdict.reasons, undefined, 1));
};

for (const [party, broken, correct] of CORPORA) {
  describe(`${party}: what people get wrong is named`, () => {
    const cases = readCorpus(party, 'broken');
    test(`at least ${broken} documents`, () => assert.ok(cases.length >= broken, `${cases.length}`));
    for (const one of cases) test(one.name, () => tryBroken(one, party));
  });

  describe(`${party}: what is right raises no alarm`, () => {
    const cases = readCorpus(party, 'correct');
    test(`at least ${correct} documents`, () => assert.ok(cases.length >= correct, `${cases.length}`));
    for (const one of cases) {
      test(one.name, () => {
        const verdict = explain(one, party);
        assert.ok(!isUnusable(verdict), 'problem' in verdict ? verdict.problem : '');
        assert.deepEqual([verdict.allowed, verdict.reasons, verdict.warnings], [true, [], []]);
      });
    }
  });
}

test('every code of a reason and of a warning stands in a corpus', () => {
  const cases = ['aws', 'azure'].flatMap((party) => readCorpus(party, 'broken'));
  const tried = new Set(cases.flatMap(({ denied, warned = [] }) => [denied, ...warned]));
  const all = [...Object.keys(AWS_REASONS), ...AWS_WARNINGS, ...Object.keys(ENTRA_REASONS), ...ENTRA_WARNINGS];
  assert.deepEqual(
    all.filter((code) => !tried.has(code)),
    [],
  );
});
