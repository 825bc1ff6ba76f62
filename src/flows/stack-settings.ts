import { OPERATIONS, type Organization } from '../access/organization.ts';
import { operationsOf, type Principal } from '../access/principal.ts';
import type { AuditLog } from '../audit/record.ts';
import type { FieldProblem } from '../deployments/settings/cloud-settings.ts';
import { type JsonObject, mergePatch } from '../deployments/settings/merge-patch.ts';
import { sealSecrets, stackCipher } from '../deployments/settings/sealed-secrets.ts';
import type { LoadedSettings, SettingsRecords } from '../deployments/settings/settings-records.ts';
import { readStackSettings, type StackSettings } from '../deployments/settings/stack-settings.ts';
import type { EnvironmentSecrets } from '../environments/secrets.ts';
import { Refusal } from '../errors.ts';
import type { Directory, KnownStack } from '../runs/directory.ts';
import type { Identified } from '../runs/run.ts';
import { fingerprint } from '../secret.ts';
import { type SettingWarning, type WarningParts, warningsAbout } from './setting-warnings.ts';
import { checkNames } from './start-run.ts';
import { actorOf, recordRefusals } from './trace.ts';

export interface StackSettingsParts extends WarningParts {
  readonly audit: AuditLog;
  readonly directory: Directory;
  readonly stackSettings: SettingsRecords;
  readonly secrets: EnvironmentSecrets;
}

/** A stack by its names. */
export interface StackTarget {
  readonly project: string;
  readonly stack: string;
}

/** Settings as somebody may see them. */
export interface SettingsView {
  readonly settings: StackSettings;
  readonly version: number;
  readonly warnings: readonly SettingWarning[];
  /** May the caller change them? Commands and ciphertexts are for such callers only. */
  readonly changeable: boolean;
}

/** `merge`: contract section 1.8, null removes; `replace`: what is not sent is not there any more. */
export interface SettingsChange {
  readonly how: 'merge' | 'replace';
  readonly json: JsonObject;
}

type Saved = { readonly saved: SettingsView } | { readonly problems: readonly FieldProblem[] };

/** The settings of a stack, for everybody who may run something on it. */
export const readSettings = async (
  parts: StackSettingsParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
): Promise<SettingsView> => {
  checkNames(target);
  const permitted = operationsOf(principal, target).length;
  if (permitted === 0)
    throw new Refusal('not_permitted', { problem: 'no role of yours covers an operation on this stack' });
  const { owner, stack, loaded } = await findSettings(parts, organization, target);
  const { settings, version } = loaded;
  if (!settings) throw new Refusal('settings_not_found', { stack: nameOf(organization, target) });
  const warnings = warningsAbout(parts, organization, { owner, stack, clouds: settings.clouds });
  return { settings, version, warnings, changeable: permitted === OPERATIONS.length };
};

/**
 * Somebody who may run everything on a stack says how its runs are run.
 *
 * What is saved counts for runs that start from now on. Promises: no secret is stored in the clear, and settings with
 * a problem change nothing. A stack comes into being when a permitted caller first names it.
 */
export const changeSettings = async (
  parts: StackSettingsParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  { how, json }: SettingsChange,
): Promise<Saved> => {
  const { audit, stackSettings } = parts;
  const trace = traceOf('stack-settings.change', principal, organization, target);

  // 1. Who asks?
  checkNames(target);
  await recordRefusals(audit, trace, () => changersOnly(principal, target));

  // 2. What is there, and its change with every secret sealed: from here on none is in the clear.
  const { owner, stack } = await makeStack(parts, organization, target);
  const loaded = await stackSettings.load(stack.id);
  const sealed = sealSecrets(json, await cipherOf(parts, owner, stack));
  if ('problems' in sealed) return sealed;

  // 3. Does the whole mean something?
  const read = readStackSettings(mergePatch(how === 'merge' ? loaded.settings?.json : {}, sealed.sealed));
  if ('problems' in read) return read;
  const { settings } = read;

  // 4. The trace, then the change, where nobody else was faster.
  await audit.record({
    ...trace,
    outcome: 'granted',
    detail: {
      ...trace.detail,
      id: stack.id,
      replaces: loaded.version,
      clouds: Object.keys(settings.clouds).join(','),
      // Proves, beside settings, that these are the ones.
      settings: fingerprint(JSON.stringify(settings.json)),
    },
  });
  const version = await recordRefusals(audit, trace, async () => {
    const changed = await stackSettings.change(stack.id, loaded, settings);
    if (changed === 'conflict') throw new Refusal('conflict');
    return changed;
  });

  // 5. What cannot work is told now, with the subject that breaks.
  const warnings = warningsAbout(parts, organization, { owner, stack, clouds: settings.clouds });
  return { saved: { settings, version, warnings, changeable: true } };
};

/** From now on runs of the stack start without settings. */
export const deleteSettings = async (
  parts: StackSettingsParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
): Promise<void> => {
  const { audit, stackSettings } = parts;
  const trace = traceOf('stack-settings.delete', principal, organization, target);
  checkNames(target);
  await recordRefusals(audit, trace, () => changersOnly(principal, target));
  const { stack, loaded } = await findSettings(parts, organization, target);
  if (!loaded.settings) throw new Refusal('settings_not_found', { stack: nameOf(organization, target) });
  await audit.record({
    ...trace,
    outcome: 'granted',
    detail: { ...trace.detail, id: stack.id, replaces: loaded.version },
  });
  await recordRefusals(audit, trace, async () => {
    if ((await stackSettings.change(stack.id, loaded, undefined)) === 'conflict') throw new Refusal('conflict');
  });
};

/** A secret, sealed for the settings of this stack and no others. */
export const encryptForSettings = async (
  parts: StackSettingsParts,
  principal: Principal,
  organization: Organization,
  target: StackTarget,
  secret: string,
): Promise<string> => {
  checkNames(target);
  changersOnly(principal, target);
  const { owner, stack } = await makeStack(parts, organization, target);
  return (await cipherOf(parts, owner, stack)).encrypt(secret);
};

const traceOf = (
  kind: 'stack-settings.change' | 'stack-settings.delete',
  principal: Principal,
  organization: Organization,
  { project, stack }: StackTarget,
) => ({ kind, organization: organization.name, actor: actorOf(principal), detail: { project, stack } });

/** Settings decide as whom every operation acts, so only who may run them all decides on settings. */
const changersOnly = (principal: Principal, target: StackTarget): void => {
  if (operationsOf(principal, target).length === OPERATIONS.length) return;
  const problem = 'the settings of a stack are changed by those whose roles cover every operation on it';
  throw new Refusal('not_permitted', { problem });
};

const nameOf = (organization: Organization, { project, stack }: StackTarget): string =>
  `${organization.name}/${project}/${stack}`;

interface FoundStack {
  readonly owner: Identified;
  readonly stack: KnownStack;
}

const makeStack = async (
  { directory }: StackSettingsParts,
  organization: Organization,
  target: StackTarget,
): Promise<FoundStack> => {
  const owner = await directory.organization(organization.name, organization.id);
  return { owner, stack: await directory.stack(owner, target.project, target.stack) };
};

const findSettings = async (
  { directory, stackSettings }: StackSettingsParts,
  organization: Organization,
  target: StackTarget,
): Promise<FoundStack & { readonly loaded: LoadedSettings }> => {
  const owner = await directory.organization(organization.name, organization.id);
  const stack = await directory.findStack(owner, target.project, target.stack);
  if (!stack) throw new Refusal('stack_not_found', { stack: nameOf(organization, target) });
  return { owner, stack, loaded: await stackSettings.load(stack.id) };
};

const cipherOf = async ({ secrets }: StackSettingsParts, owner: Identified, stack: KnownStack) =>
  stackCipher(await secrets.of(owner.id), stack.id);
