import type { Accessor, Expression } from '../syntax/expression.ts';

/** The accesses in an expression and in everything inside it. */
export const accessesIn = (expression: Expression): readonly (readonly Accessor[])[] => {
  switch (expression.kind) {
    case 'reference':
      return [expression.access];
    case 'interpolation':
      return expression.parts.flatMap(({ access }) => (access ? [access] : []));
    case 'list':
      return expression.items.flatMap(accessesIn);
    case 'object':
      return expression.entries.flatMap(({ value }) => accessesIn(value));
    case 'unary':
      return accessesIn(expression.argument);
    case 'join':
    case 'split':
      return [expression.delimiter, expression.operand].flatMap((part) => (part ? accessesIn(part) : []));
    case 'validate':
      return [expression.schema, expression.value].flatMap((part) => (part ? accessesIn(part) : []));
    case 'open':
      return expression.inputs ? accessesIn(expression.inputs) : [];
    default:
      return [];
  }
};

/** `P/E` where an access begins with `environments.P.E`: it imports that environment. */
export const inlineImportOf = (access: readonly Accessor[]): string | undefined => {
  const [root, project, name] = access;
  if (root?.key !== 'environments' || typeof project?.key !== 'string' || typeof name?.key !== 'string')
    return undefined;
  return `${project.key}/${name.key}`;
};
