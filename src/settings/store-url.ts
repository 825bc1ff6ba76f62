import { Secret } from '../secret.ts';
import type { StoreSettings } from './settings.ts';

/** What a store URL says; paths as written. */
export type StoreAddress =
  | Exclude<StoreSettings, RedisSettings>
  | Omit<RedisSettings, 'passwordFile' | 'ca' | 'caFile' | 'keyPrefix'>;

type RedisSettings = Extract<StoreSettings, { readonly kind: 'redis' }>;

export type StoreAddressReading =
  | { readonly address: StoreAddress }
  | { readonly problem: string; readonly suggestion: string };

const TOPOLOGIES = {
  'redis:': { topology: 'single', port: 6379, form: 'redis://user:password@host:6379/0' },
  'rediss:': { topology: 'single', port: 6379, form: 'rediss://user:password@host:6379/0' },
  'redis+sentinel:': {
    topology: 'sentinel',
    port: 26_379,
    form: 'redis+sentinel://user:password@host:26379/master?node=host:26379&tls=true',
  },
  'redis+cluster:': {
    topology: 'cluster',
    port: 6379,
    form: 'redis+cluster://user:password@host:7000?node=host:7001&tls=true',
  },
} as const;

const ALL_FORMS = 'write sqlite:PATH, memory:, redis://…, rediss://…, redis+sentinel://… or redis+cluster://…';
/** User, password, host with port, and what follows. RFC 3986, section 3.2. */
const AUTHORITY = /^\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]*)([/?#][\s\S]*)?$/;
const MAX_DATABASE = 65_535;

/**
 * Reads a store URL. Never throws, and never quotes the URL: it may hold a password.
 *
 * `node` and `tls` are parameters of Sentinel and Cluster URLs only; user and password are percent-decoded.
 */
export const readStoreUrl = (text: string): StoreAddressReading => {
  if (text === 'memory:') return { address: { kind: 'memory' } };
  if (text.startsWith('memory:'))
    return { problem: 'says more than a memory store needs', suggestion: 'write memory:' };
  if (text.startsWith('sqlite:')) return sqlite(text.slice('sqlite:'.length));
  const protocol = /^[a-z+]+:(?=\/\/)/.exec(text)?.[0] ?? '';
  if (!Object.hasOwn(TOPOLOGIES, protocol))
    return { problem: 'is not a store that Runpass knows', suggestion: ALL_FORMS };
  return redis(text, protocol as keyof typeof TOPOLOGIES);
};

const sqlite = (path: string): StoreAddressReading => {
  if (path === '' || path.includes('\0')) return { problem: 'names no file', suggestion: 'write sqlite:PATH' };
  if (path === ':memory:') return { problem: 'keeps nothing', suggestion: 'write memory: if you mean that' };
  if (path.startsWith('//')) {
    return {
      problem: 'has slashes that are not part of the path',
      suggestion: 'write sqlite:PATH, as in sqlite:data/runpass.db',
    };
  }
  return { address: { kind: 'sqlite', path } };
};

const redis = (text: string, protocol: keyof typeof TOPOLOGIES): StoreAddressReading => {
  const { topology, port, form } = TOPOLOGIES[protocol];
  const wrong = (problem: string): StoreAddressReading => ({ problem, suggestion: `write it as ${form}` });
  // By hand, because a URL parser takes a host that ends in a number for an IPv4 address.
  const [, user = '', secret = '', written = '', rest = ''] = AUTHORITY.exec(text.slice(protocol.length)) ?? [];
  const url = URL.parse(`http://host${rest}`);
  const first = readNode(written, port);
  if (!url || !first) return wrong('has no usable host and port');
  if (url.hash !== '') return wrong('has a part after "#"; a "#" in a password is written %23');
  const username = decoded(user);
  const password = decoded(secret);
  if (username === undefined || password === undefined) {
    return wrong('has a "%" in user or password that is not written %25');
  }

  const nodes = [first];
  let tls = protocol === 'rediss:';
  for (const [name, value] of url.searchParams) {
    if (topology === 'single') return wrong('has a part after "?", which this form does not know');
    if (name === 'node') {
      const node = readNode(value, port);
      if (!node) return wrong('has a "node" that is not host:port');
      nodes.push(node);
    } else if (name === 'tls' && (value === 'true' || value === 'false')) {
      tls = value === 'true';
    } else {
      return wrong('has a parameter other than "node=host:port" and "tls=true"');
    }
  }

  const path = url.pathname.split('/').slice(1);
  const masterName = topology === 'sentinel' ? path.shift() : undefined;
  if (topology === 'sentinel' && !/^[A-Za-z0-9._-]{1,100}$/.test(masterName ?? '')) {
    return wrong('does not name its master after the host');
  }
  const [number = '', ...more] = path;
  if (more.length > 0 || !/^\d*$/.test(number) || Number(number) > MAX_DATABASE)
    return wrong('has a database that is not a number');
  if (topology === 'cluster' && Number(number) !== 0) return wrong('names a database, and a cluster has only one');
  return {
    address: {
      kind: 'redis',
      topology,
      nodes,
      ...(masterName !== undefined && { masterName }),
      ...(username !== '' && { username }),
      ...(password !== '' && { password: new Secret(password) }),
      database: Number(number),
      tls,
    },
  };
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** `host`, `host:port`, `[address]` or `[address]:port`. */
const readNode = (text: string, defaultPort: number): { readonly host: string; readonly port: number } | undefined => {
  const match = /^(?:([A-Za-z0-9._-]{1,253})|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
};
