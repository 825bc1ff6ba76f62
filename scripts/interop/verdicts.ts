import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { compile } from '../../src/trust/cel.ts';
import { STRING_FUNCTIONS } from '../../src/trust/cel-functions.ts';
import { claimAt } from '../../src/trust/vault/claims.ts';
import { matchesGlob } from '../../src/trust/vault/glob.ts';
import { askProgram } from './ask-program.ts';
import type { Conversation } from './conversation.ts';
import { CLAIMS, expressions, globs, POINTED, pointers } from './questions.ts';

/** What a verifier's own library says: a value, a failure when evaluated, or that it does not compile. */
interface Answer {
  readonly value?: unknown;
  readonly failure?: string;
  readonly refused?: string;
}

const MOST_SHOWN = 20;

/** Evaluators of `src/trust` against the libraries that relying parties themselves decide with. */
export const compareVerdicts = async (conversation: Conversation, binary: string): Promise<void> => {
  const ask = (questions: readonly object[]): readonly Answer[] => askProgram(binary, questions);

  await conversation.line('cel-go: generated expressions over claims', async () => {
    const questions = expressions(4000).flatMap((expression) => CLAIMS.map((claims) => ({ expression, claims })));
    const theirs = ask(questions);
    const count = { value: 0, failure: 0, refused: 0, types: 0 };
    const differences: string[] = [];
    for (const [at, { expression, claims }] of questions.entries()) {
      const { value, failure, refused } = theirs[at] ?? {};
      const ours = answerOf(expression, claims);
      const kind = refused === undefined ? (failure === undefined ? 'value' : 'failure') : 'refused';
      // Only a static checker of types refuses these; evaluated, they are errors or what they say.
      if (refused?.includes('found no matching overload')) count.types++;
      else if (kind === 'value' ? isDeepStrictEqual(ours, { value }) : !('value' in ours)) count[kind]++;
      else {
        const said = JSON.stringify({ theirs: theirs[at], ours });
        differences.push(`${expression} on ${JSON.stringify(claims).slice(0, 40)}…: ${said}`);
      }
    }
    const all = `${questions.length} asked: ${count.value} equal values, ${count.failure} fail in both, ${count.refused} compile in neither, ${count.types} not compared (types)`;
    assert.equal(
      differences.length,
      0,
      `${all}; ${differences.length} differ, such as\n${differences.slice(0, MOST_SHOWN).join('\n')}`,
    );
    return all;
  });

  await conversation.line('go-glob: generated globs', async () => {
    const questions = globs(20_000).map(([pattern, text]) => ({ pattern, text }));
    const theirs = ask(questions);
    for (const [at, { pattern, text }] of questions.entries()) {
      assert.equal(matchesGlob(pattern, text), theirs[at]?.value, `${pattern} and ${text}`);
    }
    const matching = theirs.filter(({ value }) => value === true).length;
    return `${questions.length} equal, of which ${matching} match`;
  });

  await conversation.line('pointerstructure: generated JSON pointers', async () => {
    const questions = pointers(2000).map((pointer) => ({ pointer, claims: POINTED }));
    const theirs = ask(questions);
    for (const [at, { pointer }] of questions.entries()) {
      assert.deepEqual(claimAt(POINTED, pointer) ?? null, theirs[at]?.value, pointer);
    }
    const found = theirs.filter(({ value }) => value !== null).length;
    return `${questions.length} equal, of which ${found} find something`;
  });
};

const answerOf = (expression: string, claims: Readonly<Record<string, unknown>>): object => {
  const compiled = compile(expression, ['claims'], STRING_FUNCTIONS);
  return 'problem' in compiled ? compiled : compiled.evaluate({ claims });
};
