import { compile, type Expression, type Part, type Uncompiled } from '../cel.ts';
import type { Dialect } from '../cel-dialect.ts';
import { STRING_FUNCTIONS } from '../cel-functions.ts';
import { isPattern } from '../cel-matches.ts';
import { ANY, listOf, mapOf, objectOf, STRING } from '../cel-types.ts';

/** An expression as it is written, and read. */
export interface Read {
  readonly text: string;
  readonly variable: 'claims' | 'user';
  readonly compiled: Expression | Uncompiled;
}

export const FUNCTIONS = STRING_FUNCTIONS;

/** Claims may be anything; a user has these fields and no other. */
const CLAIMS = mapOf(STRING, ANY);
const USER = objectOf({
  username: STRING,
  uid: STRING,
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
});

/** As the API server has names that are none in the language: `claims.example__dot__com`. */
const meant = (name: string): string =>
  name.replace(/__(dot|dash|slash|underscores)__/g, (_, word: string) => ESCAPED[word] ?? word);

const ESCAPED: Readonly<Record<string, string>> = { dot: '.', dash: '-', slash: '/', underscores: '__' };

/** Numbers of a token are never whole to it. */
export const MAPPING: Dialect = {
  name: 'kubernetes',
  variables: { claims: CLAIMS, user: USER },
  numbers: 'double',
  compares: 'numbers',
  elements: 'alike',
  meant,
};

const RULE: Dialect = { ...MAPPING, name: 'kubernetes rule', gives: 'bool' };

/** `asked`: of a rule, an expression must be known to be true or false before anybody comes. */
export const readExpression = (text: string, variable: Read['variable'], asked: 'mapping' | 'rule'): Read => {
  const compiled = compile(withoutOptional(text), [variable], FUNCTIONS, asked === 'rule' ? RULE : MAPPING);
  const problem = 'problem' in compiled ? undefined : (allProblem(compiled.whole) ?? literalProblem(compiled.whole));
  return { text, variable, compiled: problem === undefined ? compiled : { problem } };
};

/** What the API server goes through there are no names, but what stands in them, in no order. */
const allProblem = ({ kind, parts }: Part): string | undefined => {
  const isAll = kind === 'other' && parts[0]?.kind === 'name' && ['claims', 'user'].includes(parts[0].name ?? '');
  if (isAll) return 'goes through all claims, which Runpass does not evaluate';
  return parts.map(allProblem).find((problem) => problem !== undefined);
};

/** The API server tries patterns and times that are literals before anybody comes. */
const literalProblem = (part: Part): string | undefined => {
  const [first, second] = part.parts;
  const pattern = part.name === 'matches' ? second?.literal : undefined;
  if (pattern !== undefined && !isPattern(pattern)) return `has no regular expression: ${JSON.stringify(pattern)}`;
  const time = part.kind === 'call' && ['duration', 'timestamp'].includes(part.name ?? '') ? first?.literal : undefined;
  if (time !== undefined && !isTime(part.text)) return `has no ${part.name}: ${JSON.stringify(time)}`;
  return part.parts.map(literalProblem).find((problem) => problem !== undefined);
};

const isTime = (text: string): boolean => {
  const compiled = compile(text, [], FUNCTIONS);
  return !('problem' in compiled) && 'value' in compiled.evaluate({});
};

const OPTIONAL =
  /\b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:"[^"]*"|'[^']*')\])*)\.\?([A-Za-z_]\w*)\.orValue\(((?:"[^"]*"|'[^']*'|[^()"'])*)\)/g;

/** `claims.?email_verified.orValue(true)` says in one word what `has()` says in two. */
const withoutOptional = (text: string): string => text.replace(OPTIONAL, '(has($1.$2) ? $1.$2 : $3)');

/** Functions of the API server's other libraries: https://kubernetes.io/docs/reference/using-api/cel/. */
const OF_KUBERNETES =
  'authorizer bind cidr cidrSubtract containsCIDR containsIP findAll find format getEscapedPath getHost getHostname getPort getQuery getScheme hasValue ip isCIDR isIP isQuantity isSemver isSorted isURL max min none of optional orValue quantity quote reverse semver sets strings sum transformList transformMap url value'.split(
    ' ',
  );

/** What the API server could evaluate and this cannot; `undefined`: nothing. */
export const unevaluated = ({ compiled }: Read): string | undefined => {
  if (!('problem' in compiled)) return undefined;
  const [, name] = /undeclared reference to '([^']*)'/.exec(compiled.problem) ?? [];
  if (name !== undefined && OF_KUBERNETES.includes(name)) return `${name}()`;
  return /does not evaluate|too many steps|nested deeper|is longer/.test(compiled.problem)
    ? 'an expression that is too much'
    : undefined;
};
