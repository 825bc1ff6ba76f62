import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** What a program answers to questions, each one line of JSON on its standard input. */
export const askProgram = <Answer>(binary: string, questions: readonly object[]): readonly Answer[] => {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { stdout, stderr, status } = spawnSync(binary, { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
};
