import type { Format } from '../../env-output/format-names.ts';
import { treeOf } from '../../env-output/value-tree.ts';
import { failed, unusable } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';
import { partOfDefinition } from './definition-text.ts';
import { openEnvDesk } from './desk.ts';
import { readPath, writeUnopened } from './open.ts';
import { printDiagnostics, stoppedBy } from './print-diagnostics.ts';
import { readNamed } from './reference.ts';

export interface GetOptions {
  readonly definition?: true;
  readonly value?: Format;
  readonly showSecrets?: true;
}

/** What an environment says without being opened: its definition, or its values as far as they are known. */
export const getEnvironment = async (
  around: Surroundings,
  given: string,
  property: string | undefined,
  { definition, value, showSecrets }: GetOptions,
): Promise<void> => {
  if (definition && value !== undefined) throw unusable('One thing at a time.', 'leave out --definition or --value');
  const environment = readNamed(given);
  const path = readPath(property, value);
  const desk = await openEnvDesk(around, environment.org);
  const stored = await desk.definition(environment, showSecrets === true);
  if (definition) {
    const part = path.length === 0 ? stored.text : partOfDefinition(stored.text, path);
    if (part === undefined) throw failed(`The definition of ${environment.shown} says nothing about ${property}.`);
    around.stdout.write(part);
    return;
  }
  const { answer, diagnostics } = await desk.check(stored.text, showSecrets === true);
  const subject = { name: environment.shown, environment: environment.shown, text: stored.text };
  await printDiagnostics(around.stderr, desk, subject, diagnostics);
  if (answer === undefined) throw stoppedBy(environment.shown, diagnostics);
  const secrets = showSecrets ? 'reveal' : 'redact';
  around.stdout.write(writeUnopened(value ?? 'json', treeOf(answer), path, secrets));
};
