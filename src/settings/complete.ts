import { resolve } from 'node:path';
import type { Timing } from '../keys/timing.ts';
import { DEFAULTS } from './defaults.ts';
import { type Draft, isLoopbackHost } from './rules.ts';
import type { IssuerName, IssuerSettings } from './settings.ts';
import type { SettingsFile } from './shape.ts';
import { readStoreUrl, type StoreAddressReading } from './store-url.ts';

/** The folders that relative paths start from: the project for the file, the working directory for variables. */
export interface Roots {
  readonly project: string;
  readonly cwd: string;
}

/**
 * Puts variables over the file and the file over the defaults, and makes every path absolute.
 *
 * Checks nothing: what comes out is for the rules to judge.
 */
export const completeSettings = (file: SettingsFile, variables: SettingsFile, { project, cwd }: Roots): Draft => {
  const path = (variable: string | undefined, written: string | undefined, otherwise: string): string =>
    variable === undefined ? resolve(project, written ?? otherwise) : resolve(cwd, variable);
  const folders = {
    keys: path(variables.folders?.keys, file.folders?.keys, DEFAULTS.folders.keys),
    data: path(variables.folders?.data, file.folders?.data, DEFAULTS.folders.data),
    organizations: path(undefined, file.folders?.organizations, DEFAULTS.folders.organizations),
    environments: path(undefined, file.folders?.environments, DEFAULTS.folders.environments),
  };
  const url = variables.url ?? file.url ?? DEFAULTS.url;
  const door = defaultDoor(url);
  const timing: Timing = { ...DEFAULTS.keys, ...file.keys };
  const { url: storeUrl, passwordFile, caFile, ...store } = file.store ?? {};
  return {
    url,
    folders,
    http: {
      host: variables.http?.host ?? file.http?.host ?? door.host,
      port: variables.http?.port ?? file.http?.port ?? door.port,
      trustedProxies: (file.http?.trustedProxies ?? DEFAULTS.http.trustedProxies).map(asRange),
      refusalsPerMinute: file.http?.refusalsPerMinute ?? DEFAULTS.http.refusalsPerMinute,
      drainSeconds: file.http?.drainSeconds ?? DEFAULTS.http.drainSeconds,
    },
    log: { level: variables.log?.level ?? file.log?.level ?? DEFAULTS.log.level },
    store: {
      timeoutMs: DEFAULTS.store.timeoutMs,
      acceptVolatile: DEFAULTS.store.acceptVolatile,
      replicas: DEFAULTS.store.replicas,
      keyPrefix: DEFAULTS.store.keyPrefix,
      ...store,
      address: storeAddress(variables.store?.url, storeUrl, folders.data, { project, cwd }),
      ...(passwordFile !== undefined && { passwordFile: resolve(project, passwordFile) }),
      ...(caFile !== undefined && { caFile: resolve(project, caFile) }),
    },
    issuers: { v1: issuer('v1', `${url}/oidc`, file, timing), v2: issuer('v2', `${url}/oidc/v2`, file, timing) },
    subjectPrefix: file.subjectPrefix ?? DEFAULTS.subjectPrefix,
    claimNamespace: file.claimNamespace ?? DEFAULTS.claimNamespace,
    organizations: Object.fromEntries(
      Object.entries(file.organizations ?? {}).map(([name, { audiences = [], issuerHosts = [] }]) => [
        name,
        { audiences, issuerHosts },
      ]),
    ),
    exchange: { ...DEFAULTS.exchange, ...file.exchange },
    environments: { ...DEFAULTS.environments, ...file.environments },
    clouds: { endpoints: { ...DEFAULTS.clouds.endpoints, ...file.clouds?.endpoints } },
    trust: { ...DEFAULTS.trust, ...file.trust },
    runs: { ...DEFAULTS.runs, ...file.runs },
    accessTokens: { ...DEFAULTS.accessTokens, ...file.accessTokens },
    retention: { ...DEFAULTS.retention, ...file.retention },
    written: file,
  };
};

/** Without TLS the server is for this machine only, at the very address of its URL; with TLS it stands behind a proxy. */
const defaultDoor = (text: string): { readonly host: string; readonly port: number } => {
  const url = URL.parse(text);
  if (url?.protocol !== 'http:' || !isLoopbackHost(url.hostname)) return DEFAULTS.http;
  const host = url.hostname === 'localhost' ? '127.0.0.1' : url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: url.port === '' ? 80 : Number(url.port) };
};

const asRange = (text: string): string => {
  if (text.includes('/')) return text;
  return text.includes(':') ? `${text}/128` : `${text}/32`;
};

const storeAddress = (
  variable: string | undefined,
  written: string | undefined,
  data: string,
  { project, cwd }: Roots,
): StoreAddressReading => {
  const text = variable ?? written;
  if (text === undefined) return { address: { kind: 'sqlite', path: resolve(data, DEFAULTS.store.file) } };
  const reading = readStoreUrl(text);
  if ('problem' in reading || reading.address.kind !== 'sqlite') return reading;
  const path = resolve(variable === undefined ? project : cwd, reading.address.path);
  return { address: { kind: 'sqlite', path } };
};

const issuer = (name: IssuerName, url: string, file: SettingsFile, shared: Timing): IssuerSettings => {
  const written = file.issuers?.[name];
  return {
    name,
    url,
    alg: written?.alg ?? DEFAULTS.issuers[name].alg,
    defaultLifetime: written?.defaultLifetime ?? DEFAULTS.issuers[name].defaultLifetime,
    timing: { ...shared, ...written?.keys },
  };
};
