import type { Plain } from '../../../environments/values.ts';
import { member } from '../../env-output/value-tree.ts';
import { printJson, printTable } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { type EnvDesk, openEnvDesk } from './desk.ts';

export interface ListOptions {
  readonly org?: string;
  readonly json?: true;
}

export const listEnvironments = async (around: Surroundings, { org, json }: ListOptions): Promise<void> => {
  const desk = await openEnvDesk(around, org);
  const found: Plain[] = [];
  for await (const one of allOf(desk, '', 'environments', 'continuationToken')) found.push(one);
  const fields = ['project', 'name', 'created', 'modified'] as const;
  const environments = found.map((one) => Object.fromEntries(fields.map((field) => [field, textIn(one, field)])));
  if (json) printJson(around.stdout, { organization: desk.org, environments });
  else
    printTable(
      around.stdout,
      fields,
      environments.map((one) => fields.map((field) => one[field])),
    );
};

/** What the last page of a list says: of tags "0", of all else nothing. */
const ENDS: ReadonlySet<string> = new Set(['', '0']);

/** Everything of a list that comes in pages. */
export const allOf = async function* (desk: EnvDesk, path: string, list: string, after: string): AsyncGenerator<Plain> {
  let next: string | undefined;
  do {
    const answer = await desk.ask({ method: 'GET', path, query: { [after]: next } });
    const items = member(answer, list);
    if (Array.isArray(items)) yield* items as readonly Plain[];
    const token = member(answer, 'nextToken');
    // The same token again would lead nowhere.
    next = typeof token === 'string' && !ENDS.has(token) && token !== next ? token : undefined;
  } while (next !== undefined);
};

export const textIn = (of: Plain | undefined, field: string): string | undefined => {
  const text = member(of, field);
  return typeof text === 'string' && text !== '' ? text : undefined;
};
