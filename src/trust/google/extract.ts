/**
 * Google's function `extract`: what stands in a text where the template has its name in braces.
 *
 * From behind the first occurrence of what is before the braces up to the next occurrence of what is after them; without
 * anything before, from the start, and without anything after, to the end. Empty where the template does not fit.
 * IAM, "Attribute reference for IAM Conditions", section "Extracting values from the resource name".
 */
export const extract = (text: string, template: string): string => {
  const braces = /^([^{}]*)\{[^{}]*\}([^{}]*)$/.exec(template);
  if (!braces) throw new TypeError(`extract takes a template with one name in braces, not "${template}"`);
  const [, before = '', after = ''] = braces;
  const found = text.indexOf(before);
  if (found < 0) return '';
  const start = found + before.length;
  const end = after === '' ? text.length : text.indexOf(after, start);
  return end < 0 ? '' : text.slice(start, end);
};
