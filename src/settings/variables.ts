import type { Problem } from '../documents.ts';
import { nearest } from '../nearest.ts';
import { findShapeProblems } from '../shape-problems.ts';
import { SETTINGS_SCHEMA, type SettingsFile } from './shape.ts';

/** The variables that override the settings file, each with the field that it stands for. No others are read. */
export const VARIABLES = {
  RUNPASS_URL: ['url'],
  RUNPASS_HOST: ['http', 'host'],
  RUNPASS_PORT: ['http', 'port'],
  RUNPASS_STORE: ['store', 'url'],
  RUNPASS_KEYS: ['folders', 'keys'],
  RUNPASS_DATA: ['folders', 'data'],
  RUNPASS_LOG_LEVEL: ['log', 'level'],
} as const satisfies Record<string, readonly string[]>;

/** Names the settings file; the others mean something to the client commands and to the tests. */
const OTHER_VARIABLES = ['RUNPASS_CONFIG', 'RUNPASS_ACCESS_TOKEN', 'RUNPASS_REDIS_SERVER'];

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Overrides {
  /** In the shape of the settings file; without what is wrong. */
  readonly values: SettingsFile;
  readonly problems: readonly Problem[];
  /** The variable behind a field, for messages. */
  variableFor(at: readonly (string | number)[]): string | undefined;
}

/** Reads the variables; an empty one counts as absent, an unknown `RUNPASS_` one is a mistake. */
export const readVariables = (env: Environment): Overrides => {
  const problems: Problem[] = [];
  const given = new Map<string, string>();
  let values: SettingsFile = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('RUNPASS_') || text === undefined || text === '') continue;
    if (Object.hasOwn(VARIABLES, name)) {
      const at = VARIABLES[name as keyof typeof VARIABLES];
      const [problem] = findShapeProblems(valueAt(at, text), SETTINGS_SCHEMA);
      if (problem) {
        problems.push(problemWithVariable(name, problem.problem, problem.suggestion));
      } else {
        values = { ...values, ...nested(at, text, values) };
        given.set(at.join('.'), name);
      }
    } else if (!OTHER_VARIABLES.includes(name)) {
      const known = [...Object.keys(VARIABLES), ...OTHER_VARIABLES];
      const near = nearest(name, known);
      const suggestion =
        near === undefined ? `the known ones are ${Object.keys(VARIABLES).join(', ')}` : `write ${near}`;
      problems.push(problemWithVariable(name, 'is not a variable that Runpass knows', suggestion));
    }
  }
  return { values, problems, variableFor: (at) => given.get(at.join('.')) };
};

export const problemWithVariable = (name: string, problem: string, suggestion: string | undefined): Problem => ({
  file: 'environment',
  line: 0,
  column: 0,
  path: name,
  problem,
  ...(suggestion !== undefined && { suggestion }),
});

/** A settings file that says nothing but this. */
const valueAt = (at: readonly string[], text: string): unknown => nested(at, text, {});

const nested = ([section = '', field]: readonly string[], text: string, beside: SettingsFile): SettingsFile => {
  const value = field === 'port' && /^\d{1,5}$/.test(text) ? Number(text) : text;
  const others = (beside as Readonly<Record<string, object | undefined>>)[section];
  return { [section]: field === undefined ? value : { ...others, [field]: value } };
};
