import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ourAnswer } from './answers.ts';
import { CASES, readCases, writeCase } from './cases.ts';
import { describeCase, differences } from './differences.ts';

/** Our own definitions, with what the reference evaluator said of them: `npm run interop -- --record` asks it again. */
const text = readFileSync(CASES, 'utf8');
const cases = readCases(text);
const ON_PURPOSE = 'on purpose: ';
const features = Map.groupBy(
  cases.filter(({ name }) => !name.startsWith(ON_PURPOSE)),
  ({ name }) => name.replace(/ \d+$/, ''),
);

describe('the reference evaluator says the same of', () => {
  for (const [feature, some] of features) {
    test(`${feature}${some.length > 1 ? `, in ${some.length} cases` : ''}`, async () => {
      for (const { name, asked, answer } of some) {
        const found = differences(await ourAnswer(asked), answer);
        assert.deepEqual(found, [], `${name}\n${describeCase(asked)}`);
      }
    });
  }
});

describe('and on purpose something else, as docs/environments.md says:', () => {
  for (const { name, asked, answer } of cases.filter(({ name: own }) => own.startsWith(ON_PURPOSE))) {
    test(name.slice(ON_PURPOSE.length), async () => assert.notDeepEqual(await ourAnswer(asked), answer));
  }
});

test('there are cases, each with a name of its own, written down as they are read', () => {
  assert.ok(cases.length >= 300);
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  assert.equal(`${cases.map(writeCase).join('\n')}\n`, text);
});
