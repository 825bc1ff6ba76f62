import { nearest } from '../../nearest.ts';
import { checkValue } from '../evaluate/check-value.ts';
import type { Schema, SchemaObject } from '../evaluate/schema.ts';
import { list, type Origin, object, scalar, type Value } from '../evaluate/value.ts';
import type { NumberText, Plain } from '../values.ts';
import type { LoginProvider } from './provider.ts';

/** The way from a call's inputs to one place in them. */
export type InputPath = readonly (string | number)[];

/** Something wrong with the inputs of a call, for their author. No summary shows a value: it may be secret. */
export interface InputProblem {
  /** Only errors forbid the call. */
  readonly severity: 'error' | 'warning';
  readonly path: InputPath;
  readonly summary: string;
}

/**
 * Everything that is wrong with the inputs of a call: by the schema, then by the provider's own rules.
 *
 * The evaluator has checked the schema before, with ranges; here it is checked once more, right before the call.
 */
export const findInputProblems = (provider: LoginProvider, inputs: Plain): readonly InputProblem[] => {
  const { complaints } = checkValue(withPaths(inputs, []), provider.inputs);
  const misfits = complaints.map(({ blame, summary }) => error((blame.origin as PathOrigin).inputPath, summary));
  const unknown = unknownInputs(provider, provider.inputs, inputs, []);
  return misfits.length > 0 ? [...misfits, ...unknown] : [...unknown, ...provider.problems(inputs)];
};

export const error = (path: InputPath, summary: string): InputProblem => ({ severity: 'error', path, summary });
export const warning = (path: InputPath, summary: string): InputProblem => ({ severity: 'warning', path, summary });

/** `oidc.policyArns[1]`; empty for the inputs as a whole. */
export const pathText = (path: InputPath): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('');

/** What the evaluator keeps of a place in a document, a check only hands back: here it is the way to that place. */
type PathOrigin = Origin & { readonly inputPath: InputPath };

const withPaths = (plain: Plain, inputPath: InputPath): Value => {
  const origin = { inputPath } as unknown as PathOrigin;
  if (Array.isArray(plain)) {
    return list(
      origin,
      plain.map((item: Plain, index) => withPaths(item, [...inputPath, index])),
    );
  }
  if (!(plain instanceof Map)) return scalar(origin, plain as null | boolean | string | NumberText);
  const members = [...plain].map(([key, member]) => [key, withPaths(member, [...inputPath, key])] as const);
  return object(origin, new Map(members));
};

const unknownInputs = (
  provider: LoginProvider,
  schema: Schema | undefined,
  inputs: Plain,
  path: InputPath,
): readonly InputProblem[] => {
  const { properties } = (schema ?? {}) as SchemaObject;
  if (properties === undefined || !(inputs instanceof Map)) return [];
  return [...inputs].flatMap(([key, member]) => {
    const at = [...path, key];
    if (Object.hasOwn(properties, key)) return unknownInputs(provider, properties[key], member, at);
    const refused = provider.unknownInput?.(pathText(at).slice(0, MAX_NAME));
    if (refused !== undefined) return [error(at, refused)];
    const meant = nearest(key, Object.keys(properties));
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
    return [warning(at, `${provider.name} has no input named ${JSON.stringify(key.slice(0, MAX_NAME))}${hint}`)];
  });
};

const MAX_NAME = 100;

/** What stands at a path of names; `undefined` where nothing does. */
export const inputAt = (inputs: Plain, ...path: readonly string[]): Plain | undefined =>
  path.reduce<Plain | undefined>((at, name) => (at instanceof Map ? at.get(name) : undefined), inputs);

export const hasInput = (inputs: Plain, ...path: readonly string[]): boolean => inputAt(inputs, ...path) !== undefined;

/** The text at a path of names, as the schema promises it; `undefined` where there is none. */
export const textInput = (inputs: Plain, ...path: readonly string[]): string | undefined => {
  const value = inputAt(inputs, ...path);
  return typeof value === 'string' ? value : undefined;
};

/** The text of an input that the schema requires. */
export const requiredText = (inputs: Plain, ...path: readonly string[]): string => {
  const text = textInput(inputs, ...path);
  if (text === undefined) throw new Error(`the input ${path.join('.')} was not checked`);
  return text;
};

/** The texts of a list; none where there is no list. */
export const textsInput = (inputs: Plain, ...path: readonly string[]): readonly string[] => {
  const value = inputAt(inputs, ...path);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
};

/** Exactly one of these members may be there. */
export const exactlyOne = (inputs: Plain, names: readonly [string, string]): readonly InputProblem[] =>
  names.filter((name) => hasInput(inputs, name)).length === 1
    ? []
    : [error([], `write exactly one of "${names[0]}" and "${names[1]}"`)];
