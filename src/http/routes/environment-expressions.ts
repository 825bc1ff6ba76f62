import { plainRange } from '../../environments/evaluate/detailed.ts';
import type { Expression, ObjectEntry } from '../../environments/syntax/expression.ts';
import { parseEnvironment } from '../../environments/syntax/parse-environment.ts';
import type { SourceText } from '../../environments/syntax/source-text.ts';
import { ANONYMOUS_ENVIRONMENT, type Plain } from '../../environments/values.ts';

/**
 * What a definition says, value by value and as it is written: the `exprs` of a check's answer.
 *
 * Clients look a value up here before they show its definition. Each has its range; lists, objects and calls have
 * what is in them, other literals their value. The text of a secret is left out: whoever sent it knows it.
 */
export const expressionsOf = (text: string): Plain => {
  const { source, definition } = parseEnvironment(ANONYMOUS_ENVIRONMENT, text);
  return members(definition?.values ?? [], ({ value }) => show(value, source));
};

const show = (expression: Expression, source: SourceText): Plain =>
  new Map<string, Plain>([
    ['range', plainRange(source.range(expression.at))],
    ...contentOf(expression, source).filter((member): member is [string, Plain] => member !== undefined),
  ]);

const contentOf = (expression: Expression, source: SourceText): readonly ([string, Plain] | undefined)[] => {
  switch (expression.kind) {
    case 'literal':
      return expression.value === null ? [] : [['literal', expression.value]];
    case 'list':
      return [['list', expression.items.map((item) => show(item, source))]];
    case 'object':
      return [
        ['keyRanges', members(expression.entries, ({ keyAt }) => plainRange(source.range(keyAt)))],
        ['object', members(expression.entries, ({ value }) => show(value, source))],
      ];
    case 'unary':
      return [builtin(`fn::${expression.name}`, expression, source, expression.argument)];
    case 'join':
    case 'split':
      return [builtin(`fn::${expression.kind}`, expression, source)];
    case 'open':
      return [builtin('fn::open', expression, source, expression.inputs)];
    case 'secret':
    case 'ciphertext':
      return [builtin('fn::secret', expression, source)];
    default:
      return [];
  }
};

const builtin = (name: string, { at }: Expression, source: SourceText, argument?: Expression): [string, Plain] => {
  const range = plainRange(source.range(at));
  return [
    'builtin',
    new Map<string, Plain>([
      ['name', name],
      ['nameRange', range],
      ['argSchema', true],
      ['arg', argument ? show(argument, source) : new Map([['range', range]])],
    ]),
  ];
};

const members = (entries: readonly ObjectEntry[], shown: (entry: ObjectEntry) => Plain): Plain =>
  new Map(entries.flatMap((entry) => (entry.key === undefined ? [] : [[entry.key, shown(entry)] as const])));
