/** One word of a POSIX shell, whatever is in it. */
const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A command of these words, each as it is. */
export const command = (...words: readonly string[]): string => words.map(shellWord).join(' ');

export const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** A value in a program of Pulumi YAML, where `$$` stands for one `$`, in keys as well. */
export const pulumiLiteral = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('$', '$$$$')) as T;
