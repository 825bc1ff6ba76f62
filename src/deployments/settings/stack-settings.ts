import type { CloudSettings, FieldProblem } from './cloud-settings.ts';
import { isAbsent, isObject, openFields } from './fields.ts';
import type { JsonObject } from './merge-patch.ts';
import { readOperationContext, writeOperationContext } from './operation-context.ts';

/** The deployment settings of one stack, in the contract's form: checked, and with every secret sealed. */
export interface StackSettings {
  readonly json: JsonObject;
  /** `operationContext.oidc` once more, ready for use. */
  readonly clouds: CloudSettings;
}

const TEXTS = ['tag', 'agentPoolID'] as const;
/** For whoever runs the deployment; kept as they came. */
const OBJECTS = ['executorContext', 'sourceContext', 'gitHub', 'vcs', 'cacheOptions'] as const;
/** What answers say and requests may repeat. */
const READ_ONLY = ['version', 'source', 'warnings'] as const;

/** What the settings of a stack may take, as JSON. */
const MAX_CHARACTERS = 256 * 1024;

/** Reads settings whose secrets have been sealed (`sealSecrets`), or says everything that is wrong with them. */
export const readStackSettings = (
  json: JsonObject,
): { readonly settings: StackSettings } | { readonly problems: readonly FieldProblem[] } => {
  const problems: FieldProblem[] = [];
  const fields = openFields(json, '', [...TEXTS, ...OBJECTS, 'operationContext', ...READ_ONLY], problems);
  for (const name of TEXTS)
    fields.text(name, (text) => (text.length > 200 ? 'must have at most 200 characters' : undefined));
  for (const name of OBJECTS) {
    if (!isAbsent(json[name]) && !isObject(json[name])) fields.complain([name], 'must be an object');
  }
  const read = readOperationContext(json.operationContext, 'operationContext');
  if ('problems' in read) return { problems: [...problems, ...read.problems] };
  if (problems.length > 0) return { problems };
  const kept = [...TEXTS, ...OBJECTS].filter((name) => !isAbsent(json[name])).map((name) => [name, json[name]]);
  const context = writeOperationContext(read.context);
  const settings = {
    json: { ...Object.fromEntries(kept), ...(Object.keys(context).length > 0 && { operationContext: context }) },
    clouds: read.context.clouds,
  };
  if (JSON.stringify(settings.json).length > MAX_CHARACTERS) {
    const problem = `all settings of a stack together take at most ${MAX_CHARACTERS} characters`;
    return { problems: [{ path: 'operationContext', kind: 'invalid', problem }] };
  }
  return { settings };
};
