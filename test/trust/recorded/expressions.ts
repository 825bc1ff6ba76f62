import fc from 'fast-check';

/** Expressions in CEL over the claims of `kubernetes-questions.ts`: many right, many of a wrong type or kind. */

const TEXTS = [
  'claims.sub',
  'claims.org',
  'claims["project"]',
  'claims.nested.a.b',
  'claims.nested["k"]',
  'claims.absent',
  'claims.empty',
  'claims.groups[0]',
  'claims.nothing',
  '"contoso"',
  "'core'",
  '""',
  'claims.dotted__dot__name',
  'claims.dashed__dash__name',
  'claims["dotted.name"]',
  'string(claims.number)',
  'string(7)',
  'string(1.5)',
  'string(true)',
];
const NUMBERS = [
  '1',
  '7',
  '1.5',
  '-3',
  '2u',
  'claims.number',
  'claims.fraction',
  'size(claims.sub)',
  'claims.groups.size()',
  'int("7")',
  'double(7)',
  'int(claims.number)',
  '7 / 0',
  '7 % 4',
  'claims.number + 1',
  'claims.number + 1.0',
  'uint(7)',
];
const LISTS = [
  'claims.groups',
  'claims.none',
  'claims.mixed',
  '["a", "b"]',
  '[]',
  '[1, 2]',
  '[1, "a"]',
  '[1, 1.5]',
  '["a", claims.org]',
  'claims.sub.split(":")',
  '[[]]',
  'claims.aud',
];
const MAPS = ['claims', 'claims.nested', '{"contoso": 1}', '{"a": 1, "b": "c"}', '{}', '{1: 2}'];
const PATTERNS = ['"^pulumi"', '"contoso$"', '"("', '"a{2,1}"', 'claims.org', 'r"\\d+"', '"^(a|co)+ntoso$"'];

const { expression } = fc.letrec<Record<'text' | 'truth' | 'list' | 'anything' | 'expression', string>>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...TEXTS),
    fc.tuple(tie('text'), tie('text')).map(([left, right]) => `(${left} + ${right})`),
    fc.tuple(tie('truth'), tie('text'), tie('anything')).map(([ask, yes, no]) => `(${ask} ? ${yes} : ${no})`),
    fc.tuple(tie('text'), fc.constantFrom('lowerAscii', 'upperAscii', 'trim')).map(([of, name]) => `${of}.${name}()`),
    fc.tuple(tie('text'), fc.constantFrom(...NUMBERS)).map(([of, at]) => `${of}.split(":")[${at}]`),
    fc.tuple(tie('text'), fc.constantFrom(...NUMBERS)).map(([of, at]) => `${of}.charAt(${at})`),
    fc.tuple(tie('text'), fc.constantFrom(...NUMBERS)).map(([of, at]) => `${of}.substring(${at})`),
    fc.tuple(tie('text'), tie('text')).map(([of, by]) => `${of}.replace("o", ${by})`),
    tie('list').map((of) => `${of}.join("-")`),
  ),
  list: fc.oneof(
    { depthSize: 'xsmall' },
    fc.constantFrom(...LISTS),
    fc.tuple(tie('anything'), tie('anything')).map(([left, right]) => `[${left}, ${right}]`),
    fc.tuple(tie('list'), tie('truth')).map(([of, by]) => `${of}.filter(x, ${by})`),
    fc.tuple(tie('list'), tie('anything')).map(([of, by]) => `${of}.map(x, ${by})`),
    tie('list').map((of) => `${of}.map(x, x + "!")`),
    fc.tuple(tie('list'), tie('list')).map(([left, right]) => `(${left} + ${right})`),
  ),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(tie('anything'), fc.constantFrom('==', '!=', '<', '>=', '>'), tie('anything'))
      .map(([left, how, right]) => `(${left} ${how} ${right})`),
    fc
      .tuple(tie('text'), fc.constantFrom('==', '!='), tie('text'))
      .map(([left, how, right]) => `(${left} ${how} ${right})`),
    fc
      .tuple(tie('text'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('anything'))
      .map(([of, how, part]) => `${of}.${how}(${part})`),
    fc
      .tuple(tie('anything'), fc.oneof(tie('list'), fc.constantFrom(...MAPS)))
      .map(([what, where]) => `(${what} in ${where})`),
    fc.constantFrom(
      'has(claims.sub)',
      'has(claims.absent)',
      'has(claims.nested.zz)',
      'has(claims.absent.x)',
      'has(claims.sub.x)',
      'has(claims.email) && claims.email_verified',
      '!has(claims.email)',
      'claims.email != ""',
    ),
    fc.constantFrom(
      'claims.truth',
      'claims.truth == true',
      'true',
      'false',
      '!claims.truth',
      'claims.?org.orValue("x") == "contoso"',
      'claims.?absent.orValue(true)',
      'claims.?absent.orValue(true) == true',
      'type(claims.org) == string',
      'type(claims.number) == int',
    ),
    fc
      .tuple(tie('truth'), fc.constantFrom('&&', '||'), tie('truth'))
      .map(([left, how, right]) => `(${left} ${how} ${right})`),
    tie('truth').map((not) => `!(${not})`),
    fc.tuple(tie('text'), fc.constantFrom(...PATTERNS)).map(([of, by]) => `${of}.matches(${by})`),
    fc
      .tuple(tie('list'), fc.constantFrom('exists', 'all', 'exists_one'))
      .map(([of, how]) => `${of}.${how}(x, x.startsWith("c"))`),
    fc
      .tuple(fc.constantFrom(...MAPS), fc.constantFrom('exists', 'all'))
      .map(([of, how]) => `${of}.${how}(k, k == "contoso")`),
    fc.tuple(tie('list'), fc.constantFrom('exists', 'all')).map(([of, how]) => `${of}.${how}(x, x)`),
  ),
  anything: fc.oneof(
    { depthSize: 'small' },
    tie('text'),
    tie('text'),
    fc.constantFrom(...NUMBERS),
    tie('truth'),
    tie('list'),
    fc.constantFrom(
      ...MAPS,
      'null',
      'claims.absent',
      'b"x"',
      'string',
      'claims.nested.a',
      'x',
      'undefined',
      'timestamp("2027-01-01T00:00:00Z")',
      'duration("1h")',
      'duration("x")',
    ),
  ),
  expression: fc.oneof(tie('truth'), tie('truth'), tie('truth'), tie('anything')),
}));

export const celExpression = expression;

const OF_USER = [
  'user.username',
  'user.uid',
  'user.groups',
  'user.groups[0]',
  'user.extra',
  'user.extra["example.com/org"]',
  'user.extra["example.com/org"][0]',
  'user.extra.a',
  'user.name',
  'user["username"]',
  '"x"',
  '"runpass:"',
  '["g:dev"]',
  '"g:dev"',
  '1',
  'user',
  'true',
  'user.groups.size()',
  'size(user.extra)',
];
const userPart = fc.constantFrom(...OF_USER);

export const userExpression = fc.oneof(
  fc.tuple(userPart, fc.constantFrom('==', '!=', '<', '+', 'in', '&&', '||'), userPart).map((parts) => parts.join(' ')),
  fc
    .tuple(userPart, fc.constantFrom('startsWith', 'contains', 'matches', 'endsWith'), userPart)
    .map(([of, how, part]) => `!${of}.${how}(${part})`),
  fc
    .tuple(userPart, fc.constantFrom('exists', 'all', 'exists_one'), userPart, fc.constantFrom('==', '!='))
    .map(([of, how, part, compared]) => `${of}.${how}(x, x ${compared} ${part})`),
  fc.constantFrom(
    'has(user.username)',
    'has(user.uid)',
    'has(user.groups)',
    'has(user.extra)',
    'has(user.email)',
    'has(user.extra.a)',
    'user.extra.exists(k, k == "example.com/org")',
    'user.extra.all(k, user.extra[k].size() == 1)',
    'user.username.startsWith("system:") ? false : true',
    '!("g:ops" in user.groups)',
  ),
);
