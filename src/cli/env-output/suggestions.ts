import { LOGIN_PROVIDERS_BY_NAME } from '../../environments/providers/table.ts';
import { UNARY_FUNCTIONS } from '../../environments/syntax/expression.ts';
import { nearest } from '../../nearest.ts';

/** A problem in two parts: what is wrong, and what was probably meant. */
export interface Advised {
  readonly problem: string;
  readonly suggestion?: string;
}

const FUNCTIONS: readonly string[] = [
  ...[...UNARY_FUNCTIONS, 'join', 'split', 'secret', 'open'].map((name) => `fn::${name}`),
  ...[...LOGIN_PROVIDERS_BY_NAME.keys()].map((name) => `fn::open::${name}`),
];

/**
 * Some problems say themselves what was probably meant. Of others it can be told from the text that they stand at:
 * their own words are those that other clients know.
 */
export const advise = (summary: string, written: string): Advised => {
  const [, said, meant] = /^(.*?)[;,.]? did you mean (.+?)\??$/s.exec(summary) ?? [];
  if (said !== undefined && meant !== undefined) return { problem: said, suggestion: meant };
  const [, field, fields] = /^Field '(.*)' does not exist on .* Existing fields are: (.*)$/s.exec(summary) ?? [];
  const found =
    field !== undefined && fields !== undefined
      ? nearest(
          field,
          [...fields.matchAll(/'([^']+)'/g)].map(([, name = '']) => name),
        )
      : summary.endsWith('is a reserved prefix')
        ? nearest(written, FUNCTIONS)
        : undefined;
  return { problem: summary, ...(found !== undefined && { suggestion: JSON.stringify(found) }) };
};
