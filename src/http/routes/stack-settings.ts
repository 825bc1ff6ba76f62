import type { Context } from 'koa';
import { isObject } from '../../deployments/settings/fields.ts';
import type { JsonObject } from '../../deployments/settings/merge-patch.ts';
import { showSecrets } from '../../deployments/settings/sealed-secrets.ts';
import {
  changeSettings,
  deleteSettings,
  encryptForSettings,
  readSettings,
  type SettingsChange,
  type SettingsView,
  type StackSettingsParts,
} from '../../flows/stack-settings.ts';
import { bodyReader } from '../body.ts';
import { type ApiDoor, parameterOf } from './api.ts';
import { answerFieldProblems } from './field-problems.ts';
import { overrideQuarantine } from './quarantine.ts';

const SETTINGS = '/api/stacks/:org/:project/:stack/deployments/settings';

/** The fields are read one by one, so that everything that is wrong is told at once. */
const readSettingsBody = bodyReader<JsonObject>({ type: 'object' });

const readSecret = bodyReader<{ readonly secret: string }>({
  type: 'object',
  required: ['secret'],
  additionalProperties: false,
  properties: { secret: { type: 'string', minLength: 1 }, ciphertext: {}, plaintext: {} },
});

/** `…/deployments/settings`: how the runs of a stack are run. Contract sections 1.7 and 1.8. */
export const addStackSettingsRoutes = (door: ApiDoor, parts: StackSettingsParts): void => {
  door.get(SETTINGS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    ctx.body = showSettings(await readSettings(parts, principal, organization, targetIn(ctx)));
  });

  const change = (how: SettingsChange['how']) => async (ctx: Context) => {
    const caller = await door.caller(ctx);
    const { principal, organization } = caller;
    const json = await readSettingsBody(ctx);
    const { project, stack } = targetIn(ctx);
    await overrideQuarantine(ctx, parts, caller, { kind: 'stack', project, name: stack });
    const answer = await changeSettings(parts, principal, organization, targetIn(ctx), { how, json });
    if ('problems' in answer) answerFieldProblems(ctx, 'deployment settings', answer.problems);
    else ctx.body = showSettings(answer.saved);
  };
  door.post(SETTINGS, change('merge'));
  door.put(SETTINGS, change('replace'));

  door.delete(SETTINGS, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    await deleteSettings(parts, principal, organization, targetIn(ctx));
    ctx.body = true;
  });

  door.post(`${SETTINGS}/encrypt`, async (ctx) => {
    const { principal, organization } = await door.caller(ctx);
    const { secret } = await readSecret(ctx);
    ctx.set('Cache-Control', 'no-store');
    const ciphertext = await encryptForSettings(parts, principal, organization, targetIn(ctx), secret);
    ctx.body = { secret: '', ciphertext };
  });
};

const targetIn = (ctx: Context) => ({ project: parameterOf(ctx, 'project'), stack: parameterOf(ctx, 'stack') });

const showSettings = ({ settings, version, warnings, changeable }: SettingsView): JsonObject => {
  const shown = showSecrets(settings.json, changeable);
  return { ...(changeable ? shown : withoutCommands(shown)), version, warnings };
};

/** Commands may hold what should have been a secret: they are for those who could have written them. */
const withoutCommands = ({ operationContext, ...others }: JsonObject): JsonObject => {
  if (!isObject(operationContext)) return others;
  const { preRunCommands: _, ...context } = operationContext;
  return { ...others, operationContext: context };
};
