import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { recognise } from '../../../src/trust/recognise.ts';
import { isUnusable, type Unusable, type Verdict } from '../../../src/trust/verdict.ts';
import { type Case, OURS, presentedBy } from '../presented.ts';

/**
 * One document of a corpus, written by us from what people are known to get wrong, or right.
 *
 * `corpus/<relying party>/broken.yaml` and `correct.yaml` are lists of these. A correct one is allowed without any
 * warning. A broken one has exactly one of `denied`, `warned` and `unusable`.
 */
export interface CorpusCase {
  /** What was done, in words. */
  readonly name: string;
  /** Where people were seen to do it. */
  readonly seen?: string;
  /** What is presented, where that is not an update of contoso/core/dev on v1. */
  readonly presented?: Case;
  /** Code of the first reason. */
  readonly denied?: string;
  /** Is the edit of the first reason safe? */
  readonly safe?: boolean;
  /** Codes of all warnings, in their order: of a document that admits what is presented. */
  readonly warned?: readonly string[];
  /** What the problem begins with. */
  readonly unusable?: string;
  /** A text, or a mapping that is written as JSON. */
  readonly document: unknown;
}

export const readCorpus = (party: string, kind: 'broken' | 'correct'): readonly CorpusCase[] =>
  parse(readFileSync(fileURLToPath(new URL(`${party}/${kind}.yaml`, import.meta.url)), 'utf8'));

export const textOf = ({ document }: CorpusCase): string =>
  typeof document === 'string' ? document : JSON.stringify(document, undefined, 2);

/** What `trust explain` would say of it. */
export const explain = (one: CorpusCase, party: string): Verdict | Unusable => {
  const recognised = recognise(textOf(one));
  if (isUnusable(recognised)) return recognised;
  if (recognised.party !== party) throw new Error(`"${one.name}" was taken for a document of ${recognised.party}`);
  return recognised.document.evaluate(presentedBy(one.presented), OURS);
};
