import { Document, type ScalarTag } from 'yaml';
import { writeJson } from '../../environments/evaluate/json-text.ts';
import { isNumberText, type NumberText, type Plain } from '../../environments/values.ts';
import { escapeControls } from '../output.ts';
import type { ValueFormat } from './format-names.ts';
import { plainOf, type Secrets, shownTree, sortedEntries, type Tree, textOf } from './value-tree.ts';

/** A value in a format, with a line break at its end; nothing at all is null. */
export const writeValue = (format: ValueFormat, tree: Tree | undefined, secrets: Secrets): string => {
  if (format === 'detailed') return jsonText(tree === undefined ? null : shownTree(tree, secrets));
  const plain = tree === undefined ? null : plainOf(tree, secrets);
  if (format === 'json') return jsonText(plain);
  if (format === 'yaml') return yamlText(plain);
  const text = textOf(plain);
  return text.endsWith('\n') ? text : `${text}\n`;
};

/** Members sorted, two spaces, numbers exact, and `<`, `>`, `&` escaped: the same bytes as other clients write. */
export const jsonText = (plain: Plain): string =>
  `${escapeControls(writeJson(plain, { indent: 2, escapeHtml: true }))}\n`;

/** Numbers as they came; a text that could be read as something else stands in quotes, also for YAML 1.1. */
const yamlText = (plain: Plain): string => {
  const numbers: ScalarTag = {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^(?!)/,
    identify: isNumberText,
    resolve: (text) => text,
    stringify: ({ value }) => (value as NumberText).number,
  };
  const document = new Document(sortedMaps(plain), { customTags: (tags) => [numbers, ...tags], compat: 'yaml-1.1' });
  // Only texts in double quotes have such characters: they are what the quotes are there for.
  return document
    .toString({ lineWidth: 0 })
    .replace(/[\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
};

const sortedMaps = (plain: Plain): unknown => {
  if (Array.isArray(plain)) return plain.map(sortedMaps);
  if (!(plain instanceof Map)) return plain;
  return new Map(sortedEntries<Plain>(plain).map(([key, item]) => [key, sortedMaps(item)]));
};
