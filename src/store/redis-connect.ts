import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { StoreSettings } from '../settings/settings.ts';

export type RedisSettings = Extract<StoreSettings, { kind: 'redis' }>;
export type RedisClient = Redis | Cluster;

/** Replies after which the same connection would only fail again: it leads to a server that is not the master now. */
const WRONG_SERVER = ['READONLY', 'LOADING', 'MASTERDOWN'];

/** Milliseconds until the next attempt: 50, doubling up to half a second, spread so that replicas do not march in step. */
const retryAfterMs = (attempt: number): number => {
  const delay = Math.min(50 * 2 ** (attempt - 1), 500);
  return delay + ((attempt * 37) % 50);
};

/**
 * Connects to Redis as the store needs it: a call is answered or refused, never queued, never repeated behind our back.
 *
 * Starts connecting at once and goes on for ever; listen to `ready` and `error`. Never reads from a replica.
 */
export const connectRedis = (settings: RedisSettings, timeoutMs: number): RedisClient => {
  const common = commonOptions(settings, timeoutMs);
  if (settings.topology === 'cluster') {
    return new Cluster([...settings.nodes], { ...clusterOptions(settings), redisOptions: common });
  }
  const options = {
    ...common,
    db: settings.database,
    enableOfflineQueue: false,
    retryStrategy: retryAfterMs,
  };
  if (settings.topology === 'single') return new Redis({ ...options, ...settings.nodes[0] });
  return new Redis({
    ...options,
    sentinels: [...settings.nodes],
    ...(settings.masterName === undefined ? {} : { name: settings.masterName }),
    role: 'master',
    failoverDetector: true,
    sentinelRetryStrategy: retryAfterMs,
    sentinelCommandTimeout: 1_000,
    ...(common.tls === undefined ? {} : { sentinelTLS: common.tls, enableTLSForSentinelMode: true }),
  });
};

const commonOptions = (settings: RedisSettings, timeoutMs: number) =>
  ({
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password.reveal() }),
    ...(settings.tls ? { tls: settings.ca === undefined ? {} : { ca: settings.ca } } : {}),
    connectionName: 'runpass',
    // Our own deadline comes first; this one is for what the library asks by itself.
    commandTimeout: 2 * timeoutMs,
    connectTimeout: 1_000,
    socketTimeout: 2_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    reconnectOnError: (error: Error) => WRONG_SERVER.some((word) => error.message.startsWith(word)),
  }) satisfies RedisOptions;

const clusterOptions = (settings: RedisSettings) =>
  ({
    scaleReads: 'master',
    enableOfflineQueue: false,
    clusterRetryStrategy: retryAfterMs,
    clusterNodeRetryStrategy: retryAfterMs,
    retryDelayOnFailover: 100,
    maxRedirections: 16,
    slotsRefreshTimeout: 1_000,
    slotsRefreshInterval: 2_000,
    // A certificate names hosts: with addresses in their place it could not be checked.
    ...(settings.tls
      ? { dnsLookup: (host: string, callback: (error: null, address: string) => void) => callback(null, host) }
      : {}),
  }) satisfies ClusterOptions;
