import type { Operation } from '../../../access/organization.ts';
import type { AgentAccessFlags } from '../../agent-access.ts';

/** What an agent was started with. */
export interface AgentOptions extends AgentAccessFlags {
  readonly maxParallel: number;
  /** Seconds. */
  readonly pollInterval: number;
  readonly allowPreRunCommands?: true;
  readonly command?: string;
  readonly commandUpdate?: string;
  readonly commandPreview?: string;
  readonly commandDestroy?: string;
  readonly commandRefresh?: string;
  readonly commandDetectDrift?: string;
  readonly commandRemediateDrift?: string;
  readonly issuer: 'v1' | 'v2';
  readonly aws: 'keys' | 'file';
  readonly json?: true;
}

/** What a deployment of this operation runs; `undefined`: this agent does not do such. */
export const commandFor = (options: AgentOptions, operation: string): string | undefined => {
  const named: Readonly<Record<Operation, string | undefined>> = {
    update: options.commandUpdate,
    preview: options.commandPreview,
    destroy: options.commandDestroy,
    refresh: options.commandRefresh,
    'detect-drift': options.commandDetectDrift,
    'remediate-drift': options.commandRemediateDrift,
  };
  return (Object.hasOwn(named, operation) ? named[operation as Operation] : undefined) ?? options.command;
};
