import { isNumberText, type Plain } from '../../environments/values.ts';
import { member, plainOf, type Secrets, sortedEntries, type Tree, textOf, treeAt } from './value-tree.ts';

/** A variable of a process, or a file with the variable that holds its path. */
export type Export = readonly [name: string, text: string];

/** What an environment gives to a process: `environmentVariables` and `files`, each sorted by name. */
export interface Exports {
  readonly variables: readonly Export[];
  readonly files: readonly Export[];
}

/** Only single values are exported: lists and objects are not, null is an empty text. */
export const exportsOf = (tree: Tree, secrets: Secrets): Exports => ({
  variables: singleValues(treeAt(tree, ['environmentVariables']), secrets),
  files: singleValues(treeAt(tree, ['files']), secrets),
});

const singleValues = (tree: Tree | undefined, secrets: Secrets): readonly Export[] => {
  const content = member(tree, 'value');
  if (!(content instanceof Map)) return [];
  return sortedEntries<Plain>(content).flatMap(([name, item]): readonly Export[] => {
    const inner = member(item, 'value') ?? null;
    const isSingle = inner === null || typeof inner !== 'object' || isNumberText(inner);
    return isSingle ? [[name, textOf(plainOf(item, secrets))]] : [];
  });
};

const NAME_OF_SHELLS = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Why a variable cannot be written down for a shell, as a sentence; `undefined` when it can. */
export const problemWithShellExport = ([name, text]: Export): string | undefined =>
  NAME_OF_SHELLS.test(name)
    ? problemWithExport([name, text])
    : `${JSON.stringify(name)} is no name of a variable: write letters, digits and "_", and no digit first.`;

/** Why no process can have a variable, as a sentence; `undefined` when one can. The text is not in it. */
export const problemWithExport = ([name, text]: Export): string | undefined => {
  if (name === '' || /[=\0]/.test(name)) return `${JSON.stringify(name)} is no name of a variable.`;
  return text.includes('\0') ? `The value of ${name} has a zero byte, which no variable can hold.` : undefined;
};

/** A line that any POSIX shell takes literally, whatever stands in it. */
export const shellLine = ([name, text]: Export): string => `export ${name}='${text.replaceAll("'", "'\\''")}'\n`;

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

/** A line as docs/cli.md says that it must be read. */
export const dotenvLine = ([name, text]: Export): string =>
  `${name}="${text.replace(/[\\"$`\n\r]/g, (character) => ESCAPES[character] ?? `\\${character}`)}"\n`;
