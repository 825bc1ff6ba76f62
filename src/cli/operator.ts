import { existsSync } from 'node:fs';
import type { Parts } from '../parts.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../store/store.ts';
import { CommandFailure, failed, unusable } from './failure.ts';
import { readSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

/** The installation of this host, opened beside its servers: for operator commands. Close it when done. */
export const openInstallation = async (around: Surroundings): Promise<Parts> => {
  const settings = await readSettings(around);
  mustHoldStore(settings);
  const { openParts } = await import('../parts.ts');
  return openParts(settings, around.system, { server: false }).catch((reason: unknown) => {
    throw startFailure(reason);
  });
};

/** Only its store: for what needs no sealing key. */
export const openInstalledStore = async (around: Surroundings, known?: Settings): Promise<Store> => {
  const settings = known ?? (await readSettings(around));
  mustHoldStore(settings);
  const { openStore } = await import('../store/open.ts');
  return openStore(settings.store, around.system, { server: false });
};

/** Who acts, in audit records. */
export const operatorName = ({ hostname }: Surroundings): string => `operator:${hostname}`;

/** An operator's command never makes a store: an empty one in the wrong folder would look like a lost one. */
const mustHoldStore = ({ store: { backend } }: Settings): void => {
  if (backend.kind === 'memory') {
    throw unusable('A memory store lives inside its server: no command can reach it.', 'use SQLite or Redis');
  }
  if (backend.kind === 'sqlite' && !existsSync(backend.path)) {
    throw unusable(
      `There is no store at ${backend.path}.`,
      'run this where the server runs, with its settings; "runpass serve" makes the store',
    );
  }
};

/** Errors whose sentence tells the operator what to do before anything can be opened: exit 2. */
const UNUSABLE: ReadonlySet<string> = new Set(['CannotStart', 'SealingError', 'StoreUnfit']);

/** Why an installation could not be opened or started. */
export const startFailure = (reason: unknown): unknown => {
  if (!(reason instanceof Error) || reason instanceof CommandFailure) return reason;
  if (UNUSABLE.has(reason.name)) return unusable(reason.message, undefined, reason);
  const { code, address, port } = reason as { code?: string; address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return failed(`Port ${port} of ${address} is taken.`, 'stop what listens there, or set RUNPASS_PORT', reason);
  }
  if (code === 'EADDRNOTAVAIL') {
    return failed(`${address} is no address of this machine.`, 'correct "http.host" or RUNPASS_HOST', reason);
  }
  if (code === 'EACCES' && port !== undefined) {
    return failed(
      `Port ${port} may not be opened by this user.`,
      'take one above 1023 and put a proxy in front',
      reason,
    );
  }
  const { path, syscall } = reason as { path?: string; syscall?: string };
  if (path !== undefined && code !== undefined && syscall !== undefined) {
    return failed(`${path} cannot be used (${code}).`, 'make its folder one that this user may write', reason);
  }
  return reason;
};
