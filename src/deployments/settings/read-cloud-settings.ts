import type { CloudSettings, CloudSettingsOnWire, FieldProblem } from './cloud-settings.ts';

/**
 * Reads `operationContext.oidc`, or says everything that is wrong with it; `at` stands before every path.
 *
 * Absent, `null` and the empty text are the same; a cloud of which nothing else is set is not set at all.
 */
export const readCloudSettings = (
  json: unknown,
  at: string,
): { readonly settings: CloudSettings } | { readonly problems: readonly FieldProblem[] } => {
  throw new Error(`not yet: ${at} ${String(json)}`);
};

/** Undoes `readCloudSettings`. */
export const writeCloudSettings = (settings: CloudSettings): CloudSettingsOnWire => {
  throw new Error(`not yet: ${String(settings)}`);
};
