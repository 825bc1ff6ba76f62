/** Rules about a single file's text: each gives what is wrong, as sentences; none when all is well. */

const MAX_LINES = 300;
const VAGUE = /(?:^|[/.-])(?:helpers?|utils?|utilities|common|shared|managers?|services?)(?=$|[/.-])/i;
const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

export const problemsWithLength = (path: string, text: string): readonly string[] => {
  const lines = text.split('\n').length - 1;
  return lines > MAX_LINES
    ? [`${path} has ${lines} lines; a file is about one thing and has at most ${MAX_LINES}`]
    : [];
};

export const problemsWithName = (path: string): readonly string[] => {
  const problems: string[] = [];
  if (VAGUE.test(path)) problems.push(`${path}: the name says nothing about what is inside`);
  for (const part of path.replace(/(?:\.test)?\.[a-z]+$/, '').split('/')) {
    if (!KEBAB.test(part)) problems.push(`${path}: "${part}" is not kebab-case`);
  }
  return problems;
};

/** A file that only passes on what others define hides where things are. */
export const problemsWithBarrels = (path: string, text: string): readonly string[] => {
  const code = withoutComments(text).trim();
  const rest = code.replace(/^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;]*from\s+'[^']+';\s*/gm, '').trim();
  return (code !== '' && rest === '') || /(?:^|\/)index\.ts$/.test(path) ? [`${path} is a barrel`] : [];
};

/** Globals that only the named files may touch; everybody else gets them handed in. */
export const problemsWithGlobals = (path: string, text: string, allowed: readonly string[]): readonly string[] => {
  if (allowed.includes(path)) return [];
  const code = withoutTexts(withoutComments(text));
  return [
    ...code.matchAll(/(?<![.\w$])(Date|process|crypto|fetch|performance|globalThis|Math\.random)\b(?!\s*[:?]|\w)/g),
  ].map(([, name]) => `${path} touches ${name}`);
};

/** `word` may stand in the code of the allowed files only. */
export const problemsWithWord = (
  path: string,
  text: string,
  word: RegExp,
  allowed: (path: string) => boolean,
): readonly string[] =>
  !allowed(path) && word.test(withoutComments(text)) ? [`${path} uses ${word.source}, which is not its own`] : [];

/** Where somebody built it is nobody's business, and a registry's host makes a lock file useless elsewhere. */
const HOSTS = ['registry.npmjs', 'registry.yarnpkg', 'npm.pkg.github', 'deb.debian', 'files.pythonhosted'];
const MACHINE = /(?:^|[\s"'`(=:])\/(?:work|root|home|Users)\/[\w.-]+/m;

export const problemsWithPlaces = (path: string, text: string): readonly string[] => [
  ...(MACHINE.test(text) ? [`${path} names a path of somebody's machine`] : []),
  ...HOSTS.filter((host) => new RegExp(`${host.replaceAll('.', '\\.')}\\.(?:com|org)`).test(text)).map(
    (host) => `${path} names the host of a registry (${host})`,
  ),
];

export interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

/** A lock file works everywhere when it names no host, and has an entry for the packages of every platform. */
export const problemsWithLock = (lock: LockFile): readonly string[] =>
  Object.entries(lock.packages).flatMap(([path, { resolved, optionalDependencies = {} }]) => [
    ...(resolved?.startsWith('http') ? [`package-lock.json: ${path} names its host`] : []),
    ...Object.keys(optionalDependencies)
      .filter((name) => !(`node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages))
      .map((name) => `package-lock.json: ${name} has no entry, so "npm ci" refuses the file`),
  ]);

/** Rows of a Markdown table whose first cell is code: `| \`a\` | b |` is `['a', 'b']`. */
export const tableRows = (markdown: string): readonly (readonly string[])[] =>
  [...markdown.matchAll(/^\|\s*`([^`]+)`\s*\|(.*)\|\s*$/gm)].map(([, first = '', rest = '']) => [
    first,
    ...rest.split('|').map((cell) => cell.trim()),
  ]);

/** What stands in one list and not in the other, both ways. */
export const differences = (
  left: { readonly name: string; readonly items: readonly string[] },
  right: { readonly name: string; readonly items: readonly string[] },
): readonly string[] => [
  ...left.items.filter((item) => !right.items.includes(item)).map((item) => `${item} is not in ${right.name}`),
  ...right.items.filter((item) => !left.items.includes(item)).map((item) => `${item} is not in ${left.name}`),
];

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');

/** Blanks plain strings, and of templates everything but what stands in `${}`. */
const withoutTexts = (code: string): string =>
  code
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\]|\\[\s\S])*`/g, (template) =>
      [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, inside]) => `(${inside})`).join(' '),
    );
