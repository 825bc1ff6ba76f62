import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Proof } from '../../src/trust/prove.ts';
import { sarifOf, verifiedJson } from '../../src/trust/sarif.ts';

const PROOF: Proof = {
  proved: false,
  admitted: ['contoso/core/prod update'],
  refused: 40,
  findings: [
    { rule: 'admits_other_stack', level: 'error', text: 'It admits contoso/core/prod-evil update.' },
    { rule: 'aws_open_prefix', level: 'warning', text: 'The "*" is open.', condition: 'Statement[0].Condition' },
    { rule: 'admits_other_stack', level: 'error', text: 'It admits contoso/core/evil update.' },
  ],
};

const placeOf = (condition: string) => (condition === 'Statement[0].Condition' ? { line: 7, column: 3 } : undefined);

test('findings become a SARIF log: each rule once, each finding with its level and its place in the document', () => {
  const log = JSON.parse(JSON.stringify(sarifOf({ file: 'iam/trust policy.json', proof: PROOF, placeOf }, '1.2.3')));
  assert.deepEqual([log.version, log.runs.length], ['2.1.0', 1]);
  const [{ tool, results }] = log.runs;
  assert.deepEqual(
    tool.driver.rules.map(({ id }: { id: string }) => id),
    ['admits_other_stack', 'aws_open_prefix'],
  );
  assert.equal(tool.driver.rules[0].shortDescription.text, 'Somebody of another stack gets in.');
  assert.deepEqual(
    results.map(({ ruleIndex, level }: { ruleIndex: number; level: string }) => [ruleIndex, level]),
    [
      [0, 'error'],
      [1, 'warning'],
      [0, 'error'],
    ],
  );
  const [{ physicalLocation, logicalLocations }] = results[1].locations;
  assert.deepEqual(physicalLocation.region, { startLine: 7, startColumn: 3 });
  assert.deepEqual(results[0].locations[0].physicalLocation.region, { startLine: 1 });
  assert.equal(physicalLocation.artifactLocation.uri, 'iam/trust%20policy.json');
  assert.equal(logicalLocations[0].fullyQualifiedName, 'Statement[0].Condition');
  assert.equal(new Set(results.map((one: object) => JSON.stringify(one))).size, 3);
});

test('the JSON form says what was read and everything that was found', () => {
  const [first, second, third] = PROOF.findings;
  const findings = [first, { ...second, line: 7, column: 3 }, third];
  assert.deepEqual(verifiedJson({ file: '-', proof: PROOF, placeOf }), { file: '-', ...PROOF, findings });
});
