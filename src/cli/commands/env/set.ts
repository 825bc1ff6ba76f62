import { unusable } from '../../failure.ts';
import type { Surroundings } from '../../surroundings.ts';
import { saveChange } from './change.ts';
import { type NewValue, type Path, removeFromDefinition, setInDefinition } from './definition-text.ts';
import { openEnvDesk } from './desk.ts';
import { readPath } from './open.ts';
import { stoppedBy } from './print-diagnostics.ts';
import { readUnversioned } from './reference.ts';

export interface SetOptions {
  readonly secret?: true;
  readonly plaintext?: true;
  readonly string?: true;
}

const MAX_VALUE = 1024 * 1024;

/** Sets one value in the definition of an environment; everything else in it stays, comments too. */
export const setValue = async (
  around: Surroundings,
  given: string,
  property: string,
  value: string,
  options: SetOptions,
): Promise<void> => {
  if (options.secret && options.plaintext)
    throw unusable('A value is secret or not.', 'leave out --secret or --plaintext');
  const path = mustReadPath(property);
  const text = value === '-' ? withoutLastBreak(await around.stdin.read(MAX_VALUE)) : value;
  const fresh: NewValue = options.secret ? { secret: text } : options.string ? { text } : { yaml: text };
  if (!options.secret && !options.plaintext && looksSecret(path, text)) {
    throw unusable(
      `The value of ${property} looks like a secret.`,
      'add --secret to encrypt it, or --plaintext if it is none',
    );
  }
  await changeDefinition(around, given, (definition) => setInDefinition(definition, path, fresh));
};

/** Removes one value from the definition of an environment. */
export const removeValue = async (around: Surroundings, given: string, property: string): Promise<void> => {
  const path = mustReadPath(property);
  await changeDefinition(around, given, (definition) => removeFromDefinition(definition, path));
};

const changeDefinition = async (
  around: Surroundings,
  given: string,
  change: (definition: string) => string,
): Promise<void> => {
  const environment = readUnversioned(given);
  const desk = await openEnvDesk(around, environment.org);
  const { text, etag } = await desk.definition(environment);
  const diagnostics = await saveChange(around, desk, {
    environment,
    text: change(text),
    name: environment.shown,
    etag,
  });
  if (diagnostics.length > 0) throw stoppedBy(environment.shown, diagnostics, 'nothing was changed');
};

const mustReadPath = (property: string): Path => {
  const path = readPath(property, undefined);
  if (path.length > 0) return path;
  throw unusable('The path names nothing.', 'write one as in aws.region, or imports[0]');
};

const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '');

const SECRET_NAMES = /passw|pass$|pwd|secret|token|private|credential|api_?key/i;

/** A guess, and a careful one: the name of a secret, and a value that is one word of some length. */
const looksSecret = (path: Path, text: string): boolean => {
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  return SECRET_NAMES.test(String(key)) && /^[^\s{}[\]]{8,}$/.test(text) && !/^(?:\d+|true|false)$/.test(text);
};
