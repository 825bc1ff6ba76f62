import { problemWithName } from '../access/names.ts';
import { Refusal } from '../errors.ts';

/** Refuses a name that no environment can have, and says which part of it. */
export const checkNames = ({ project, name }: { readonly project: string; readonly name: string }): void => {
  for (const [field, kind, value] of [
    ['project', 'project', project],
    ['name', 'environment', name],
  ] as const) {
    const problem = problemWithName(kind, value);
    if (problem !== undefined) throw new Refusal('invalid_name', { field, problem });
  }
};
