import { LOGIN_PROVIDERS_BY_NAME } from '../../environments/providers/table.ts';
import { UNARY_FUNCTIONS } from '../../environments/syntax/expression.ts';
import { nearest } from '../../nearest.ts';

/** A problem in two parts: what is wrong, and what was probably meant. */
export interface Advised {
  readonly problem: string;
  readonly suggestion?: string;
}

const PROVIDERS: readonly string[] = [...LOGIN_PROVIDERS_BY_NAME.keys()];

const FUNCTIONS: readonly string[] = [
  ...[...UNARY_FUNCTIONS, 'join', 'split', 'secret', 'open'].map((name) => `fn::${name}`),
  ...PROVIDERS.map((name) => `fn::open::${name}`),
];

/**
 * Some problems say themselves what was probably meant. Of others it can be told from the text that they stand at:
 * their own words are those that other clients know.
 */
export const advise = (summary: string, written: string): Advised => {
  const [, said, meant] = /^(.*?)[;,.]? did you mean (.+?)\??$/s.exec(summary) ?? [];
  if (said !== undefined && meant !== undefined) return { problem: said, suggestion: meant };
  const found = nearestTo(summary, written);
  return { problem: summary, ...(found !== undefined && { suggestion: JSON.stringify(found) }) };
};

const nearestTo = (summary: string, written: string): string | undefined => {
  const [, field, fields] = /^Field '(.*)' does not exist on .* Existing fields are: (.*)$/s.exec(summary) ?? [];
  if (field !== undefined && fields !== undefined) {
    return nearest(
      field,
      [...fields.matchAll(/'([^']+)'/g)].map(([, name = '']) => name),
    );
  }
  const [, provider] = /^unknown provider "(.*)"$/s.exec(summary) ?? [];
  if (provider !== undefined) return nearest(provider, PROVIDERS);
  return summary.endsWith('is a reserved prefix') ? nearest(written, FUNCTIONS) : undefined;
};
