import { readDocument } from '../documents.ts';
import type { Unusable } from './verdict.ts';

/** A way into a document, from its top. */
export type Path = readonly (string | number)[];

/** A text that is JSON or YAML, before anybody asks whose document it is. */
export interface Written {
  readonly value: unknown;
  /** The document cannot be used, because of what stands at `path`: or would have to stand there. */
  readonly unusable: (path: Path, problem: string) => Unusable;
  /** Where the nearest thing to a `condition` stands; `undefined` for one that is no way into the document. */
  readonly placeOf: (condition: string) => Place | undefined;
}

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const MAX_BYTES = 256 * 1024;

/** What else people hand over, and what to hand over instead. */
const OTHER_FORMS: readonly (readonly [RegExp, string])[] = [
  [
    /^[ \t]*(?:resource|data|module|provider|locals|variable)\s+(?:"|\{)/m,
    'is Terraform; give the document that it makes: from the cloud, or from "terraform show -json"',
  ],
  [/^[ \t]*(?:param|targetScope|resource)\s+[\w']/m, 'is Bicep; give the document that it makes'],
  [/^[ \t]*path\s+"[^"]*"\s*\{/m, 'is a policy of Vault; give the role: "vault read -format=json auth/jwt/role/NAME"'],
];

/**
 * Reads a JSON or YAML text of at most 256 KiB.
 *
 * Refuses what two readers would take for two things: a key that stands twice (some keep the first, some the last) and
 * a second document in one text. Never throws.
 */
export const readWritten = (text: string): Written | Unusable => {
  if (Buffer.byteLength(text) > MAX_BYTES) return atStart('is larger than 256 KiB');
  if (text.trim() === '') return atStart('is empty');
  const reading = readDocument<unknown>(text, '', {});
  const other = OTHER_FORMS.find(([looks]) => looks.test(text));
  if (other && ('problems' in reading || typeof reading.value === 'string')) return atStart(other[1]);
  if ('problems' in reading) {
    const { line, column, problem, suggestion } = reading.problems[0] ?? NOTHING_KNOWN;
    return { problem: suggestion === undefined ? problem : `${problem}; ${suggestion}`, line, column };
  }
  return {
    value: reading.value,
    unusable: (path, problem) => {
      const { line, column } = reading.place({ at: path, problem });
      return { problem: path.length === 0 ? problem : `${pathText(path)} ${problem}`, line, column };
    },
    placeOf: (condition) => {
      const at = pathOf(condition);
      if (at.length === 0) return undefined;
      const { line, column } = reading.place({ at, problem: '' });
      return { line, column };
    },
  };
};

const NOTHING_KNOWN = { line: 1, column: 1, problem: 'cannot be read', suggestion: undefined };

const atStart = (problem: string): Unusable => ({ problem, line: 1, column: 1 });

/** `Statement[0].Condition.StringEquals["id.example.com/oidc:sub"]`: as one would write it in a program. */
export const pathText = (path: Path): string =>
  path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');

/** What `pathText` wrote, up to where something else follows. */
const pathOf = (text: string): Path => {
  const part = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  const path: (string | number)[] = [];
  for (let found = part.exec(text); found; found = part.exec(text)) {
    const [, name, index, quoted] = found;
    path.push(name ?? (index === undefined ? JSON.parse(quoted ?? '""') : Number(index)));
  }
  return path;
};
