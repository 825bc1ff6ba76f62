import { fileURLToPath } from 'node:url';
import type { Answer, ReferenceCase } from './answers.ts';

/** A definition of ours, and what the reference said of it. */
export interface RecordedCase {
  readonly name: string;
  readonly asked: ReferenceCase;
  readonly answer: Answer;
}

/** One case in each line; what is the same as in the field before it, or as always, is left out. */
export const CASES = fileURLToPath(new URL('cases.jsonl', import.meta.url));

const ROOT = 'root';

export const readCases = (text: string): readonly RecordedCase[] =>
  text.split('\n').flatMap((line): RecordedCase[] => (line === '' ? [] : [readCase(JSON.parse(line))]));

const readCase = ({
  name,
  root = ROOT,
  text,
  documents = {},
  showSecrets = false,
  answer,
}: StoredCase): RecordedCase => {
  const { load = [], check = [], open = check, checkJson, redacted = checkJson, revealed = redacted, panic } = answer;
  return {
    name,
    asked: { root, text, documents: { [root]: text, ...documents }, showSecrets },
    answer: { load, check, checkJson, open, redacted, revealed, ...(panic !== undefined && { panic }) },
  };
};

interface StoredCase {
  readonly name: string;
  readonly root?: string;
  readonly text: string;
  readonly documents?: Readonly<Record<string, string>>;
  readonly showSecrets?: boolean;
  readonly answer: Partial<Answer> & { readonly checkJson: string };
}

export const writeCase = ({ name, asked, answer }: RecordedCase): string => {
  const { root, text, documents, showSecrets = false } = asked;
  const others = Object.entries(documents).filter(([own]) => own !== root);
  const { load, check, open, checkJson, redacted, revealed, panic } = answer;
  return JSON.stringify({
    name,
    ...(root !== ROOT && { root }),
    text,
    ...(others.length > 0 && { documents: Object.fromEntries(others) }),
    ...(showSecrets && { showSecrets }),
    answer: {
      ...(load.length > 0 && { load }),
      ...(check.length > 0 && { check }),
      ...(JSON.stringify(open) !== JSON.stringify(check) && { open }),
      checkJson,
      ...(redacted !== checkJson && { redacted }),
      ...(revealed !== redacted && { revealed }),
      ...(panic !== undefined && { panic }),
    },
  });
};
