import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { type Answer, ourAnswer, type ReferenceCase } from '../../test/environments/reference/answers.ts';
import { CASES, readCases, writeCase } from '../../test/environments/reference/cases.ts';
import { referenceCase } from '../../test/environments/reference/definitions.ts';
import { describeCase, differences } from '../../test/environments/reference/differences.ts';
import type { Conversation } from './conversation.ts';

const GENERATED = 2_000;

/** Compares our evaluator with the reference: recorded answers with today's, and definitions that nobody has seen. */
export const talkToReference = async (conversation: Conversation, binary: string): Promise<void> => {
  await conversation.line('the reference evaluator still answers as recorded', async () => {
    const recorded = readCases(await readFile(CASES, 'utf8'));
    const answers = await ask(
      binary,
      recorded.map(({ asked }) => asked),
    );
    for (const [index, { name, answer }] of recorded.entries()) {
      assert.deepEqual(differences(answers[index] ?? answer, answer), [], name);
    }
    assert.equal(answers.length, recorded.length);
    return `${recorded.length} cases`;
  });
  await conversation.line('the reference evaluator and ours agree about generated definitions', async () => {
    const seed = Math.trunc(Math.random() * 2 ** 31);
    const cases = fc.sample(referenceCase, { numRuns: GENERATED, seed });
    const answers = await ask(binary, cases);
    let [crashes, onPurpose] = [0, 0];
    for (const [index, asked] of cases.entries()) {
      const theirs = answers[index];
      assert.ok(theirs, `the reference ended at case ${index} of seed ${seed}`);
      crashes += theirs.panic === undefined ? 0 : 1;
      const found = differences(await ourAnswer(asked), theirs);
      const isOnPurpose = found.length > 0 && mayDiffer(asked);
      onPurpose += isOnPurpose ? 1 : 0;
      if (isOnPurpose) continue;
      assert.deepEqual(found, [], `seed ${seed}, case ${index}:\n${describeCase(asked)}`);
    }
    return `${cases.length - crashes - onPurpose} definitions, seed ${seed}; ${crashes} make the reference crash, ${onPurpose} differ about what is final`;
  });
};

/** What lies over something final, or is final itself, shows more there or here; see docs/environments.md. */
const mayDiffer = ({ documents }: ReferenceCase): boolean =>
  Object.keys(documents).length > 1 && Object.values(documents).some((text) => text.includes('fn::final'));

/** Asks the reference about every recorded case again, and records what it says. */
export const recordReference = async (binary: string): Promise<void> => {
  const recorded = readCases(await readFile(CASES, 'utf8'));
  const answers = await ask(
    binary,
    recorded.map(({ asked }) => asked),
  );
  const lines = recorded.map(({ name, asked }, index) => {
    const answer = answers[index];
    if (!answer) throw new Error(`the reference gave no answer to ${name}`);
    return writeCase({ name, asked, answer });
  });
  await writeFile(CASES, `${lines.join('\n')}\n`);
};

/** The reference's answers, in order. */
const ask = (binary: string, cases: readonly ReferenceCase[]): Promise<readonly Answer[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', () => resolve(output.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))));
    child.stdin.on('error', reject);
    child.stdin.end(cases.map((one) => JSON.stringify(one)).join('\n'));
  });
