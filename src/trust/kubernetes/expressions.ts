import { compile, type Expression, type Uncompiled } from '../cel.ts';
import { neededMembersOf } from '../cel-checks.ts';
import { STRING_FUNCTIONS } from '../cel-functions.ts';

/** An expression as it is written, and read. */
export interface Read {
  readonly text: string;
  readonly variable: 'claims' | 'user';
  readonly compiled: Expression | Uncompiled;
}

export const FUNCTIONS = STRING_FUNCTIONS;

export const readExpression = (text: string, variable: Read['variable']): Read => {
  const compiled = compile(withoutOptional(text), [variable], FUNCTIONS);
  const foreign = 'problem' in compiled || variable === 'claims' ? undefined : foreignField(compiled);
  return {
    text,
    variable,
    compiled: foreign === undefined ? compiled : { problem: `has an undefined field '${foreign}'` },
  };
};

/** Claims may be anything; a user has these fields and no other. */
const OF_USER = ['username', 'uid', 'groups', 'extra'];

const foreignField = (expression: Expression): string | undefined =>
  neededMembersOf(expression, 'user').find((field) => !OF_USER.includes(field));

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
