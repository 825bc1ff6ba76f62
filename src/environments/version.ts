/** The tag that is built in: it names the newest revision, whichever that is. */
export const LATEST = 'latest';

/** Which revision of an environment is meant: by its number, or by a tag that points to it. */
export type Version = { readonly revision: number } | { readonly tag: string };

const REVISION = /^[1-9][0-9]{0,8}$/;
const DIGITS = /^[0-9]+$/;
const TAG = /^[A-Za-z0-9._-]{1,100}$/;

/** What a version names; `undefined` for a text that can name none. */
export const readVersion = (text: string): Version | undefined => {
  if (REVISION.test(text)) return { revision: Number(text) };
  return TAG.test(text) && !DIGITS.test(text) ? { tag: text } : undefined;
};

/** Why nobody may give a revision this tag, as the end of a sentence; `undefined` when somebody may. */
export const problemWithRevisionTag = (name: string): string | undefined => {
  if (name === LATEST) return `must not be "${LATEST}", which is always the newest revision`;
  if (!TAG.test(name)) return 'must be 1 to 100 characters of A-Z, a-z, 0-9, ".", "_" and "-"';
  // As part of a path they would lead elsewhere.
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  return DIGITS.test(name) ? 'must not be a number, which is a revision' : undefined;
};
