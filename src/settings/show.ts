import { stringify } from 'yaml';
import type { IssuerSettings, Settings, StoreSettings } from './settings.ts';

/**
 * The effective settings as YAML in the shape of the settings file, with every default and path written out.
 *
 * Loading it again gives the same settings, except for a password of Redis, which is never shown.
 */
export const showSettings = (settings: Settings): string => {
  const { file, issuers, store, ...others } = settings;
  const { backend, ...limits } = store;
  const shown = {
    ...others,
    store: { ...storeSection(backend), ...limits },
    issuers: { v1: issuerSection(issuers.v1), v2: issuerSection(issuers.v2) },
  };
  return `# Effective settings: ${file}, variables and defaults.\n${stringify(shown, { lineWidth: 0 })}`;
};

const issuerSection = ({ alg, defaultLifetime, timing }: IssuerSettings) => ({ alg, defaultLifetime, keys: timing });

const storeSection = (store: StoreSettings) => {
  if (store.kind === 'memory') return { url: 'memory:' };
  if (store.kind === 'sqlite') return { url: `sqlite:${store.path}` };
  const { passwordFile, caFile, keyPrefix } = store;
  return { url: redisUrl(store), ...(passwordFile && { passwordFile }), ...(caFile && { caFile }), keyPrefix };
};

const redisUrl = (store: Extract<StoreSettings, { kind: 'redis' }>): string => {
  const scheme = { single: store.tls ? 'rediss' : 'redis', sentinel: 'redis+sentinel', cluster: 'redis+cluster' };
  const hidden = store.password && !store.passwordFile ? ':[secret]' : '';
  const user =
    store.username === undefined && hidden === '' ? '' : `${encodeURIComponent(store.username ?? '')}${hidden}@`;
  const [first, ...more] = store.nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  const path = [
    ...(store.masterName === undefined ? [] : [store.masterName]),
    ...(store.database > 0 ? [store.database] : []),
  ];
  const query = [
    ...more.map((node) => `node=${node}`),
    ...(store.tls && store.topology !== 'single' ? ['tls=true'] : []),
  ];
  return `${scheme[store.topology]}://${user}${first}${path.map((part) => `/${part}`).join('')}${query.length > 0 ? `?${query.join('&')}` : ''}`;
};
