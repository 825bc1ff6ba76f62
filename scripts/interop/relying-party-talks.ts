import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { readCorpus, textOf } from '../../test/trust/corpus/corpus.ts';
import { presentedBy } from '../../test/trust/presented.ts';
import { kubernetesDifference } from '../../test/trust/recorded/kubernetes-answers.ts';
import { kubernetesQuestion } from '../../test/trust/recorded/kubernetes-questions.ts';
import { ON_PURPOSE, type Question } from '../../test/trust/recorded/questions.ts';
import { readRecorded, recordedAt, writeRecorded } from '../../test/trust/recorded/recorded.ts';
import { vaultDifference } from '../../test/trust/recorded/vault-answers.ts';
import { vaultQuestion } from '../../test/trust/recorded/vault-questions.ts';
import type { Conversation } from './conversation.ts';
import { askApiServer, askVault } from './relying-parties.ts';

/** A relying party's own program, and how its answers compare with ours. */
interface Party<Answer> {
  readonly name: 'vault' | 'kubernetes';
  readonly question: fc.Arbitrary<Question>;
  readonly ask: (binary: string, questions: readonly Question[]) => readonly Answer[];
  readonly difference: (question: Question, theirs: Answer) => string | undefined;
  readonly isAdmitted: (theirs: Answer) => boolean;
}

const VAULT: Party<ReturnType<typeof askVault>[number]> = {
  name: 'vault',
  question: vaultQuestion,
  ask: askVault,
  difference: vaultDifference,
  isAdmitted: ({ user }) => user !== undefined,
};

const KUBERNETES: Party<ReturnType<typeof askApiServer>[number]> = {
  name: 'kubernetes',
  question: kubernetesQuestion,
  ask: askApiServer,
  difference: kubernetesDifference,
  isAdmitted: ({ load, denied }) => load === undefined && denied === undefined,
};

const GENERATED = 6000;
const MOST_SHOWN = 20;

/** Every document of the corpus that can be sent at all, with what it is shown there. */
const ofCorpus = (party: string): readonly Question[] =>
  (['broken', 'correct'] as const)
    .flatMap((kind) => readCorpus(party, kind))
    .flatMap((one) => {
      const { claims, header } = presentedBy(one.presented);
      const isSendable = !/--oidc-|^path /.test(textOf(one));
      return isSendable ? [{ document: textOf(one), claims, alg: header.alg }] : [];
    });

const compare = <Answer>(
  { ask, difference, isAdmitted }: Party<Answer>,
  binary: string,
  questions: readonly Question[],
): string => {
  const theirs = ask(binary, questions);
  const found = questions.map((question, at) => difference(question, theirs[at] as Answer));
  const onPurpose = found.filter((each) => each?.startsWith(ON_PURPOSE)).length;
  const differing = found.flatMap((each, at) =>
    each === undefined || each.startsWith(ON_PURPOSE) ? [] : [`${JSON.stringify(questions[at])}: ${each}`],
  );
  const admitted = theirs.filter(isAdmitted).length;
  const equal = questions.length - onPurpose - differing.length;
  const all = `${questions.length} asked: ${equal} equal (${admitted} admitted there), ${onPurpose} differ on purpose, ${differing.length} differ`;
  assert.equal(differing.length, 0, `${all}, such as\n${differing.slice(0, MOST_SHOWN).join('\n')}`);
  return all;
};

const talk =
  <Answer>(party: Party<Answer>) =>
  async (conversation: Conversation, binary: string): Promise<void> => {
    await conversation.line(`${party.name}: the documents of the corpus`, async () =>
      compare(party, binary, ofCorpus(party.name)),
    );
    await conversation.line(`${party.name}: generated documents and tokens`, async () => {
      const seed = Math.trunc(Math.random() * 2 ** 31);
      return `seed ${seed}, ${compare(party, binary, fc.sample(party.question, { numRuns: GENERATED, seed }))}`;
    });
    await conversation.line(`${party.name}: still answers as recorded`, async () => {
      const recorded = readRecorded<Answer>(party.name, await readFile(recordedAt(party.name), 'utf8'));
      const theirs = party.ask(
        binary,
        recorded.map(({ asked }) => asked),
      );
      const isEqual = (at: number): boolean =>
        party.isAdmitted(theirs[at] as Answer) === party.isAdmitted(recorded[at]?.answer as Answer);
      assert.deepEqual(
        recorded.filter((_, at) => !isEqual(at)),
        [],
      );
      return `${recorded.length} questions`;
    });
  };

export const talkToVault = talk(VAULT);
export const talkToApiServer = talk(KUBERNETES);

const KEPT = 320;
const SEED = 20_261_128;

/** Of many questions those that are answered in a way of their own, and the corpus: each with its answer. */
const record =
  <Answer>(party: Party<Answer>) =>
  async (binary: string): Promise<void> => {
    const corpus = ofCorpus(party.name);
    const questions = [...corpus, ...fc.sample(party.question, { numRuns: GENERATED, seed: SEED })];
    const answers = party.ask(binary, questions);
    const seen = new Map<string, number>();
    const kept = questions.flatMap((asked, at) => {
      const answer = answers[at] as Answer;
      const kind = JSON.stringify(answer)
        .replaceAll(/\\".*?\\"|\d+/g, '…')
        .slice(0, 90);
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      const isOnPurpose = party.difference(asked, answer)?.startsWith(ON_PURPOSE) ?? false;
      const isShort = asked.document.length < 2000 && JSON.stringify(answer).length < 600;
      return at < corpus.length || (count <= 3 && isShort && !isOnPurpose) ? [{ asked, answer }] : [];
    });
    const few = kept.slice(0, corpus.length + KEPT);
    await writeFile(recordedAt(party.name), `${few.map((one) => writeRecorded(party.name, one)).join('\n')}\n`);
  };

export const recordVault = record(VAULT);
export const recordApiServer = record(KUBERNETES);
