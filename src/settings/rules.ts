import { BlockList, isIP } from 'node:net';
import { LOGIN_PROVIDERS } from '../access/login-providers.ts';
import { problemWithName } from '../access/names.ts';
import type { Finding } from '../documents.ts';
import { checkTiming, type Timing } from '../keys/timing.ts';
import type { IssuerName, Settings } from './settings.ts';
import type { SettingsFile } from './shape.ts';
import type { StoreAddress, StoreAddressReading } from './store-url.ts';

/** Settings with every default filled in, before the rules between the fields have spoken. */
export interface Draft extends Omit<Settings, 'file' | 'store'> {
  readonly store: Omit<Settings['store'], 'backend'> & {
    readonly address: StoreAddressReading;
    readonly keyPrefix: string;
    readonly passwordFile?: string;
    readonly caFile?: string;
  };
  /** What the file says itself: to report a time where it was written. */
  readonly written: SettingsFile;
}

/** Everything that is wrong between the fields, each rule on its own; the order means nothing. */
export const findRuleProblems = (draft: Draft): readonly Finding[] => [
  ...publicUrl(draft.url),
  ...trustedProxies(draft.http.trustedProxies),
  ...store(draft.store),
  ...(['v1', 'v2'] as const).flatMap((name) => issuer(draft, name)),
  ...audiences(draft.organizations),
  ...issuerHosts(draft.organizations),
  ...lifetimes(draft),
  ...retention(draft.retention),
];

/** May tokens travel to this host without TLS? Only when they do not leave the machine. */
export const isLoopbackHost = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || LOOPBACK.check(hostname);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);

/** Longest `iss` that all verifiers take. OpenID Connect Discovery sets no bound, clouds do. */
const MAX_ISSUER = 255;

/**
 * Is this a public URL whose every byte can stand in `iss`?
 *
 * It must be what a URL parser makes of it: verifiers compare issuers as text, never as URLs.
 */
const publicUrl = (text: string): readonly Finding[] => {
  const wrong = (problem: string, suggestion: string): readonly Finding[] => [{ at: ['url'], problem, suggestion }];
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return wrong('is not an https URL', 'write one such as https://runpass.example.com');
  }
  const clean = `write ${url.origin}`;
  if (url.username !== '' || url.password !== '') return wrong('holds a user or password', clean);
  if (text.includes('?')) return wrong('has a query', clean);
  if (text.includes('#')) return wrong('has a fragment', clean);
  if (text.endsWith('/')) return wrong('ends with a slash', clean);
  if (url.pathname !== '/') return wrong('has a path, and Runpass needs a host name of its own', clean);
  if (/[A-Z]/.test(text)) return wrong('has upper-case letters', clean);
  if (url.origin !== text) return wrong('is not in its plain form', clean);
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return wrong(
      'is http: on a host that is not this machine, so tokens would travel unprotected',
      `write https://${url.host} and put a TLS proxy in front (http: only for localhost, 127.0.0.0/8 and [::1])`,
    );
  }
  if (`${text}/oidc/v2`.length > MAX_ISSUER) {
    return wrong(`makes issuers of more than ${MAX_ISSUER} characters`, 'write a shorter host name');
  }
  return [];
};

const trustedProxies = (ranges: readonly string[]): readonly Finding[] =>
  ranges.flatMap((range, index) => {
    const [address = '', prefix, ...more] = range.split('/');
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const sound = more.length === 0 && bits > 0 && /^\d{1,3}$/.test(prefix ?? '') && Number(prefix) <= bits;
    const suggestion = 'write an address or range such as 10.0.0.0/8';
    return sound ? [] : [{ at: ['http', 'trustedProxies', index], problem: 'is not an address range', suggestion }];
  });

const store = ({ address: reading, passwordFile, caFile, replicas }: Draft['store']): readonly Finding[] => {
  if ('problem' in reading) return [{ at: ['store', 'url'], ...reading }];
  const { address } = reading;
  const findings: Finding[] = [];
  const wrong = (field: string, problem: string, suggestion = 'leave it out'): void => {
    findings.push({ at: ['store', field], problem, suggestion });
  };
  const isRedis = address.kind === 'redis';
  if (passwordFile !== undefined && !isRedis) wrong('passwordFile', 'is for Redis only');
  if (passwordFile !== undefined && isRedis && address.password) {
    wrong('passwordFile', 'stands beside a password in the store URL', 'leave one of them out');
  }
  if (caFile !== undefined && !usesTls(address)) {
    wrong('caFile', 'is for a Redis with TLS only', 'write a rediss: URL, or "tls=true", or leave it out');
  }
  if (replicas > 0 && !isRedis) wrong('replicas', `is ${replicas}, and only Redis has replicas`, 'write 0');
  return findings;
};

const usesTls = (address: StoreAddress): boolean => address.kind === 'redis' && address.tls;

const issuer = (draft: Draft, name: IssuerName): readonly Finding[] => {
  const { timing, defaultLifetime } = draft.issuers[name];
  const own = draft.written.issuers?.[name]?.keys ?? {};
  const place = (field: keyof Timing): Finding['at'] =>
    Object.hasOwn(own, field) ? ['issuers', name, 'keys', field] : ['keys', field];
  const findings: Finding[] = checkTiming(timing).map(({ field, problem }) => ({
    at: place(field),
    problem: `is ${timing[field]}`,
    suggestion: problem,
  }));
  if (defaultLifetime > timing.maxLifetime) {
    findings.push({
      at: ['issuers', name, 'defaultLifetime'],
      problem: `is ${defaultLifetime}, longer than ${place('maxLifetime').join('.')}, which is ${timing.maxLifetime}`,
      suggestion: `write ${timing.maxLifetime} or less`,
    });
  }
  return findings;
};

/** Audiences of other issuers of ours: a token for one of them must never be had from v1 by asking. */
const ENVIRONMENT_AUDIENCES = LOGIN_PROVIDERS.map((provider) => `${provider}:`);

/**
 * Audiences that may be chosen on v1 beside the default one.
 *
 * Trust policies tell organizations apart by v1's `aud`, so no list may hold what is, or could become, the default
 * audience of an organization or an environment. The other half of the rule is `reservedNames`.
 */
const audiences = (organizations: Draft['organizations']): readonly Finding[] =>
  Object.entries(organizations).flatMap(([name, { audiences: listed }]) =>
    listed.flatMap((audience, index) => {
      const at = ['organizations', name, 'audiences', index];
      const prefix = ENVIRONMENT_AUDIENCES.find((start) => audience.startsWith(start));
      if (prefix !== undefined) {
        const problem = `begins with "${prefix}", which is the default audience of environments`;
        return [{ at, problem, suggestion: 'leave it out, or ask the v2 issuer for it' }];
      }
      if (Object.hasOwn(organizations, audience)) {
        const problem = 'is the name of an organization, whose own default audience it is';
        return [{ at, problem, suggestion: 'leave it out, or ask the v2 issuer for it' }];
      }
      if (Buffer.byteLength(audience) > 512 || /\p{Cc}/u.test(audience)) {
        return [
          { at, problem: 'cannot be an audience', suggestion: 'write 1 to 512 bytes without control characters' },
        ];
      }
      return [];
    }),
  );

/** A host is compared as text with what a URL parser makes of an issuer's URL, so it must be what that makes of it. */
const issuerHosts = (organizations: Draft['organizations']): readonly Finding[] =>
  Object.entries(organizations).flatMap(([name, { issuerHosts: listed }]) =>
    listed.flatMap((host, index) => {
      const at = ['organizations', name, 'issuerHosts', index];
      const plain = URL.parse(`https://${host}`)?.hostname;
      if (plain === undefined) {
        return [{ at, problem: 'is not a host', suggestion: 'write a host name or address, and a port up to 65535' }];
      }
      if (host.replace(/:\d+$/, '') === plain) return [];
      return [{ at, problem: 'is not in its plain form', suggestion: `write ${plain}` }];
    }),
  );

/** Names that no organization may take, because they are audiences on v1: an organization's name is its default audience. */
export const reservedNames = ({ organizations }: Pick<Settings, 'organizations'>): ReadonlySet<string> =>
  new Set(
    Object.values(organizations)
      .flatMap((organization) => organization.audiences)
      .filter((audience) => problemWithName('organization', audience) === undefined),
  );

const lifetimes = ({ runs, accessTokens }: Draft): readonly Finding[] => [
  ...atMost(['runs', 'defaultDeadline'], runs.defaultDeadline, 'runs.maxDuration', runs.maxDuration),
  ...atMost(
    ['accessTokens', 'defaultLifetime'],
    accessTokens.defaultLifetime,
    'accessTokens.maxLifetime',
    accessTokens.maxLifetime,
  ),
];

/** The audit log is the last to forget: it must still answer for every run and decision that can be looked up. */
const retention = ({ finishedRuns, decisions, audit }: Draft['retention']): readonly Finding[] => [
  ...atMost(['retention', 'finishedRuns'], finishedRuns, 'retention.audit', audit),
  ...atMost(['retention', 'decisions'], decisions, 'retention.audit', audit),
];

const atMost = (at: Finding['at'], value: number, other: string, limit: number): readonly Finding[] =>
  value <= limit
    ? []
    : [{ at, problem: `is ${value}, more than ${other}, which is ${limit}`, suggestion: `write ${limit} or less` }];
