import type { EnvironmentAccess, Organization } from '../../src/access/organization.ts';
import { type Principal, principalOf } from '../../src/access/principal.ts';
import { openEnvironmentParts } from '../../src/assemble/environments.ts';
import type { AuditEvent, AuditLog } from '../../src/audit/record.ts';
import type { DeclaredEnvironment } from '../../src/environments/record.ts';
import { createEnvironment } from '../../src/flows/create-environment.ts';
import { newSealingKey, open, parseSealingKeys, seal } from '../../src/keys/seal.ts';
import { openDirectory } from '../../src/runs/directory.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openRememberedTrusts } from '../../src/trust/remembered/remembered.ts';
import { realRandom, StandingClock } from '../clock.ts';

/** Users by what a role gives them on the environments of project `core`; `nobody` has no role. */
const ROLES = { reader: 'read', opener: 'open', writer: 'write', owner: 'admin' } as const;
export type User = keyof typeof ROLES | 'nobody' | 'admin';
export const USERS: readonly User[] = ['nobody', 'reader', 'opener', 'writer', 'owner', 'admin'];

const role = ([name, access]: [string, Exclude<EnvironmentAccess, 'none'>]) => ({
  name,
  permissions: [],
  environments: [{ project: 'core', environment: '*', access }],
});

export const ACME: Organization = {
  name: 'acme',
  id: '11111111-1111-4111-8111-111111111111',
  users: [
    ...Object.keys(ROLES).map((login) => ({ login, administrator: false, roles: [login] })),
    { login: 'nobody', administrator: false, roles: [] },
    { login: 'admin', administrator: true, roles: [] },
  ],
  teams: [],
  roles: Object.entries(ROLES).map(role),
  clients: [],
  subjects: [],
  defaultEnvironmentAccess: 'none',
  trustedIssuers: [],
};

export const as = (name: User): Principal => {
  const holder = { kind: 'personal', organization: 'acme', name, tokenName: 'test' } as const;
  const principal = principalOf(holder, ACME);
  if (!principal) throw new Error(`there is no ${name}`);
  return { ...principal, tokenFingerprint: `of ${name}` };
};

export const DEV = { project: 'core', name: 'dev' };

interface WorldState {
  auditFails: boolean;
  files: Readonly<Record<string, DeclaredEnvironment>>;
  /** Happens once, while something that was granted is written down. */
  meanwhile?: (() => Promise<unknown>) | undefined;
}

/** The parts of the stories about environments, on a memory store and a standing clock; the audit log is a list that may fail. */
export const makeEnvironmentWorld = () => {
  const clock = new StandingClock();
  const store = memoryStore(clock);
  const events: AuditEvent[] = [];
  const state: WorldState = { auditFails: false, files: {} };
  const audit: AuditLog = {
    async record(event) {
      if (state.auditFails) throw new Error('the audit log is full');
      events.push(event);
      const { meanwhile } = state;
      if (!meanwhile || event.outcome !== 'granted') return;
      state.meanwhile = undefined;
      await meanwhile();
    },
  };
  const keys = parseSealingKeys(newSealingKey(realRandom));
  const sealer = {
    seal: (purpose: string, plain: string) => seal(keys, purpose, plain),
    open: (purpose: string, sealed: string) => open(keys, purpose, sealed),
  };
  const directory = openDirectory(store, realRandom);
  const stored = openEnvironmentParts(
    { clock, random: realRandom, store, audit, directory, sealer, trustDocuments: openRememberedTrusts(store) },
    () => new Map(Object.entries(state.files)),
  );
  const parts = { ...stored, environmentIssuers: { v2: { subjectPrefix: 'pulumi' } } };
  const create = (target = DEV, user: User = 'writer') => createEnvironment(parts, as(user), ACME, target);
  /** Kinds and outcomes of what was recorded, as `kind outcome code`. */
  const trace = () => events.map(({ kind, outcome, code = '' }) => `${kind} ${outcome} ${code}`.trim());
  return { clock, store, events, state, parts, create, trace };
};
