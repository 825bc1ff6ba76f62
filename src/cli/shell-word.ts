/** One word of a shell, whatever a token or a setting put into it: the line is meant to be copied. */
export const shellWord = (text: string): string => {
  const shown = text.replace(/\p{Cc}/gu, '?');
  return /^[\w./:@-]+$/.test(shown) && !shown.startsWith('-') ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
};
