import { readPropertyPath } from '../../../environments/syntax/property-path.ts';
import type { PrivateFolder } from '../../../runner/private-folder.ts';
import {
  dotenvLine,
  type Export,
  type Exports,
  exportsOf,
  problemWithShellExport,
  shellLine,
} from '../../env-output/exports.ts';
import type { Format } from '../../env-output/format-names.ts';
import { jsonText, writeValue } from '../../env-output/formats.ts';
import { type Secrets, type Tree, treeAt } from '../../env-output/value-tree.ts';
import { failed, unusable } from '../../failure.ts';
import { printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openEnvDesk } from './desk.ts';
import { askForTokens, openValues } from './opening.ts';
import { encodeOverrides } from './overrides.ts';
import { readNamed } from './reference.ts';

export interface OpenOptions {
  readonly format: Format;
  readonly lifetime: number;
  readonly eager?: true;
  readonly tokensOnly?: true;
  readonly overrideEnv?: readonly string[];
}

export const openEnvironment = async (
  around: Surroundings,
  given: string,
  property: string | undefined,
  { format, lifetime, eager, tokensOnly, overrideEnv }: OpenOptions,
): Promise<void> => {
  const environment = readNamed(given);
  const path = readPath(property, format);
  if (tokensOnly && format !== 'json') throw unusable('Tokens are printed as JSON.', 'leave out --format');
  const wish = { lifetime, property, eager, overrides: encodeOverrides(overrideEnv) };
  const desk = await openEnvDesk(around, environment.org);
  if (tokensOnly) {
    const tokens = await askForTokens(around, desk, environment, wish);
    around.stdout.write(jsonText(tokens));
    return;
  }
  const tree = await openValues(around, desk, environment, wish);
  if (format !== 'dotenv' && format !== 'shell') {
    around.stdout.write(writeValue(format, treeAt(tree, path), 'reveal'));
    return;
  }
  const exports = exportsOf(tree, 'reveal');
  mustBeExportable(exports);
  const folder = exports.files.length === 0 ? undefined : await makeFolder();
  const files = await writeFiles(exports.files, folder);
  around.stdout.write(exportLines(format, [...exports.variables, ...files]));
  if (folder) printLine(around.stderr, `hint: the files stay until you remove ${folder.path}`);
};

/** Steps of a property path, refused where the format is of the whole environment. */
export const readPath = (property: string | undefined, format: Format | undefined): readonly (string | number)[] => {
  if (property === undefined) return [];
  if (format === 'dotenv' || format === 'shell') {
    throw unusable(
      `The format ${format} is of the whole environment.`,
      'leave out the property, or take --format string',
    );
  }
  const path = readPropertyPath(property);
  if ('problem' in path) {
    throw unusable(
      `${JSON.stringify(property)} is no path of a property: ${path.problem}.`,
      'write one as in aws.login["key"][0]',
    );
  }
  return path;
};

export const mustBeExportable = ({ variables, files }: Exports): void => {
  for (const one of [...variables, ...files]) {
    const problem = problemWithShellExport(one);
    if (problem !== undefined) throw failed(problem, 'rename it in the environment, or take --format json');
  }
};

export const exportLines = (format: 'dotenv' | 'shell', exports: readonly Export[]): string =>
  exports.map(format === 'shell' ? shellLine : dotenvLine).join('');

/** What a definition says without being opened: as far as it is known, and without a file. */
export const writeUnopened = (
  format: Format,
  tree: Tree,
  path: readonly (string | number)[],
  secrets: Secrets,
): string => {
  if (format !== 'dotenv' && format !== 'shell') return writeValue(format, treeAt(tree, path), secrets);
  const exports = exportsOf(tree, secrets);
  mustBeExportable(exports);
  const files = exports.files.map(([name]): Export => [name, '[unknown]']);
  return exportLines(format, [...exports.variables, ...files]);
};

const makeFolder = async (): Promise<PrivateFolder> =>
  (await import('../../../runner/private-folder.ts')).makePrivateFolder();

/** Each content in a file of its own; the variable holds the path. */
export const writeFiles = async (
  files: readonly Export[],
  folder: PrivateFolder | undefined,
): Promise<readonly Export[]> => {
  const paths: Export[] = [];
  for (const [index, [name, content]] of files.entries()) {
    if (folder) paths.push([name, await folder.write(`file-${index + 1}`, content)]);
  }
  return paths;
};
