import { applyChanges, type Change } from './edits.ts';
import { isSafe } from './safe.ts';
import type { Presented, Reason, Warning } from './verdict.ts';

/** A reason before anybody knows whether its edit is safe, with the edit for a program beside the one for people. */
export interface Denial extends Omit<Reason, 'safe'> {
  /** Absent: nothing that could be written into this document would help. */
  readonly changes?: readonly Change[];
}

/** How a relying party's documents are read and weighed. */
export interface Weighing<Model> {
  readonly model: (value: unknown) => Model;
  readonly denials: (model: Model, presented: Presented) => readonly Denial[];
}

/**
 * Reasons, each with whether it is safe to follow.
 *
 * One edit alone admits nobody where there are several reasons, so all of them are made, and what comes out is asked.
 */
export const asReasons = <Model>(
  { model, denials }: Weighing<Model>,
  value: unknown,
  presented: Presented,
  found: readonly Denial[],
): readonly Reason[] => {
  const changes = found.flatMap((denial) => denial.changes ?? []);
  const mendable = found.length > 0 && found.every((denial) => denial.changes);
  const safe =
    mendable &&
    isSafe(
      (edited: Model, who) => ({ allowed: denials(edited, who).length === 0 }),
      model(applyChanges(value, changes)),
      presented,
    );
  return found.map(({ changes: _, ...reason }) => ({ ...reason, safe }));
};

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

/** Each warning once, whoever found it. */
export const once = (warnings: readonly Warning[]): readonly Warning[] =>
  warnings.filter(
    ({ code, condition }, at) =>
      warnings.findIndex((other) => other.code === code && other.condition === condition) === at,
  );
