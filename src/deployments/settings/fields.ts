import { readGoDuration } from '../../duration.ts';
import { nearest } from '../../nearest.ts';
import type { FieldProblem } from './cloud-settings.ts';

/** A rule for a text: why it is none, as the end of a sentence, or nothing. */
export type Rule = (text: string) => string | undefined;

/**
 * The members of one object that somebody sent.
 *
 * Every reader answers `undefined` where a member is not set, and where it is wrong: that is then one of the problems.
 */
export interface Fields {
  text(name: string, rule: Rule): string | undefined;
  /** The same, and not being set is a problem, too. The empty text then only stands for "nothing is valid here". */
  requiredText(name: string, rule: Rule): string;
  flag(name: string): boolean | undefined;
  /** Whole seconds of a duration as Go writes it, within bounds that `range` tells. */
  duration(
    name: string,
    bounds: { readonly shortest: number; readonly longest: number },
    range: string,
  ): number | undefined;
  texts(name: string, most: number, rule: Rule): readonly string[];
  /** Members of an object of the caller's own names. */
  entries(name: string, most: number): readonly (readonly [name: string, value: unknown])[];
  /** A problem with a member, or with what stands below it. */
  complain(path: readonly (string | number)[], problem: string, kind?: FieldProblem['kind']): void;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Clients send `null` and the empty text for what is not set. */
export const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

/** An object of which nothing is set. */
export const isUnset = (value: unknown): boolean =>
  isObject(value) &&
  Object.values(value).every(
    (member) =>
      isAbsent(member) || member === false || isUnset(member) || (Array.isArray(member) && member.length === 0),
  );

const MAX_TEXT = 8192;
const MAX_NAME = 60;

/** A name of the caller's, fit for a path that is shown. */
const shown = (name: string | number): string =>
  String(name)
    .replace(/\p{Cc}/gu, '?')
    .slice(0, MAX_NAME);

/** Opens an object of settings; members of other names are problems, with the nearest known one. */
export const openFields = (
  json: Readonly<Record<string, unknown>>,
  at: string,
  known: readonly string[],
  problems: FieldProblem[],
): Fields => {
  const complain: Fields['complain'] = (path, problem, kind = 'invalid') => {
    problems.push({ path: [at, ...path.map(shown)].filter((part) => part !== '').join('.'), kind, problem });
  };
  for (const name of Object.keys(json).filter((name) => !known.includes(name))) {
    const meant = nearest(name, known);
    complain(
      [name],
      meant === undefined
        ? `is no member here; there are ${known.join(', ')}`
        : `is no member here; did you mean "${meant}"?`,
    );
  }
  const member = (name: string): unknown => {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    return isAbsent(value) ? undefined : value;
  };
  const checkText = (value: unknown, path: readonly (string | number)[], rule: Rule): string | undefined => {
    const problem =
      typeof value !== 'string'
        ? 'must be a text'
        : value.length > MAX_TEXT
          ? `has more than ${MAX_TEXT} characters`
          : rule(value);
    if (problem === undefined) return value as string;
    complain(path, problem);
    return undefined;
  };
  const text: Fields['text'] = (name, rule) =>
    member(name) === undefined ? undefined : checkText(member(name), [name], rule);

  return {
    complain,
    text,
    requiredText(name, rule) {
      if (member(name) === undefined) complain([name], 'is missing', 'required');
      return text(name, rule) ?? '';
    },
    flag(name) {
      const value = member(name);
      if (value === undefined || typeof value === 'boolean') return value;
      complain([name], 'must be true or false');
      return undefined;
    },
    duration(name, { shortest, longest }, range) {
      const seconds = (value: string): number => readGoDuration(value) ?? 0;
      const found = text(name, (value) => {
        if (seconds(value) === 0) return 'must be a duration such as "1h30m"';
        return seconds(value) >= shortest && seconds(value) <= longest ? undefined : range;
      });
      return found === undefined ? undefined : seconds(found);
    },
    texts(name, most, rule) {
      const value = member(name) ?? [];
      if (!Array.isArray(value)) {
        complain([name], 'must be a list of texts');
        return [];
      }
      if (value.length > most) complain([name], `takes at most ${most}`);
      return value.slice(0, most).flatMap((item, index) => checkText(item, [name, index], rule) ?? []);
    },
    entries(name, most) {
      const value = member(name) ?? {};
      if (!isObject(value)) {
        complain([name], 'must be an object');
        return [];
      }
      const all = Object.entries(value);
      if (all.length > most) complain([name], `takes at most ${most}`);
      return all.slice(0, most);
    },
  };
};

/** The rule that a text has a form; `must` is the end of the sentence when it has not. */
export const form =
  (pattern: RegExp, must: string): Rule =>
  (text) =>
    pattern.test(text) ? undefined : must;
