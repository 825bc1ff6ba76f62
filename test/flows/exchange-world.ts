import assert from 'node:assert/strict';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Organization } from '../../src/access/organization.ts';
import { openTrustRecords, standsBehind } from '../../src/assemble/trust.ts';
import type { AuditEvent, AuditLog } from '../../src/audit/record.ts';
import { Refusal } from '../../src/errors.ts';
import type { DecisionCode } from '../../src/exchange/decision.ts';
import { type ExchangeQuestion, TOKEN_TYPE_PREFIX } from '../../src/exchange/question.ts';
import { type ExchangeParts, exchangeToken } from '../../src/flows/exchange-token.ts';
import { openIssuerKeys } from '../../src/issuers/held-keys.ts';
import { openOutbound } from '../../src/issuers/outbound/open.ts';
import { ISSUER_DEFAULTS, type TrustedIssuer } from '../../src/issuers/trusted-issuer.ts';
import type { Definition, PolicyDocument } from '../../src/policy/policy.ts';
import { makeProvider } from '../../src/provider/live.ts';
import { openRunsBehindTokens } from '../../src/runs/behind-token.ts';
import type { Store } from '../../src/store/store.ts';
import { type LogFields, silentLog } from '../../src/system.ts';
import { realRandom } from '../clock.ts';
import { ACME, makeWorld } from './world.ts';

export const ISSUER = 'https://ci.example.com';
const KEYS = await generateKeyPair('RS256', { extractable: true });
const JWK = { ...(await exportJWK(KEYS.publicKey)), kid: 'ci-1', alg: 'RS256', use: 'sig' };
const EC_KEYS = await generateKeyPair('ES256', { extractable: true });
const EC_JWK = { ...(await exportJWK(EC_KEYS.publicKey)), kid: 'ci-2', alg: 'ES256', use: 'sig' };
/** Another key of the trusted issuer: no two of its signatures are alike, also over the same content. */
export const BY_EC_KEY = { key: EC_KEYS.privateKey, header: { alg: 'ES256', kid: 'ci-2' } };
/** The public keys of the trusted issuer, as an administrator uploads them. */
export const JWKS = { keys: [JWK, EC_JWK] };
/** Signs what the trusted issuer has never signed. */
export const FORGER = (await generateKeyPair('RS256')).privateKey;

/** What a job of GitHub Actions says, in short. */
export const CLAIMS = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  aud: 'urn:pulumi:org:acme',
  repository: 'acme/app',
  repository_id: '4711',
  ref: 'refs/heads/main',
  email: 'ada@example.com',
} as const;

export const MAIN: Definition = {
  decision: 'allow',
  tokenType: 'organization',
  authorizedPermissions: [],
  rules: { repository: 'acme/app', ref: 'refs/heads/main' },
};

export const QUESTION: Omit<ExchangeQuestion, 'subjectToken'> = {
  organization: 'acme',
  tokenType: 'organization',
  admin: false,
  scope: '',
  requestedTokenType: `${TOKEN_TYPE_PREFIX}organization`,
};

export const WITH_TEAM: Organization = { ...ACME, teams: [{ name: 'ops', members: ['carol'], roles: ['deployer'] }] };

/** How a token is made: what is not said is as in an exchange that is accepted. */
export interface TokenWish {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, string>>;
  readonly key?: CryptoKey | Uint8Array;
}

/** A token of the trusted issuer, five minutes long. */
export const makeToken = (now: number, { claims = {}, header = {}, key = KEYS.privateKey }: TokenWish = {}) => {
  const all = { iss: ISSUER, ...CLAIMS, iat: now, exp: now + 300, ...claims } as JWTPayload;
  return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'ci-1', typ: 'JWT', ...header }).sign(key);
};

/** A trusted issuer of `acme` with uploaded keys and one policy. */
export const makeTrustedIssuer = (
  now: number,
  issuer: Partial<TrustedIssuer> = {},
  document: Partial<PolicyDocument> = {},
): TrustedIssuer => ({
  ...ISSUER_DEFAULTS,
  id: realRandom.uuid(),
  organization: 'acme',
  name: 'ci',
  url: ISSUER,
  issuer: ISSUER,
  thumbprints: [],
  jwks: JWKS,
  created: now,
  modified: now,
  declared: false,
  policy: {
    id: realRandom.uuid(),
    version: 1,
    created: now,
    modified: now,
    document: { dialect: 'strict', mode: 'enforce', policies: [MAIN], ...document },
  },
  ...issuer,
});

interface WorldWish {
  readonly issuer?: Partial<TrustedIssuer>;
  readonly document?: Partial<PolicyDocument>;
  readonly wrap?: (store: Store) => Store;
}

/** An installation on a memory store whose organization `acme` trusts one issuer, with a token that is accepted. */
export const makeExchangeWorld = async (wish: WorldWish = {}) => {
  const writes: string[] = [];
  const runWorld = makeWorld((store) => recordWrites((wish.wrap ?? ((same) => same))(store), writes));
  const { clock, store } = runWorld;
  const organizations = new Map([['acme', WITH_TEAM]]);
  const events: AuditEvent[] = [];
  const logged: { readonly message: string; readonly fields?: LogFields }[] = [];
  const exchanged: string[] = [];
  const fetched: string[] = [];
  const state = { auditFails: false };
  const audit: AuditLog = {
    async record(event) {
      if (state.auditFails) throw new Error('the audit log is full');
      events.push(event);
    },
  };
  const log = {
    ...silentLog,
    info: (message: string, fields?: LogFields) => void logged.push({ message, ...(fields && { fields }) }),
  };
  const system = { clock, random: realRandom, log };
  const issuers = { v1: runWorld.v1, v2: runWorld.v2 };
  const lifetimes = { defaultLifetime: 7200, maxLifetime: 90 * 86_400 };
  const trust = openTrustRecords(
    store,
    system,
    {
      retention: { finishedRuns: 90 * 86_400, decisions: 30 * 86_400, audit: 400 * 86_400 },
      exchange: { refusalsPerMinute: 600, recordedRefusalsPerMinute: 120, personalClaims: [] },
    },
    { current: () => organizations },
  );
  const provider = makeProvider({
    settings: { issuers: issuers as never, accessTokens: lifetimes },
    store,
    system,
    organizations: () => organizations,
    stands: standsBehind(trust, runWorld.parts.runs),
  });
  const outbound = openOutbound({});
  const keys = openIssuerKeys({
    clock,
    outbound: {
      ...outbound,
      getJson(url, permissions) {
        fetched.push(url);
        return outbound.getJson(url, permissions);
      },
    },
    own: new Map(),
    hosts: () => [],
    unknownKey: () => undefined,
  });
  const { runBehind } = openRunsBehindTokens({
    ...runWorld.parts,
    organization: (name) => organizations.get(name),
    issuers,
    claimNamespace: 'https://pulumi.com/',
  });
  const parts: ExchangeParts = {
    clock,
    log,
    audit,
    ...trust,
    keys,
    accessTokens: provider.accessTokens,
    organization: (name) => organizations.get(name),
    runBehind,
    limits: lifetimes,
    personalClaims: new Set(['email']),
    exchanged: (outcome, code) => void exchanged.push(code ?? outcome),
  };

  const trusted = makeTrustedIssuer(clock.seconds, wish.issuer, wish.document);
  assert.equal(await trust.issuers.create(trusted), 'created');
  const token = (what?: TokenWish): Promise<string> => makeToken(clock.seconds, what);
  const exchange = async (
    question: Partial<ExchangeQuestion> = {},
    caller?: { readonly clientOrganization?: string },
  ) => exchangeToken(parts, { ...QUESTION, subjectToken: await token(), ...question }, caller);
  /** Exchanges and gives the refusal that it must end with. */
  const refused = async (...asked: Parameters<typeof exchange>): Promise<Refusal> => {
    const reason = await exchange(...asked).then(
      () => assert.fail('the exchange was granted'),
      (caught: unknown) => caught,
    );
    assert.ok(reason instanceof Refusal, String(reason instanceof Error ? reason.stack : reason));
    assert.equal(reason.code, 'exchange_refused');
    return reason;
  };
  const decision = (id: unknown) => trust.decisions.get('acme', String(id));
  /** The code that an administrator reads, and the one that the metrics count. */
  const refusalOf = async (...asked: Parameters<typeof exchange>): Promise<DecisionCode | undefined> => {
    const { detail } = await refused(...asked);
    const recorded = await decision(detail['decision']);
    assert.equal(recorded?.code, exchanged.at(-1));
    return recorded?.code;
  };
  /** Writes another policy document over the one in force. */
  const setPolicies = async (policies: readonly Definition[], more: Partial<PolicyDocument> = {}): Promise<void> => {
    const before = await trust.issuers.get('acme', trusted.id);
    assert.ok(before);
    const { policy } = before;
    const next = { ...policy, version: policy.version + 1, document: { ...policy.document, ...more, policies } };
    assert.equal(await trust.issuers.replace(before, { ...before, policy: next }), 'replaced');
  };
  const holderOf = (text: { readonly token: { reveal(): string } }) =>
    provider.accessTokens.holderOf(text.token.reveal());
  return {
    ...runWorld,
    ...{ parts, runParts: runWorld.parts, organizations, events, logged, exchanged, fetched, state, writes, trusted },
    ...{ token, exchange, refused, refusalOf, decision, setPolicies, holderOf, provider },
  };
};

export type ExchangeWorld = Awaited<ReturnType<typeof makeExchangeWorld>>;

const WRITES = ['put', 'create', 'replace', 'delete', 'increment', 'append', 'add', 'remove', 'trim'] as const;

/** The store, with every call that may change something noted as `<method> <key>`. */
const recordWrites = (store: Store, writes: string[]): Store => {
  const noted = WRITES.map((method) => [
    method,
    (key: string, ...rest: unknown[]) => {
      writes.push(`${method} ${key}`);
      return (store[method] as (...all: unknown[]) => unknown)(key, ...rest);
    },
  ]);
  return { ...store, ...Object.fromEntries(noted) };
};
