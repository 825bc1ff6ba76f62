/** What is written into a configuration as it is: a reference, or a call around a value. */
export interface Expression {
  readonly before: string;
  readonly value?: unknown;
  readonly after?: string;
}

const EXPRESSION = Symbol('expression');

export const reference = (before: string): Expression => Object.assign({ before }, { [EXPRESSION]: true });

export const call = (name: string, value: unknown): Expression =>
  Object.assign({ before: `${name}(`, value, after: ')' }, { [EXPRESSION]: true });

type Entries = readonly (readonly [name: string, value: unknown])[];

/** A block of HCL with attributes and then blocks, as `terraform fmt` formats it. What is undefined is left out. */
export const block = (head: string, attributes: Entries, inner: readonly string[] = []): string => {
  const given = attributes.filter(([, value]) => value !== undefined);
  const lines = [...assignments(given), ...inner.flatMap((each) => each.split('\n'))];
  return [`${head} {`, ...lines.map(indented), '}'].join('\n');
};

const indented = (line: string): string => `  ${line}`;

/** Lines of `name = value`; those that follow each other on one line each have their signs below each other. */
const assignments = (entries: Entries): readonly string[] => {
  const lines: string[] = [];
  let together: [name: string, text: string][] = [];
  const flush = (): void => {
    const width = Math.max(0, ...together.map(([name]) => name.length));
    lines.push(...together.map(([name, text]) => `${name.padEnd(width)} = ${text}`));
    together = [];
  };
  for (const [name, value] of entries) {
    const [first = '', ...more] = written(value);
    if (more.length === 0) together.push([name, first]);
    else {
      flush();
      lines.push(`${name} = ${first}`, ...more);
    }
  }
  flush();
  return lines;
};

/** A value as lines of an expression. */
const written = (value: unknown): readonly string[] => {
  if (isExpression(value)) {
    const { before, value: inner, after = '' } = value;
    const [first = '', ...more] = inner === undefined ? [''] : written(inner);
    const lines = [`${before}${first}`, ...more];
    return [...lines.slice(0, -1), `${lines.at(-1)}${after}`];
  }
  if (Array.isArray(value)) {
    const items = value.map(written);
    if (items.every(({ length }) => length === 1)) return [`[${items.flat().join(', ')}]`];
    return ['[', ...items.flatMap((item) => [...item.slice(0, -1), `${item.at(-1)},`]).map(indented), ']'];
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, of]) => [text(name), of] as const);
    return entries.length === 0 ? ['{}'] : ['{', ...assignments(entries).map(indented), '}'];
  }
  return [typeof value === 'string' ? text(value) : JSON.stringify(value)];
};

const isExpression = (value: unknown): value is Expression =>
  typeof value === 'object' && value !== null && EXPRESSION in value;

/** As in JSON, but for what HCL would take for a template, and for two escapes that it has not. */
const text = (value: string): string =>
  JSON.stringify(value)
    .replace(/\\./g, (pair) => ({ '\\b': '\\u0008', '\\f': '\\u000c' })[pair] ?? pair)
    .replace(/[$%](?=\{)/g, '$&$&');
