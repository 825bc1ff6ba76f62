import { fileURLToPath } from 'node:url';
import type { Members } from './edited.ts';
import { KUBERNETES_CLAIMS } from './kubernetes-claims.ts';
import { CLAIMS, type Question } from './questions.ts';
import { VAULT_CLAIMS } from './vault-claims.ts';

/** A question, and what the relying party's own program answered. */
export interface Recorded<Answer> {
  readonly asked: Question;
  readonly answer: Answer;
}

export const recordedAt = (party: 'vault' | 'kubernetes'): string =>
  fileURLToPath(new URL(`${party}.jsonl`, import.meta.url));

interface Stored<Answer> {
  readonly document: string;
  readonly alg?: string;
  /** Does the token have the claims that the generated ones have? */
  readonly rich?: true;
  /** Claims that differ from the usual ones; `absent`: of these, those that the token has not. */
  readonly claims?: Members;
  readonly absent?: readonly string[];
  readonly answer: Answer;
}

const RICH = { vault: VAULT_CLAIMS, kubernetes: KUBERNETES_CLAIMS } as const;

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const differing = (claims: Members, base: Members): Pick<Stored<never>, 'claims' | 'absent'> => {
  const others = Object.fromEntries(Object.entries(claims).filter(([name, value]) => !same(base[name], value)));
  const absent = Object.keys(base).filter((name) => !(name in claims));
  return { ...(Object.keys(others).length > 0 && { claims: others }), ...(absent.length > 0 && { absent }) };
};

/** One in each line; what is as usual is left out. */
export const writeRecorded = <Answer>(party: keyof typeof RICH, { asked, answer }: Recorded<Answer>): string => {
  const { document, claims, alg } = asked;
  const isRich = 'truth' in claims;
  const stored: Stored<Answer> = {
    document,
    ...(alg !== 'RS256' && { alg }),
    ...(isRich && { rich: true }),
    ...differing(claims, isRich ? RICH[party] : CLAIMS),
    answer,
  };
  return JSON.stringify(stored);
};

export const readRecorded = <Answer>(party: keyof typeof RICH, text: string): readonly Recorded<Answer>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { document, alg = 'RS256', rich, claims = {}, absent = [], answer } = JSON.parse(line) as Stored<Answer>;
      const base = rich ? RICH[party] : CLAIMS;
      const all = Object.entries({ ...base, ...claims }).filter(([name]) => !absent.includes(name));
      return { asked: { document, claims: Object.fromEntries(all), alg }, answer };
    });
