import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { Organization } from '../../src/access/organization.ts';
import type { Principal } from '../../src/access/principal.ts';
import { openEnvironmentParts } from '../../src/assemble/environments.ts';
import type { AuditEvent, AuditLog } from '../../src/audit/record.ts';
import { encryptSecrets } from '../../src/environments/syntax/secrets.ts';
import { declaredTokens } from '../../src/flows/declared-tokens.ts';
import type { OpenEnvironmentParts, OpenRequest } from '../../src/flows/environment-opener.ts';
import { type OpenedSession, openEnvironment } from '../../src/flows/open-environment.ts';
import { readOpenSession } from '../../src/flows/read-open-session.ts';
import { newSealingKey, open as openSealed, parseSealingKeys, seal } from '../../src/keys/seal.ts';
import { openDirectory } from '../../src/runs/directory.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { SigningKey } from '../../src/tokens/mint.ts';
import { openRememberedTrusts } from '../../src/trust/remembered/remembered.ts';
import { realRandom, StandingClock } from '../clock.ts';
import { type FakeCloud, startFakeCloud } from '../clouds/fake-cloud.ts';
import { ACME } from './world.ts';

const PAIRS = {
  v1: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  v2: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};
const SIGNERS: Readonly<Record<'v1' | 'v2', SigningKey>> = {
  v1: { kid: 'k1', alg: 'RS256', key: PAIRS.v1.privateKey },
  v2: { kid: 'k2', alg: 'ES256', key: PAIRS.v2.privateKey },
};
const issuer = (name: 'v1' | 'v2') => ({
  name,
  url: `https://id.example.com/oidc${name === 'v2' ? '/v2' : ''}`,
  defaultLifetime: 3600,
  maxLifetime: 3600,
  subjectPrefix: 'pulumi',
  claimNamespace: 'https://pulumi.com/',
  audiences: () => [],
});

/** Somebody of acme; everything may be opened unless a test says otherwise. */
export const somebody = (changes: Partial<Principal> = {}): Principal => ({
  kind: 'personal',
  organization: 'acme',
  name: 'alice',
  tokenName: 'laptop',
  tokenFingerprint: 'of the laptop',
  administrator: false,
  permissions: [],
  environments: [{ project: '*', environment: '*', access: 'open' }],
  ...changes,
});
const ALICE = somebody();

/** A login that calls nobody: its token is what `oidc.token` gives. */
export const AZURE = '{fn::open::azure-login: {clientId: c, tenantId: t, oidc: true}}';
/** A login that asks the cloud of the test. */
export const AWS =
  '{fn::open::aws-login: {oidc: {roleArn: "arn:aws:iam::123456789012:role/deploy", sessionName: runpass}}}';
export const AWS_GRANTS = {
  AssumeRoleWithWebIdentityResponse: {
    AssumeRoleWithWebIdentityResult: {
      Credentials: { AccessKeyId: 'ASIA1', SecretAccessKey: 's1', SessionToken: 't1', Expiration: 1.79e9 },
    },
  },
};

type Root = string | { readonly text: string };
type Options = Partial<Omit<OpenRequest, 'root'>> & { readonly as?: Principal; readonly organization?: Organization };

/** Everything that opening needs, real, over a store in memory and a cloud on this machine. */
export const openingWorld = async () => {
  const clock = new StandingClock();
  const store = memoryStore(clock);
  const cloud: FakeCloud = await startFakeCloud();
  cloud.answer(200, AWS_GRANTS);
  const events: AuditEvent[] = [];
  const state = { auditFails: false, paused: false, openingMs: 30_000 };
  const audit: AuditLog = {
    async record(event) {
      if (state.auditFails) throw new Error('the audit log is full');
      events.push(event);
    },
  };
  const directory = openDirectory(store, realRandom);
  const keys = parseSealingKeys(newSealingKey(realRandom));
  const sealer = {
    seal: (purpose: string, plain: string) => seal(keys, purpose, plain),
    open: (purpose: string, sealed: string) => openSealed(keys, purpose, sealed),
  };
  const stored = openEnvironmentParts(
    { clock, random: realRandom, store, audit, directory, sealer, trustDocuments: openRememberedTrusts(store) },
    () => new Map(),
  );
  const parts: OpenEnvironmentParts = {
    ...stored,
    random: realRandom,
    environmentIssuers: { v1: issuer('v1'), v2: issuer('v2') },
    tokenRules: { vaultAudience: 'prefixed' },
    signer: (name) => (state.paused ? undefined : SIGNERS[name]),
    clouds: () => cloud.clouds,
    get openingMs() {
      return state.openingMs;
    },
  };
  const owner = await directory.organization('acme', ACME.id);

  /** Stores a definition as the newest revision of `project/name`, its secrets encrypted; gives the revision. */
  const define = async (path: string, text: string): Promise<number> => {
    const place = { organization: owner, ...placeOf(path) };
    const author = { login: 'alice', name: 'Alice' };
    const found = (await stored.environments.get(place)) ?? (await stored.environments.create(place, author));
    assert.ok(typeof found !== 'string', String(found));
    const cipher = await stored.secrets.of(owner.id);
    const yaml = encryptSecrets(text, (plain) => cipher.encrypt(found.id, plain)).text;
    const revision = await stored.environments.update(found, { yaml, author });
    assert.ok(typeof revision === 'number', String(revision));
    return revision;
  };
  const requestOf = (root: Root, { as: _as, organization: _organization, ...options }: Options): OpenRequest => ({
    root: typeof root === 'string' ? rootOf(root) : root,
    duration: 7200,
    eager: false,
    ...options,
  });
  const open = (root: Root, options: Options = {}): Promise<OpenedSession> =>
    openEnvironment(parts, options.as ?? ALICE, options.organization ?? ACME, requestOf(root, options));

  return {
    clock,
    store,
    cloud,
    events,
    state,
    parts,
    stored,
    owner,
    define,
    open,
    tokensOnly: (root: Root, options: Options = {}) =>
      declaredTokens(parts, options.as ?? ALICE, ACME, requestOf(root, options)),
    read: (path: string | undefined, id: string, as = ALICE) =>
      readOpenSession(parts, as, ACME, { id, ...(path !== undefined && { place: placeOf(path) }) }),
    /** Opens, and gives the values as JSON; fails the test where that is refused. */
    async values(root: Root, options: Options = {}) {
      const { id, diagnostics } = await open(root, options);
      assert.ok(id !== undefined, JSON.stringify(diagnostics));
      const path = typeof root === 'string' ? root.replace(/@.*/, '') : undefined;
      const place = path === undefined ? {} : { place: placeOf(path) };
      const content = await readOpenSession(parts, options.as ?? ALICE, ACME, { id, ...place });
      return content === '' ? undefined : withoutTraces(JSON.parse(content));
    },
    /** What is wrong; fails the test where something was opened. */
    async problems(root: Root, options: Options = {}): Promise<readonly string[]> {
      const { id, diagnostics } = await open(root, options);
      assert.equal(id, undefined);
      return diagnostics.map(({ severity, path, summary }) => `${severity} ${path}: ${summary}`);
    },
    /** `cur|root` of every token so far, in order. */
    minted: (): readonly string[] =>
      events
        .filter(({ kind }) => kind === 'environment.token')
        .map(({ detail }) => `${detail['current_env']}|${detail['root_env']}`)
        .sort(),
  };
};
export type OpeningWorld = Awaited<ReturnType<typeof openingWorld>>;

const placeOf = (path: string) => {
  const [first = '', second] = path.split('/');
  return second === undefined ? { project: 'default', name: first } : { project: first, name: second };
};

const rootOf = (text: string): OpenRequest['root'] => {
  const [path = '', version] = text.split('@');
  return { place: placeOf(path), ...(version !== undefined && { version }) };
};

// biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects, and fails where they are missing
const withoutTraces = (detailed: any): any => {
  const { value } = detailed;
  if (Array.isArray(value)) return value.map(withoutTraces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutTraces(member)]));
};

/** Verifies a token with the issuer's public key at the time of the test, and gives header and claims. */
export const claimsOf = async (world: OpeningWorld, jwt: string, name: 'v1' | 'v2' = 'v1') => {
  const { protectedHeader, payload } = await jwtVerify(jwt, PAIRS[name].publicKey, {
    currentDate: new Date(world.clock.nowMs()),
    issuer: issuer(name).url,
  });
  return { header: protectedHeader, payload };
};
