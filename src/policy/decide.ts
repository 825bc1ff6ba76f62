import { claimAt, readClaimPath } from './claim-path.ts';
import { MATCH_LIMITS, match, stepsOf } from './match.ts';
import {
  type Claims,
  type Definition,
  type DefinitionTrace,
  DIALECTS,
  type Dialect,
  type PolicyDocument,
  type PolicyQuestion,
  type RuleFailure,
  type Verdict,
} from './policy.ts';

/**
 * What a policy document says to one question about one token. Contract section 3.2.
 *
 * Only definitions for the asked token type and name are weighed; one matches when all its rules do. Any matching
 * deny wins, without a matching allow nothing is granted, and the order of the definitions means nothing. Whatever
 * cannot be compared (a pattern, text, array or definition beyond its limit, a text that is not in Unicode's form NFC, a number
 * that JSON readers round, a definition that was stored in another shape) keeps an allow from matching and never a deny.
 *
 * Never throws, whatever the definitions look like.
 */
export const decide = (document: PolicyDocument, question: PolicyQuestion, claims: Claims): Verdict => {
  const { policies, dialect = 'strict' } = document;
  const definitions = policies.map(readable);
  const trace = definitions.map((definition, index) => weigh(definition, index, dialect, question, claims));
  const matched = (decision: Definition['decision']): readonly number[] =>
    trace.filter((entry) => entry.decision === decision && entry.result === 'matched').map(({ index }) => index);

  const denies = matched('deny');
  if (denies.length > 0) return { outcome: 'denied', decidedBy: denies, administrator: false, roles: [], trace };
  const allows = matched('allow');
  if (allows.length === 0) return { outcome: 'unmatched', decidedBy: [], administrator: false, roles: [], trace };

  const granting = question.tokenType === 'organization' ? allows.flatMap((index) => definitions[index] ?? []) : [];
  return {
    outcome: 'allowed',
    decidedBy: allows,
    administrator: granting.some(makesAdministrator),
    roles: [...new Set(granting.flatMap(({ roleID }) => (typeof roleID === 'string' && roleID ? [roleID] : [])))],
    trace,
  };
};

/** A definition of which nothing is certain but that it is an allow, or else a deny. */
type Readable = Readonly<Partial<Record<keyof Definition, unknown>>> & { readonly decision: Definition['decision'] };

/** What is not an allow in so many words is a deny. */
const readable = (definition: unknown): Readable => ({
  ...(isObject(definition) && definition),
  decision: isObject(definition) && definition['decision'] === 'allow' ? 'allow' : 'deny',
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const makesAdministrator = ({ authorizedPermissions }: Readable): boolean =>
  Array.isArray(authorizedPermissions) && authorizedPermissions.includes('admin');

const weigh = (
  definition: Readable,
  index: number,
  dialect: Dialect,
  question: PolicyQuestion,
  claims: Claims,
): DefinitionTrace => {
  const { decision } = definition;
  // A deny is read in every dialect, so that moving a document from one to another never opens it.
  const reading: Reading = {
    dialects: decision === 'deny' ? DIALECTS : DIALECTS.filter((known) => known === dialect),
    unsure: decision === 'deny',
    steps: 0,
  };
  if (!isSelected(definition, reading, question)) return { index, decision, result: 'unselected' };
  const failure = firstFailure(definition, reading, claims);
  return failure ? { index, decision, result: 'unmatched', failure } : { index, decision, result: 'matched' };
};

/** How patterns are read for a definition, and what holds where nothing can be compared. */
interface Reading {
  readonly dialects: readonly Dialect[];
  readonly unsure: boolean;
  /** Taken so far for this definition, and never shared with another: their order must not matter. */
  steps: number;
}

/** Is the definition about what is asked? Token type first, then the name or the scope. */
const isSelected = (definition: Readable, reading: Reading, question: PolicyQuestion): boolean => {
  if (definition.tokenType !== question.tokenType) return false;
  const named = (name: unknown): boolean => (typeof name === 'string' ? name === question.name : reading.unsure);
  switch (question.tokenType) {
    case 'organization':
      return definition.decision === 'deny' || !question.admin || makesAdministrator(definition);
    case 'team':
      return meets(question.name, definition.teamName, reading);
    case 'personal':
      return named(definition.userLogin);
    case 'runner':
      return named(definition.runnerID);
  }
};

interface ReadRule {
  readonly claim: string;
  readonly path: ReturnType<typeof readClaimPath>;
  readonly pattern: unknown;
}

/** Rules whose paths were read before: a document that stays as it is, is asked many times. */
const known = new WeakMap<object, readonly ReadRule[]>();

const rulesOf = (rules: Readonly<Record<string, unknown>>): readonly ReadRule[] => {
  const before = known.get(rules);
  if (before) return before;
  const read = Object.entries(rules).map(([claim, pattern]) => ({ claim, path: readClaimPath(claim), pattern }));
  known.set(rules, read);
  return read;
};

const firstFailure = (definition: Readable, reading: Reading, claims: Claims): RuleFailure | undefined => {
  if (!isObject(definition.rules)) return reading.unsure ? undefined : { claim: '', expected: '' };
  for (const { claim, path, pattern } of rulesOf(definition.rules)) {
    if ('problem' in path) {
      if (!reading.unsure) return { claim, expected: shown(pattern) };
      continue;
    }
    const value = claimAt(claims, path);
    if (meets(value, pattern, reading)) continue;
    return { claim, expected: shown(pattern), ...(value !== undefined && { presented: cut(JSON.stringify(value)) }) };
  }
  return undefined;
};

/** Does a claim meet a pattern? Of an array any element may; objects, null and what is not there never do. */
const meets = (value: unknown, pattern: unknown, reading: Reading): boolean => {
  const { dialects, unsure } = reading;
  if (typeof pattern !== 'string') return unsure;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > MATCH_LIMITS.elements) return unsure;
  return values.some((element) => {
    const text = textOf(element);
    if (text === undefined) return false;
    if (text === 'uncertain') return unsure;
    return dialects.some((dialect) => {
      reading.steps += stepsOf(pattern, text.text, dialect);
      if (reading.steps > MATCH_LIMITS.steps) return unsure;
      const matches = match(pattern, text.text, dialect);
      return matches === 'beyond' ? unsure : matches;
    });
  });
};

/** What a pattern is held against: a string itself, of a number or a truth value its JSON text. */
const textOf = (value: unknown): { readonly text: string } | 'uncertain' | undefined => {
  switch (typeof value) {
    case 'string':
      // Two spellings of what people read as one text: a deny must not be passed by writing the other.
      return value === value.normalize('NFC') ? { text: value } : 'uncertain';
    case 'number':
      // A greater whole number was rounded when it was read: another id may have the same text.
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? 'uncertain' : { text: JSON.stringify(value) };
    case 'boolean':
      return { text: JSON.stringify(value) };
    default:
      return undefined;
  }
};

const MOST_SHOWN = 256;

const shown = (pattern: unknown): string =>
  cut(typeof pattern === 'string' ? pattern : (JSON.stringify(pattern) ?? ''));

const cut = (text: string): string => [...text.slice(0, 2 * MOST_SHOWN)].slice(0, MOST_SHOWN).join('');
