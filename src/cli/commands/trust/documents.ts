import type { Recognised } from '../../../trust/recognise.ts';
import { unusable } from '../../failure.ts';
import { printable, printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { readInput } from './input.ts';

export interface ReadTrustDocument extends Recognised {
  readonly text: string;
}

/** A trust document of a file, whosever it is; the place of what makes it unusable goes to standard error. */
export const readTrustDocument = async (around: Surroundings, file: string): Promise<ReadTrustDocument> => {
  const [text, { recognise }, { isUnusable }] = await Promise.all([
    readInput(around, file),
    import('../../../trust/recognise.ts'),
    import('../../../trust/verdict.ts'),
  ]);
  const read = recognise(text);
  if (!isUnusable(read)) return { ...read, text };
  printLine(around.stderr, printable(`${file}:${read.line}:${read.column} ${read.problem}`));
  throw unusable(
    `${file} is no trust document that can be used.`,
    'give it as the relying party prints it: docs/trust-documents.md',
  );
};

/** `trust.json:12:9 Statement[0].Condition`: where the condition of a reason stands. */
export const whereIs = (file: string, condition: string, placeOf: Recognised['placeOf']): string => {
  const place = placeOf(condition);
  const start = place ? `${file}:${place.line}:${place.column}` : file;
  return condition === '' ? start : `${start} ${condition}`;
};

export const readTrustDocuments = async (
  around: Surroundings,
  files: readonly string[],
): Promise<readonly Recognised[]> => Promise.all(files.map((file) => readTrustDocument(around, file)));
