import type { Expression, Part } from './cel.ts';
import { callsOf, checksOf, neededMembersOf } from './cel-checks.ts';
import { type Party, remarksOnClaim, remarksOnPrefix, remarksOnSubject } from './remarks.ts';
import type { OurSide, Presented, Warning } from './verdict.ts';

/** Where an expression stands, and what it calls a token's claims. */
export interface Place {
  readonly party: Party;
  readonly condition: string;
  readonly variable: string;
  /** Names of other variables' members that are `sub` by another name: `google.subject`. */
  readonly alias?: Readonly<Record<string, string>>;
}

/** What is unwise about a CEL expression that decides who gets in. */
export const remarksOnExpression = (
  expression: Expression,
  place: Place,
  presented: Presented,
  ours: OurSide,
): readonly Warning[] => [
  ...remarksOnClaims(expression, place, presented, ours),
  ...callsOf(expression.whole).flatMap((call) => remarksOnCall(call, expression, place, presented, ours)),
];

/** Claims that an expression asks for and no token has; one that it asks for with `has()` may be of other tokens. */
export const remarksOnClaims = (
  expression: Expression,
  { party, condition, variable }: Place,
  presented: Presented,
  ours: OurSide,
): readonly Warning[] => {
  const needed = neededMembersOf(expression, variable);
  return needed.flatMap((claim) => remarksOnClaim(party, condition, claim, presented, ours));
};

const remarksOnCall = (
  call: Part,
  expression: Expression,
  place: Place,
  { issuer }: Presented,
  ours: OurSide,
): readonly Warning[] => {
  const { party } = place;
  const [first, second] = call.parts;
  if (!first || !second) return [];
  const condition = `${place.condition}: ${call.text}`;
  const [subject, literal] = first.literal === undefined ? [first, second.literal] : [second, first.literal];
  const claim = claimOf(subject, place);
  if (claim === undefined) return [];
  const isSubject = claim === 'sub';
  if (call.name === '@in' && second.kind === 'list' && isSubject) {
    return second.parts.flatMap(({ literal: text }) =>
      text === undefined ? [] : remarksOnSubject(party, condition, { how: 'equals', text, issuer }, ours),
    );
  }
  if (literal === undefined) return [];
  switch (call.name) {
    case '_==_':
      return isSubject ? remarksOnSubject(party, condition, { how: 'equals', text: literal, issuer }, ours) : [];
    case 'startsWith':
      return isSubject
        ? remarksOnStart(condition, literal, place, issuer, ours)
        : remarksOnPrefix(party, condition, literal);
    case 'contains':
    case 'endsWith':
      return pinsBeginning(expression, place) ? [] : [loose(party, condition, call.name, claim)];
    case 'matches':
      return isWhole(literal) ? [] : [unanchored(party, condition, literal)];
    default:
      return [];
  }
};

/** `org:contoso:project:core:stack:dev:operation:update` has more names behind it, and `scope:write` has none. */
const remarksOnStart = (
  condition: string,
  literal: string,
  { party }: Place,
  issuer: string,
  ours: OurSide,
): readonly Warning[] => {
  const ofPatterns = remarksOnSubject(party, condition, { how: 'prefix', text: literal, issuer }, ours);
  if (ofPatterns.length > 0 || /[:/]$|:scope:write$|:operation:[a-z-]+$/.test(literal)) return ofPatterns;
  return remarksOnPrefix(party, condition, literal);
};

/** Another condition that says how the subject begins makes a loose one harmless. */
const pinsBeginning = (expression: Expression, place: Place): boolean =>
  checksOf(expression).some(
    ({ compared, wanted }) =>
      compared !== undefined &&
      ((compared.how === 'prefix' && /[:/]$/.test(wanted)) || compared.how === 'equals') &&
      ['sub', 'org'].includes(claimOf(compared.subject, place) ?? ''),
  );

/** Does a regular expression take whole texts only? A `|` outside of parentheses would end what `^` begins. */
const isWhole = (pattern: string): boolean => {
  let depth = 0;
  for (const [at, character] of [...pattern].entries()) {
    if (pattern[at - 1] === '\\') continue;
    if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') depth--;
    else if (character === '|' && depth === 0) return false;
  }
  return /^\^[\s\S]*[^\\]\$$/.test(pattern);
};

const loose = (party: Party, condition: string, how: string, claim: string): Warning => ({
  code: `${party}_loose_match`,
  condition,
  text: `${how}() on ${claim} is met by anybody who has that text somewhere in it. Compare with ==, or with startsWith() up to a separator.`,
});

const unanchored = (party: Party, condition: string, pattern: string): Warning => ({
  code: `${party}_loose_match`,
  condition,
  text: `matches() looks for "${pattern}" anywhere. Begin it with ^ and end it with $, and put alternatives in parentheses, or compare with ==.`,
});

/** Which claim of the token a part is. */
const claimOf = (part: Part, { variable, alias = {} }: Place): string | undefined => {
  const [of] = part.parts;
  if (part.kind !== 'field' || of?.kind !== 'name' || part.name === undefined) return undefined;
  return of.name === variable ? part.name : alias[`${of.name}.${part.name}`];
};
