import { unusable } from '../../failure.ts';
import { printLine } from '../../output.ts';
import type { Surroundings } from '../../surroundings.ts';
import { openEnvDesk, pathOf } from './desk.ts';
import { readUnversioned } from './reference.ts';
import { removeValue } from './set.ts';

/** Deletes an environment with all its revisions, or one value of its definition. */
export const removeEnvironment = async (
  around: Surroundings,
  given: string,
  property: string | undefined,
  { yes }: { readonly yes?: true },
): Promise<void> => {
  if (property !== undefined) return removeValue(around, given, property);
  const environment = readUnversioned(given);
  if (!yes) {
    throw unusable(`${environment.shown} would be gone with all its revisions.`, 'add --yes to delete it');
  }
  const desk = await openEnvDesk(around, environment.org);
  await desk.ask({ method: 'DELETE', path: pathOf(environment) });
  printLine(around.stderr, `${environment.shown} is deleted.`);
};
