import type { CloudSettings, FieldProblem } from './cloud-settings.ts';
import { isAbsent, isObject, openFields } from './fields.ts';
import type { JsonObject } from './merge-patch.ts';
import { readCloudSettings, writeCloudSettings } from './read-cloud-settings.ts';

/** A variable of a run's environment: in the clear, or sealed for its stack. */
export type VariableValue = string | { readonly ciphertext: string };

/** How an operation is run: `operationContext` of the contract, with its secrets sealed. Section 1.7. */
export interface OperationContext {
  readonly clouds: CloudSettings;
  readonly preRunCommands: readonly string[];
  readonly environmentVariables: Readonly<Record<string, VariableValue>>;
  /** For the program that runs the operation; kept as they came. */
  readonly options?: JsonObject;
  readonly role?: JsonObject;
}

type ReadContext = { readonly context: OperationContext } | { readonly problems: readonly FieldProblem[] };

const MEMBERS = ['oidc', 'preRunCommands', 'environmentVariables', 'options', 'role', 'operation'];
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;
const MAX_VARIABLES = 500;
const MAX_COMMANDS = 100;

/** Reads an `operationContext` whose secrets have been sealed (`sealSecrets`), or says everything that is wrong with it. */
export const readOperationContext = (json: unknown, at: string): ReadContext => {
  const nothing = { clouds: {}, preRunCommands: [], environmentVariables: {} };
  if (isAbsent(json)) return { context: nothing };
  if (!isObject(json)) return { problems: [{ path: at, kind: 'invalid', problem: 'must be an object' }] };
  const problems: FieldProblem[] = [];
  const fields = openFields(json, at, MEMBERS, problems);
  if (!isAbsent(json.operation)) fields.complain(['operation'], 'stands beside "operationContext", not in it');
  const clouds = readCloudSettings(json.oidc, `${at}.oidc`);
  if ('problems' in clouds) problems.push(...clouds.problems);
  const variables = fields.entries('environmentVariables', MAX_VARIABLES);
  for (const [name, value] of variables) {
    const problem = problemWithVariable(name, value);
    if (problem) fields.complain(['environmentVariables', name], problem);
  }
  const preRunCommands = fields.texts('preRunCommands', MAX_COMMANDS, () => undefined);
  const [options, role] = (['options', 'role'] as const).map((name) => {
    const value = json[name];
    if (isAbsent(value)) return undefined;
    if (isObject(value)) return value;
    fields.complain([name], 'must be an object');
    return undefined;
  });
  if (problems.length > 0 || !('settings' in clouds)) return { problems };
  const environmentVariables = Object.fromEntries(variables) as Record<string, VariableValue>;
  const context = { clouds: clouds.settings, preRunCommands, environmentVariables };
  return { context: { ...context, ...(options && { options }), ...(role && { role }) } };
};

/** The wire form of a context, with what is not set left out; secrets stay sealed. */
export const writeOperationContext = (context: OperationContext): JsonObject => {
  const { clouds, preRunCommands, environmentVariables, options, role } = context;
  const oidc = writeCloudSettings(clouds);
  return {
    ...(Object.keys(oidc).length > 0 && { oidc }),
    ...(preRunCommands.length > 0 && { preRunCommands }),
    ...(Object.keys(environmentVariables).length > 0 && { environmentVariables }),
    ...(options && { options }),
    ...(role && { role }),
  };
};

const problemWithVariable = (name: string, value: unknown): string | undefined => {
  if (!VARIABLE.test(name)) return 'a variable is named with letters, digits and "_", and begins with no digit';
  if (typeof value === 'string') return value.includes('\0') ? 'must not hold a NUL character' : undefined;
  return isObject(value) && typeof value.ciphertext === 'string'
    ? undefined
    : 'must be a text, or an object with "secret"';
};
