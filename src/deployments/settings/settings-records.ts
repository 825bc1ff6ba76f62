import type { Store } from '../../store/store.ts';
import type { StackSettings } from './stack-settings.ts';

/** Settings as they were read, with what is needed to change them. */
export interface LoadedSettings {
  /** Counts the changes, also across a deletion; 0: there were never any. */
  readonly version: number;
  /** Absent: there are none, or they were deleted. */
  readonly settings?: StackSettings;
}

/** The deployment settings of stacks, each under its stack's id: a stack of the same name that comes later has none. */
export interface SettingsRecords {
  load(stackId: string): Promise<LoadedSettings>;
  /** Writes over what was loaded, or deletes it; the new version, or `conflict` when somebody else was faster. */
  change(stackId: string, loaded: LoadedSettings, settings: StackSettings | undefined): Promise<number | 'conflict'>;
  /** Forgets everything: the stack itself is gone. */
  forget(stackId: string): Promise<void>;
}

const keyOf = (stackId: string): string => `stack-settings/${stackId}`;

export const openSettingsRecords = (store: Pick<Store, 'get' | 'replace' | 'delete'>): SettingsRecords => ({
  async load(stackId) {
    const stored = await store.get(keyOf(stackId));
    if (!stored) return { version: 0 };
    const settings = JSON.parse(stored.value) as StackSettings | null;
    return { version: stored.version, ...(settings && { settings }) };
  },

  async change(stackId, loaded, settings) {
    // What was deleted leaves a document behind, so that no version is ever given twice.
    const replaced = await store.replace(keyOf(stackId), loaded.version, JSON.stringify(settings ?? null));
    return replaced === 'conflict' ? 'conflict' : replaced.version;
  },

  async forget(stackId) {
    await store.delete(keyOf(stackId));
  },
});
