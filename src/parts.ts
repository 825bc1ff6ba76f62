import type { AccessTokens } from './access/access-token.ts';
import { loadOrganizations } from './access/load.ts';
import { openStoredDeployments, type StoredDeployments } from './assemble/deployments.ts';
import { openEnvironmentParts, type StoredEnvironments } from './assemble/environments.ts';
import { openTrustRecords, standsBehind, type TrustRecords } from './assemble/trust.ts';
import type { Sealer } from './audit/key.ts';
import { openAuditLog, type RunningAuditLog } from './audit/log.ts';
import { openSettingsRecords, type SettingsRecords } from './deployments/settings/settings-records.ts';
import { formatProblems } from './documents.ts';
import { loadDeclaredEnvironments } from './environments/declared-files.ts';
import { keepOrganizations, type OrganizationFiles, type OrganizationsInForce } from './flows/reload-organizations.ts';
import { open, SealingError, type SealingKeys, seal } from './keys/seal.ts';
import { createSealingKey, readSealingKeys } from './keys/sealing-file.ts';
import { type LiveProvider, makeProvider } from './provider/live.ts';
import { type Directory, openDirectory } from './runs/directory.ts';
import { openRunRecords, type RunRecords } from './runs/records.ts';
import { fingerprint } from './secret.ts';
import { reservedNames } from './settings/rules.ts';
import type { Settings } from './settings/settings.ts';
import { StoreClock } from './store/clock.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import type { System } from './system.ts';
import { openRememberedTrusts, type RememberedTrusts } from './trust/remembered/remembered.ts';

/** Why an installation cannot be opened as it is: a sentence for the operator. The process ends with status 2. */
class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** What the server and the operator's commands have in common: the store, and everything that stands on it. */
export interface Parts {
  readonly settings: Settings;
  readonly system: System & { readonly clock: StoreClock };
  /** Name of this process among the replicas. */
  readonly replica: string;
  readonly store: Store;
  readonly sealingKeys: SealingKeys;
  readonly audit: RunningAuditLog;
  readonly organizations: OrganizationsInForce;
  readonly provider: LiveProvider;
  readonly accessTokens: AccessTokens;
  readonly directory: Directory;
  readonly runs: RunRecords;
  readonly trust: TrustRecords;
  readonly environments: StoredEnvironments;
  readonly trustDocuments: RememberedTrusts;
  readonly stackSettings: SettingsRecords;
  readonly deployments: StoredDeployments;
  /** Stores what waits and lets go of everything. */
  close(): Promise<void>;
}

/**
 * Opens the installation that the settings describe.
 *
 * `server` opens it for `serve`: an embedded store then takes no second one, and makes its sealing key when it is new.
 * Throws `CannotStart`, `StoreUnfit`, `StoreError` or `SealingError`, each with a sentence that says what to do.
 */
export const openParts = async (
  settings: Settings,
  local: System,
  mode: { readonly server: boolean },
): Promise<Parts> => {
  const files = await readOrganizations(settings);
  if ('problems' in files) throw new CannotStart(files.problems);
  const store = await openStore(settings.store, local, mode);
  try {
    const clock = new StoreClock(store, local.clock, settings.issuers.v1.timing.clockError);
    await clock.step();
    const system = { ...local, clock };
    const replica = local.random.uuid().slice(0, 8);
    const sealingKeys = await openSealingKeys(settings, store, local, mode);
    const retention = { audit: settings.retention.audit, decisions: settings.retention.decisions };
    const audit = openAuditLog({ ...system, store, sealer: sealerOf(sealingKeys), retention, replica });
    const read = () => readOrganizations(settings);
    const directory = openDirectory(store, local.random, settings.trust.quarantine);
    const trustDocuments = openRememberedTrusts(store);
    const organizations = keepOrganizations(
      { store, audit, log: local.log, replica, directory, trustDocuments, read },
      files,
    );
    const runs = openRunRecords(store, clock, settings.retention.finishedRuns);
    const sealer = sealerOf(sealingKeys);
    const environments = openEnvironmentParts(
      { ...system, store, audit, directory, sealer, trustDocuments },
      organizations.environments,
    );
    const trust = openTrustRecords(store, system, settings, organizations);
    const stands = standsBehind(trust, runs);
    const provider = makeProvider({ settings, store, system, organizations: organizations.current, stands });
    return {
      settings,
      system,
      replica,
      store,
      sealingKeys,
      audit,
      organizations,
      provider,
      accessTokens: provider.accessTokens,
      directory,
      environments,
      trustDocuments,
      stackSettings: openSettingsRecords(store),
      deployments: openStoredDeployments(store, system, settings),
      runs,
      trust,
      async close() {
        await audit.close();
        await store.close();
      },
    };
  } catch (reason) {
    await store.close();
    throw reason;
  }
};

const readOrganizations = async (settings: Settings): Promise<OrganizationFiles> => {
  const loaded = await loadOrganizations(settings.folders.organizations, reservedNames(settings));
  if ('problems' in loaded) return { problems: formatProblems(loaded.problems) };
  const { organizations, hash } = loaded;
  const declared = await loadDeclaredEnvironments(settings.folders.environments, new Set(organizations.keys()));
  if ('problems' in declared) return { problems: formatProblems(declared.problems) };
  return { organizations, environments: declared.environments, hash: fingerprint(hash + declared.hash) };
};

/** The keys that open what is sealed in the store. Only a new embedded store may be given new ones. */
const openSealingKeys = async (
  settings: Settings,
  store: Store,
  local: System,
  mode: { readonly server: boolean },
): Promise<SealingKeys> => {
  const folder = settings.folders.keys;
  const known = await readSealingKeys(folder);
  if (known) return known;
  if (store.kind === 'redis') {
    throw new CannotStart(
      `There is no sealing key in ${folder}: make one with "runpass keys init" and give every replica the same.`,
    );
  }
  if (await holdsSealedKeys(settings, store)) {
    throw new CannotStart(
      `The store holds sealed signing keys, but there is no sealing key in ${folder}: put back the file sealing.key that sealed them.`,
    );
  }
  if (!mode.server) throw new CannotStart(`There is no sealing key in ${folder}: make one with "runpass keys init".`);
  await createSealingKey(folder, local.random);
  const made = await readSealingKeys(folder);
  if (!made) throw new SealingError('unusable_key', `The sealing key in ${folder} vanished while it was being made.`);
  return made;
};

const holdsSealedKeys = async (settings: Settings, store: Store): Promise<boolean> => {
  const documents = [...Object.keys(settings.issuers).map((name) => `ring/${name}`), 'audit-key'];
  const found = await Promise.all(documents.map((key) => store.get(key)));
  return found.some((document) => document !== undefined);
};

const sealerOf = (keys: SealingKeys): Sealer => ({
  seal: (purpose, plaintext) => seal(keys, purpose, plaintext),
  open: (purpose, sealed) => open(keys, purpose, sealed),
});
