import type { Deployment } from './deployment.ts';
import { isObject } from './settings/fields.ts';
import type { JsonObject } from './settings/merge-patch.ts';
import { readOperationContext } from './settings/operation-context.ts';
import { openSecret, type StackCipher } from './settings/sealed-secrets.ts';

/** What the agent that takes a deployment is told to do: as it was asked for, secrets in the clear. */
export interface Assignment {
  /** Of `operationContext` all but `oidc`: that is the run's own. */
  readonly operationContext: {
    readonly environmentVariables: Readonly<Record<string, string>>;
    /** Names of those variables whose values are secret. */
    readonly secrets: readonly string[];
    readonly preRunCommands: readonly string[];
    readonly options?: JsonObject;
    readonly role?: JsonObject;
  };
  readonly sourceContext?: unknown;
  readonly executorContext?: unknown;
  readonly cacheOptions?: unknown;
}

/** The work behind a deployment; `undefined` where a secret of it cannot be opened any more. */
export const assignmentOf = ({ settings }: Deployment, cipher: StackCipher): Assignment | undefined => {
  const read = readOperationContext(settings.operationContext, 'operationContext');
  if ('problems' in read) return undefined;
  const { environmentVariables, preRunCommands, options, role } = read.context;
  const opened = openAll({ sourceContext: settings.sourceContext, executorContext: settings.executorContext }, cipher);
  const variables = Object.entries(environmentVariables).map(([name, value]) => [name, openSecret(value, cipher)]);
  if (!isObject(opened) || variables.some(([, value]) => value === undefined)) return undefined;
  const secrets = Object.keys(environmentVariables).filter((name) => typeof environmentVariables[name] !== 'string');
  return {
    operationContext: {
      environmentVariables: Object.fromEntries(variables) as Record<string, string>,
      secrets,
      preRunCommands,
      ...(options && { options }),
      ...(role && { role }),
    },
    ...opened,
    ...(settings.cacheOptions !== undefined && { cacheOptions: settings.cacheOptions }),
  };
};

/** Every `{ciphertext}` becomes the `{secret}` that it was, and what is not set is left out; `undefined` where one does not open. */
const openAll = (value: unknown, cipher: StackCipher): unknown => {
  if (Array.isArray(value)) return value.map((item) => openAll(item, cipher));
  if (!isObject(value)) return value;
  if (typeof value.ciphertext === 'string' && Object.keys(value).length === 1) {
    const secret = cipher.decrypt(value.ciphertext);
    return secret === undefined ? undefined : { secret };
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const opened = entries.map(([name, member]) => [name, openAll(member, cipher)] as const);
  return opened.some(([, member]) => member === undefined) ? undefined : Object.fromEntries(opened);
};

/** An environment variable as everybody may see it who sees the deployment. */
export interface ShownVariable {
  readonly name: string;
  readonly value?: string;
  readonly secret: boolean;
}

export const shownVariables = ({ settings }: Deployment): readonly ShownVariable[] => {
  const context = isObject(settings.operationContext) ? settings.operationContext : {};
  const variables = isObject(context.environmentVariables) ? context.environmentVariables : {};
  return Object.entries(variables).map(([name, value]) =>
    typeof value === 'string' ? { name, value, secret: false } : { name, secret: true },
  );
};

/** Where the program comes from, without anything that could be secret; the contract's answer spells `repoURL`. */
export const shownSource = ({ settings }: Deployment): JsonObject | undefined => {
  const source = isObject(settings.sourceContext) ? settings.sourceContext : {};
  if (isObject(source.git)) {
    const { git } = source;
    return {
      git: { repoURL: withoutUser(git.repoUrl ?? git.repoURL), ...textsOf(git, ['branch', 'commit', 'repoDir']) },
    };
  }
  return isObject(source.template) ? { template: { sourceUrl: withoutUser(source.template.sourceUrl) } } : undefined;
};

const textsOf = (from: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (typeof from[name] === 'string' ? [[name, from[name]]] : [])));

/** A URL without user and password: some write a token there. */
const withoutUser = (url: unknown): string =>
  typeof url === 'string' ? url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1') : '';
