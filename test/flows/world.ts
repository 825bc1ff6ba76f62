import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { Organization } from '../../src/access/organization.ts';
import type { Principal } from '../../src/access/principal.ts';
import type { AuditEvent, AuditLog } from '../../src/audit/record.ts';
import { openDeploymentQueue } from '../../src/deployments/deployment-queue.ts';
import { openDeployments } from '../../src/deployments/deployment-records.ts';
import { openSettingsRecords } from '../../src/deployments/settings/settings-records.ts';
import { Refusal, type RefusalCode } from '../../src/errors.ts';
import type { DeleteStackParts } from '../../src/flows/delete-stack.ts';
import type { RunIssuer } from '../../src/flows/draft-for-run.ts';
import { type IssueRunTokenParts, issueRunToken } from '../../src/flows/issue-run-token.ts';
import { type StartRunParts, startRun } from '../../src/flows/start-run.ts';
import { openDirectory } from '../../src/runs/directory.ts';
import { openRunRecords } from '../../src/runs/records.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import type { SigningKey } from '../../src/tokens/mint.ts';
import { openRememberedTrusts } from '../../src/trust/remembered/remembered.ts';
import { realRandom, StandingClock } from '../clock.ts';

export const ACME: Organization = {
  name: 'acme',
  id: '11111111-1111-4111-8111-111111111111',
  users: [
    { login: 'admin', administrator: true, roles: [] },
    { login: 'bob', administrator: false, roles: [] },
    { login: 'carol', administrator: false, roles: ['deployer'] },
  ],
  teams: [],
  roles: [
    {
      name: 'deployer',
      permissions: [{ project: 'core', stack: 'dev', operations: ['update', 'preview'] }],
      environments: [],
    },
  ],
  clients: [],
  subjects: [],
  defaultEnvironmentAccess: 'none',
  trustedIssuers: [],
};

const DEPLOYER = [{ project: 'core', stack: 'dev', operations: ['update', 'preview'] }] as const;

export const PRINCIPALS = {
  admin: principal('admin', true, []),
  bob: principal('bob', false, []),
  carol: principal('carol', false, DEPLOYER),
};

function principal(name: string, administrator: boolean, permissions: Principal['permissions']): Principal {
  return {
    kind: 'personal',
    organization: 'acme',
    name,
    tokenName: 'test',
    tokenFingerprint: `of ${name}`,
    administrator,
    permissions,
    environments: [],
  };
}

const KEY: SigningKey = {
  kid: 'k1',
  alg: 'RS256',
  key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

const issuer = (name: 'v1' | 'v2'): RunIssuer => ({
  name,
  url: `https://id.example.com/oidc${name === 'v2' ? '/v2' : ''}`,
  defaultLifetime: name === 'v1' ? 3600 : 900,
  maxLifetime: 3600,
  subjectPrefix: 'pulumi',
  claimNamespace: 'https://pulumi.com/',
  audiences: (organization) => (organization === 'acme' ? ['sts.amazonaws.com'] : []),
});

/** The parts of the stories about runs, on a memory store and a standing clock; the audit log is a list that may fail. */
export const makeWorld = (wrap: (store: Store) => Store = (store) => store) => {
  const clock = new StandingClock();
  const store = wrap(memoryStore(clock));
  const events: AuditEvent[] = [];
  const state = {
    auditFails: false,
    signer: KEY as SigningKey | undefined,
    organization: ACME as Organization | undefined,
  };
  const audit: AuditLog = {
    async record(event) {
      if (state.auditFails) throw new Error('the audit log is full');
      events.push(event);
    },
  };
  const directory = openDirectory(store, realRandom);
  const runs = openRunRecords(store, clock, 90 * 86_400);
  const parts: StartRunParts & IssueRunTokenParts & DeleteStackParts = {
    clock,
    random: realRandom,
    audit,
    directory,
    runs,
    trustDocuments: openRememberedTrusts(store),
    stackSettings: openSettingsRecords(store),
    deployments: openDeployments({ store, retention: 90 * 86_400, maxDuration: 7 * 86_400 }),
    deploymentQueue: openDeploymentQueue(store),
    limits: { defaultDeadline: 86_400, maxDuration: 7 * 86_400 },
    organization: () => state.organization,
    signer: () => state.signer,
  };
  return { clock, store, events, state, parts, v1: issuer('v1'), v2: issuer('v2') };
};

export const TARGET = { project: 'core', stack: 'dev', operation: 'update' as const };

/** For `assert.rejects`: this refusal and no other. */
export const refuses = (code: RefusalCode) => (reason: unknown) => {
  assert.ok(reason instanceof Refusal, String(reason));
  assert.equal(reason.code, code);
  return true;
};

/** A world in which carol, who may, has started a run; `ask` asks for its tokens. */
export const started = async (world = makeWorld(), request: Partial<Parameters<typeof startRun>[3]> = {}) => {
  const { run, requestToken } = await startRun(world.parts, PRINCIPALS.carol, ACME, { ...TARGET, ...request });
  const ask = (more: { audience?: string; lifetime?: string } = {}, issuer = world.v1) =>
    issueRunToken(world.parts, issuer, { runId: run.id, requestToken: requestToken.reveal(), ...more }).then(
      ({ jwt }) => jwt,
    );
  return { ...world, run, requestToken, ask };
};
