import { isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap } from 'yaml';
import type { Diagnostic } from '../values.ts';
import { packCiphertext, unpackCiphertext } from './envelope.ts';
import { joinKey, quote } from './paths.ts';
import { Problems } from './problems.ts';
import { readPlainScalar, readTaggedScalar } from './scalar.ts';
import { SourceText } from './source-text.ts';
import { composeYaml, scalarText } from './yaml-tree.ts';

/** A definition with its secrets rewritten. With an error in `diagnostics` the text must not be stored or shown. */
export interface Rewritten {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Replaces the text of every `fn::secret` in a definition by `{ciphertext: …}`, wherever it stands. Comments and every
 * other byte stay. The text is encrypted as it is: `$` has no meaning in it.
 *
 * A secret that cannot be encrypted, because it is no text or has other keys beside it, is an error: it would be
 * stored in the clear. So is a definition that is no YAML.
 */
export const encryptSecrets = (text: string, encrypt: (plaintext: string) => Uint8Array): Rewritten =>
  rewrite(text, (secret, problems, source) => {
    if (secret.ciphertext) return undefined;
    if (secret.plaintext !== undefined) return `{ciphertext: ${packCiphertext(encrypt(secret.plaintext))}}`;
    problems.error(source, secret.at, secret.problem);
    return undefined;
  });

/** The other way: every `{ciphertext: …}` below `values` becomes its text. What cannot be decrypted is an error. */
export const decryptSecrets = (text: string, decrypt: (ciphertext: Uint8Array) => string | undefined): Rewritten =>
  rewrite(text, (secret, problems, source) => {
    if (!secret.ciphertext || !/^values[.[]/.test(secret.at.path)) return undefined;
    const unpacked = unpackCiphertext(secret.ciphertext);
    if ('problem' in unpacked) {
      problems.error(source, secret.at, `invalid ciphertext: ${unpacked.problem}`);
      return undefined;
    }
    const plaintext = decrypt(unpacked.ciphertext);
    if (plaintext === undefined) problems.error(source, secret.at, 'decrypting: this is no secret of this environment');
    return plaintext === undefined ? undefined : yamlText(plaintext);
  });

/** The argument of one `fn::secret`: where it stands, and what it is. */
interface SecretArgument {
  readonly at: { readonly start: number; readonly end: number; readonly path: string };
  /** A comment behind the `|` of a block, and the line break at its end: both stay. */
  readonly tail: string;
  readonly plaintext?: string;
  readonly ciphertext?: string;
  /** Why it is neither. */
  readonly problem: string;
}

const rewrite = (
  text: string,
  replace: (secret: SecretArgument, problems: Problems, source: SourceText) => string | undefined,
): Rewritten => {
  const source = new SourceText('', text);
  const problems = new Problems();
  const document = composeYaml(source, problems);
  let result = '';
  let from = 0;
  for (const secret of document ? secretsIn(document.contents, '', text) : []) {
    const replacement = replace(secret, problems, source);
    if (replacement === undefined) continue;
    result += text.slice(from, secret.at.start) + replacement + secret.tail;
    from = secret.at.end;
  }
  return { text: result + text.slice(from), diagnostics: problems.all };
};

/** Every `fn::secret`, in the order of the text. */
const secretsIn = function* (node: unknown, path: string, text: string): Generator<SecretArgument> {
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) yield* secretsIn(item, `${path}[${index}]`, text);
  } else if (isMap(node)) {
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? (pair.key.source ?? '') : '';
      const memberPath = joinKey(path, key);
      if (key.toLowerCase() === 'fn::secret') yield secretOf(node, pair, key, memberPath, text);
      yield* secretsIn(pair.key, memberPath, text);
      yield* secretsIn(pair.value, memberPath, text);
    }
  }
};

const secretOf = (map: YAMLMap, pair: Pair, key: string, path: string, text: string): SecretArgument => {
  const { value } = pair;
  const range = (value as Scalar | null)?.range ?? (pair.key as Scalar).range ?? [0, 0, 0];
  const isBlock = isScalar(value) && (value.type === Scalar.BLOCK_LITERAL || value.type === Scalar.BLOCK_FOLDED);
  const end = isMap(value) ? lastEnd(value, text) : range[1];
  const at = { start: withProperties(pair, range[0]), end, path };
  const tail = isBlock ? blockTail(text.slice(range[0], end)) : '';
  const problem = 'secret values must be string literals';
  if (key !== 'fn::secret') return { at, tail, problem: "'fn::' is a reserved prefix" };
  if (map.items.length > 1) {
    const alone = `illegal call to builtin function: ${quote(key)} must be the only key within its containing object`;
    return { at, tail, problem: alone };
  }
  const plaintext = textOf(value, text);
  if (plaintext !== undefined) return { at, tail, plaintext, problem };
  const [member, ...more] = isMap(value) ? value.items : [];
  const isStored = more.length === 0 && isScalar(member?.key) && member.key.source === 'ciphertext';
  const ciphertext = isStored ? textOf(member.value, text) : undefined;
  return { at, tail, problem, ...(ciphertext !== undefined && { ciphertext }) };
};

/** What a scalar says, if that is a text. */
const textOf = (node: unknown, document: string): string | undefined => {
  if (!isScalar(node)) return undefined;
  const text = scalarText(node, document);
  const isTagged = node.tag !== undefined && node.tag !== '!';
  const read = isTagged
    ? readTaggedScalar(text, node.tag ?? '')
    : node.type === Scalar.PLAIN
      ? readPlainScalar(text)
      : text;
  return typeof read === 'string' ? read : undefined;
};

/** A tag or anchor before a value belongs to it, and goes with it. */
const withProperties = (pair: Pair, start: number): number => {
  const before = (pair as { srcToken?: { sep?: { type: string; offset: number }[] } }).srcToken?.sep ?? [];
  return before.find(({ type }) => type === 'tag' || type === 'anchor')?.offset ?? start;
};

/** A mapping in block style ends with its last value, without comment and line break behind it. */
const lastEnd = (map: YAMLMap, text: string): number => {
  const last = (map.items.at(-1)?.value as Scalar | null)?.range;
  const end = map.flow || !last ? (map.range?.[1] ?? 0) : last[1];
  return text[end - 1] === '\n' ? end - 1 : end;
};

const blockTail = (block: string): string => {
  const header = block.slice(0, block.indexOf('\n'));
  const comment = /\s+#.*$/.exec(header)?.[0] ?? '';
  return comment + (block.endsWith('\n') ? '\n' : '');
};

const SAFE = /^[A-Za-z0-9_/+=.][A-Za-z0-9_/+=.@%-]*$/;

/** A text as a YAML scalar of one line, also inside brackets. JSON's strings are YAML's, too. */
const yamlText = (text: string): string => {
  if (SAFE.test(text) && typeof readPlainScalar(text) === 'string') return text;
  return JSON.stringify(text.toWellFormed()).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
};
