import { parseInterpolation } from './interpolation.ts';
import { Problems } from './problems.ts';
import { SourceText } from './source-text.ts';

/**
 * Reads a path into a result, as in `aws.creds["my-key"][0]`: the steps, or what is wrong with it. An empty path is
 * the whole result.
 */
export const readPropertyPath = (path: string): readonly (string | number)[] | { readonly problem: string } => {
  if (path === '') return [];
  const text = `\${${path}}`;
  const problems = new Problems();
  const at = { start: 0, end: text.length, path: '' };
  const node = { kind: 'text', at, value: text, plain: true } as const;
  const [part, ...more] = parseInterpolation(node, new SourceText('', text), problems);
  const [problem] = problems.all;
  if (problem) return { problem: problem.summary };
  if (!part?.access || more.length > 0) return { problem: 'write one path, as in name.other["key"][0]' };
  return part.access.map(({ key }) => key);
};
