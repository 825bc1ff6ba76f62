import { applyChanges, type Change } from './edits.ts';
import { isSafe } from './safe.ts';
import type { Presented, Reason } from './verdict.ts';
import { type Path, pathText } from './written.ts';

/** A reason before anybody knows whether its edit is safe, with the edit for a program beside the one for people. */
export interface Denial extends Omit<Reason, 'safe'> {
  /** Absent: nothing that could be written into this document would help. */
  readonly changes?: readonly Change[];
}

/** A denial at one place of the document, and what to write there; without a `value` the place goes. */
export const denialAt = <Code extends string>(
  code: Code,
  at: Path,
  wanted: string,
  presented: string,
  write: { readonly edit: string; readonly value?: unknown },
): Denial & { readonly code: Code } => ({
  code,
  condition: pathText(at),
  wanted,
  presented,
  edit: write.edit,
  changes: [{ at, ...('value' in write && { value: write.value }) }],
});

/** How a relying party's documents are read and weighed. */
export interface Weighing<Model> {
  readonly model: (value: unknown) => Model;
  readonly denials: (model: Model, presented: Presented) => readonly Denial[];
}

const MOST_REASONS = 10;
const MOST_ROUNDS = 4;

/**
 * Why a document refuses what is presented, each reason with whether it is safe to follow; empty where it does not.
 *
 * One edit alone admits nobody where there are several reasons, and one mistake can hide another. So all edits are
 * made, what is found then belongs to the reasons, too, and what comes out is asked whom it admits.
 */
export const reasonsOf = <Model>(
  { model, denials }: Weighing<Model>,
  value: unknown,
  presented: Presented,
): readonly Reason[] => {
  const before = model(value);
  const all: Denial[] = [];
  let [edited, text] = [before, value];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const found = denials(edited, presented);
    all.push(...found.filter((one) => !all.some((other) => isSame(one, other))));
    const changes = found.flatMap((denial) => denial.changes ?? []);
    if (changes.length === 0) break;
    text = applyChanges(text, changes);
    edited = model(text);
  }
  if (all.length === 0) return [];
  const admits = (document: Model, who: Presented) => ({ allowed: denials(document, who).length === 0 });
  const safe = isSafe(admits, edited, presented, before);
  return all
    .slice(0, MOST_REASONS)
    .map(({ changes, ...reason }) => ({ ...reason, safe: safe && changes !== undefined }));
};

const isSame = (one: Denial, other: Denial): boolean => one.code === other.code && one.condition === other.condition;

/** What is presented, as a reason shows it: empty where it is absent. */
export const shown = (value: unknown): string => {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** The audiences of a token, be it one or a list. RFC 7519, section 4.1.3. */
export const audiencesOf = ({ claims }: Presented): readonly string[] => {
  const aud = claims['aud'];
  return (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === 'string');
};
