import {
  Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
  YAMLSeq,
} from 'yaml';
import { failed, unusable } from '../../failure.ts';

export type Path = readonly (string | number)[];

/** What a path is set to: YAML, or a text that is a text whatever it looks like. */
export type NewValue = { readonly yaml: string } | { readonly text: string } | { readonly secret: string };

/**
 * The definition with another value at a path below `values`, or below `imports` where the path begins so.
 *
 * Comments stay, and so does the spelling of every scalar: all of them are read as the texts that stand there, so that
 * no number is rounded and no `yes` becomes something else. Throws what stands in the way.
 */
export const setInDefinition = (definition: string, path: Path, value: NewValue): string => {
  const document = readDefinition(definition);
  if (!isMap(document.contents)) document.contents = emptyMap() as unknown as typeof document.contents;
  put(document.contents as unknown as Node, stepsTo(document, path), nodeOf(value));
  return write(document);
};

/** The definition without what stands at a path; throws where nothing stands there. */
export const removeFromDefinition = (definition: string, path: Path): string => {
  const document = readDefinition(definition);
  const steps = stepsTo(document, path);
  const parent = nodeAt(document.contents, steps.slice(0, -1));
  const last = steps.at(-1);
  const found = parent && last !== undefined ? childOf(parent, last) : undefined;
  if (found === undefined) throw failed(`There is nothing at ${show(steps)}.`);
  if (isSeq(parent)) parent.items.splice(last as number, 1);
  if (isMap(parent)) parent.items.splice(parent.items.indexOf(pairOf(parent, last as string) as Pair), 1);
  return write(document);
};

/** The part of a definition at a path, as YAML; `undefined` where nothing stands there. */
export const partOfDefinition = (definition: string, path: Path): string | undefined => {
  const document = readDefinition(definition);
  const node = nodeAt(document.contents, stepsTo(document, path));
  return node ? new Document(node, { schema: 'failsafe' }).toString({ lineWidth: 0 }) : undefined;
};

const readDefinition = (text: string): Document.Parsed => {
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: true });
  const [error] = document.errors;
  if (error) throw unusable(`The definition is no YAML: ${firstLine(error)}`, 'correct it with "runpass env edit"');
  if (document.contents !== null && !isMap(document.contents) && !isEmpty(document.contents)) {
    throw unusable('The definition is no mapping.', 'correct it with "runpass env edit"');
  }
  return document;
};

/** What is wrong with a YAML text; an excerpt of the text, which could be a secret, follows in lines of its own. */
const firstLine = ({ message }: Error): string => (message.split('\n')[0] ?? '').replace(/:$/, '.');

const write = (document: Document): string => document.toString({ lineWidth: 0 });

/** In this schema nothing is written as an empty text without quotes. */
const isEmpty = (node: unknown): boolean =>
  node === null ||
  node === undefined ||
  (isScalar(node) && (node.value === null || (node.type === 'PLAIN' && node.value === '')));

/** A path from the top of the document. Letter case of the fields of a definition does not count. */
const stepsTo = ({ contents }: Document, path: Path): Path => {
  const steps = path[0] === 'imports' ? path : ['values', ...path];
  const fields = isMap(contents) ? contents.items.map(({ key }) => (isScalar(key) ? String(key.value) : '')) : [];
  return [fields.find((field) => field.toLowerCase() === steps[0]) ?? (steps[0] as string), ...steps.slice(1)];
};

const emptyMap = (): Node => new Document({}).contents as unknown as Node;

const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);

const childOf = (parent: unknown, step: string | number): unknown => {
  if (isSeq(parent)) return typeof step === 'number' ? parent.items[step] : undefined;
  return isMap(parent) && typeof step === 'string' ? pairOf(parent, step) : undefined;
};

const nodeAt = (from: unknown, steps: Path): Node | undefined => {
  let node: unknown = from;
  for (const step of steps) {
    const child = childOf(node, step);
    node = isMap(node) ? (child as Pair | undefined)?.value : child;
  }
  return (node as Node | null | undefined) ?? undefined;
};

/** Puts a node at the end of a path; makes the lists and mappings on the way where nothing is yet. */
const put = (top: Node, steps: Path, value: Node): void => {
  let node: unknown = top;
  for (const [index, step] of steps.entries()) {
    const slot = slotOf(node, step, steps.slice(0, index));
    const old = slot.get();
    const isLast = index === steps.length - 1;
    const missing = typeof steps[index + 1] === 'number' ? new YAMLSeq() : emptyMap();
    const next = isLast ? value : isEmpty(old) ? missing : (old as Node);
    if (next !== old) slot.set(keepComments(old, next));
    node = next;
  }
};

const slotOf = (parent: unknown, step: string | number, here: Path) => {
  if (isSeq(parent)) {
    if (typeof step !== 'number') throw failed(`${show(here)} is a list: its elements have numbers, not names.`);
    if (step < 0 || step > parent.items.length) {
      throw failed(`${show(here)} has ${parent.items.length} elements: the next one is [${parent.items.length}].`);
    }
    return { get: () => parent.items[step], set: (node: Node) => void parent.items.splice(step, 1, node) };
  }
  if (!isMap(parent))
    throw failed(`${show(here)} is a single value: nothing can stand below it.`, 'set it first, or remove it');
  if (typeof step !== 'string') throw failed(`${show(here)} is a mapping: its members have names, not numbers.`);
  return {
    get: () => pairOf(parent, step)?.value,
    set: (node: Node) => {
      const pair = pairOf(parent, step);
      if (pair) pair.value = node;
      else parent.add({ key: textNode(step), value: node } as Pair);
    },
  };
};

const keepComments = (old: unknown, node: Node): Node => {
  const { comment, commentBefore, spaceBefore } = (old ?? {}) as Partial<Node>;
  // What stands behind one line would stand inside a value of several.
  if (commentBefore) node.commentBefore = commentBefore;
  if (comment && isScalar(node)) node.comment = comment;
  else if (comment) node.commentBefore = [node.commentBefore, comment].filter(Boolean).join('\n');
  if (spaceBefore) node.spaceBefore = true;
  return node;
};

const nodeOf = (value: NewValue): Node => {
  if ('secret' in value)
    return new Document({ 'fn::secret': textNode(value.secret, true) }).contents as unknown as Node;
  if ('text' in value) return textNode(value.text, true);
  const document = parseDocument(value.yaml, { schema: 'failsafe' });
  const [error] = document.errors;
  if (error) {
    throw unusable(`The value is no YAML: ${firstLine(error)}`, 'add --string to take it as a text');
  }
  return isEmpty(document.contents) ? textNode('', true) : (document.contents as unknown as Node);
};

/** A text that reads as a text, also where it looks like a number. Keys need no quotes for that. */
const textNode = (text: string, quoted = !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(text)): Scalar => {
  const node = new Scalar(text);
  if (quoted) node.type = 'QUOTE_DOUBLE';
  return node;
};

/** A path from the top of the document, as somebody writes it on a command line. */
const show = (steps: Path): string => {
  const path = /^values$/i.test(String(steps[0])) ? steps.slice(1) : steps;
  if (path.length === 0) return 'The top of the values';
  const parts = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return parts.join('').replace(/^\./, '');
};
