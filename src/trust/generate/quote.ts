/** One word of a POSIX shell, whatever is in it. */
const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A command of these words, each as it is. */
export const command = (...words: readonly string[]): string => words.map(shellWord).join(' ');

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** JSON is YAML, too; indented so that it can stand inside a document. */
export const indented = (value: unknown, by: number): string =>
  JSON.stringify(value, undefined, 2).replaceAll('\n', `\n${' '.repeat(by)}`);
